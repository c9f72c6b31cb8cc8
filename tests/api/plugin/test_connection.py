"""The test of the plugin's connection, clocks that are wrong, and what the plugin says of itself."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import deliveries
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System

BASE = "/api/integrations/woocommerce"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"
EVENT = {"event_id": "evt", "event_type": "product.updated", "product": {"id": 5, "name": "کیف"}}


async def test_health_says_what_the_plugin_may_use(system: System, shop: Shop) -> None:
    """The time of the server, the limits of a batch, the features, and how many products search knows."""
    await shop.sync({"id": 1, "name": "چراغ"})
    await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    shown = (await shop.http.get(f"{BASE}/health/", headers=shop.headers)).json()
    assert abs(datetime.fromisoformat(shown["server_time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert shown["limits"] == {"batch_items": 100, "batch_bytes": system.settings.max_body_bytes}
    assert shown["features"] == ["batch", "states", "explain", "search", "lifecycle"]
    assert shown["products"] == {"known": 1, "hidden": 1, "waiting": 0, "failed": 0}


@pytest.mark.parametrize("age", [1200.0, -1200.0], ids=["behind", "ahead of"])
@pytest.mark.parametrize("path", ["woocommerce/webhook/", "woocommerce/batch/", "custom/webhook/{store}/"])
async def test_a_wrong_clock_is_named(system: System, age: float, path: str) -> None:
    """The 401 has both times and their difference, for the plugin and for shops that sign by the standard."""
    custom = "custom" if path.startswith("custom") else "woocommerce"
    shop = await system.shop(webhook_secret=SECRET, store_type=custom)
    sent = deliveries.custom({**EVENT, "events": [EVENT]}, SECRET, age=age)
    address = f"/api/integrations/{path}".format(store=shop.store_id)
    headers = {**sent.headers, **(shop.headers if custom != "custom" else {})}
    answer = await shop.http.post(address, content=sent.body, headers=headers)
    shown = answer.json()
    assert (answer.status_code, shown["error"]) == (401, "Clock skew")
    apart = datetime.fromisoformat(shown["server_time"]) - datetime.fromisoformat(shown["sent_time"])
    assert abs(apart.total_seconds() - age) < 60
    assert shown["server_time"] in shown["detail"]
    assert shown["sent_time"] in shown["detail"]
    assert ("behind" if age > 0 else "ahead of") in shown["detail"]
    other = await shop.http.post(address, content=sent.body + b" ", headers=headers)
    assert (other.status_code, other.json()) == (401, {"detail": "Invalid signature"})


async def test_the_store_shows_what_happened_to_its_plugin(system: System, shop: Shop) -> None:
    """The last event, the version, and the time of its arrival."""
    admin = await session(system, "plugin-admin@example.com", is_staff=True)
    store = f"/api/v1/integrations/stores/{shop.store_id}/"
    assert (await shop.http.get(store, headers=admin)).json()["plugin"] is None
    for event in ("activated", "deactivated"):
        body = {"event": event, "plugin_version": "2.0.0", "at": "2020-01-01T00:00:00Z"}
        answer = await shop.http.post(f"{BASE}/lifecycle/", json=body, headers=shop.headers)
        assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    plugin = (await shop.http.get(store, headers=admin)).json()["plugin"]
    at = datetime.fromisoformat(plugin.pop("at"))
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert plugin == {"state": "deactivated", "version": "2.0.0"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"event": "exploded"}, "event"),
        ({}, "event"),
        ({"event": "activated", "plugin_version": "<b>"}, "plugin_version"),
        ({"event": "activated", "plugin_version": "1" * 41}, "plugin_version"),
        ({"event": "activated", "at": "soon"}, "at"),
        ({"event": "activated", "more": 1}, "more"),
    ],
)
async def test_a_wrong_field_of_a_notice_is_named(shop: Shop, body: dict[str, object], field: str) -> None:
    """A 400 in the usual form."""
    answer = await shop.http.post(f"{BASE}/lifecycle/", json=body, headers=shop.headers)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
