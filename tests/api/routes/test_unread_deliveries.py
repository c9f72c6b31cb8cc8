"""Genuine deliveries that cannot be read are found under their product, and run after an update."""

from collections.abc import Mapping
from typing import Any

import pytest
import pytest_asyncio

from connectors.base import Change
from connectors.bounds import Cuts
from connectors.woocommerce.deliveries import WooCommerceDeliveries
from contracts.errors import InvalidField
from contracts.events import EventType
from database.events import inbox
from fakes.openai import EmbeddingServer
from tests.support import deliveries
from tests.support.deliveries import Sent
from tests.support.eventually import eventually
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System

SECRET = "a-secret-of-letters"
EVENTS = "/api/v1/integrations/events/"
LAMP = {
    "id": 77,
    "name": "چراغ مطالعه",
    "status": "publish",
    "price": "5",
    "date_modified_gmt": "2026-11-20T10:00:00",
}
NEXT = {**LAMP, "price": "9", "date_modified_gmt": "2026-11-20T11:00:00"}
REASON = "The product cannot be read: product.price: is written in a way that is not known yet."

readable = WooCommerceDeliveries.change


def unreadable(
    self: WooCommerceDeliveries,
    event_type: EventType,
    payload: Mapping[str, Any],
    cuts: Cuts | None = None,
) -> Change:
    """Reads products as a version of ours that does not know how 9 is written."""
    if payload.get("price") == "9":
        raise InvalidField("product.price", "is written in a way that is not known yet")
    return readable(self, event_type, payload, cuts)


@pytest_asyncio.fixture
async def woo(system: System, embeddings: EmbeddingServer) -> Shop:
    return await system.shop(webhook_secret=SECRET)


@pytest_asyncio.fixture
async def admin(system: System) -> dict[str, str]:
    return await session(system, "unread@example.com", is_staff=True)


@pytest.fixture
def earlier_version(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Undo it to update."""
    monkeypatch.setattr(WooCommerceDeliveries, "change", unreadable)
    return monkeypatch


async def ignored(shop: Shop, sent: Sent) -> str:
    """Deliver; returns the reason in the answer."""
    answer = await shop.deliver(sent)
    assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
    reason: str = answer.json()["reason"]
    return reason


async def saved(shop: Shop, body: dict[str, Any]) -> str:
    answer = await shop.deliver(deliveries.woocommerce(body, SECRET))
    assert answer.status_code == 202, answer.text
    status: str = (await shop.ended(answer.json()["event_id"]))["status"]
    return status


async def explained(system: System, shop: Shop, external_id: str = "woo_77") -> dict[str, Any]:
    answer = await shop.http.get(
        "/api/v1/web-knowledge/explain/",
        params={"store": shop.store_id, "external_id": external_id},
        headers=await session_of(system, shop.user_id),
    )
    shown: dict[str, Any] = answer.json()
    return shown


async def failed(shop: Shop, admin: dict[str, str]) -> list[dict[str, Any]]:
    """Returns the failed events of the product."""
    asked: dict[str, Any] = {"store": shop.store_id, "external_id": "woo_77", "status": "failed"}
    answer = await shop.http.get(EVENTS, params=asked, headers=admin)
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def until(shop: Shop, event: dict[str, Any], *statuses: str) -> None:
    """Wait for the end of a retry."""
    await eventually(
        lambda: shop.event(event["event_id"]),
        lambda row: row is not None and row["status"] in statuses,
        what=f"{event['event_id']} to be {statuses}",
    )


async def test_it_is_found_under_its_product_and_runs_after_an_update(
    system: System, woo: Shop, admin: dict[str, str], earlier_version: pytest.MonkeyPatch
) -> None:
    """The shop gets a 200; the log, the explanation and the metrics show the field."""
    assert await saved(woo, LAMP) == "succeeded"
    sent = deliveries.woocommerce(NEXT, SECRET)
    for _ in range(2):
        assert await ignored(woo, sent) == REASON
    shown = await explained(system, woo)
    assert (shown["verdict"], shown["last_error"], shown["known"]) == ("failed", REASON, True)
    (event,) = await failed(woo, admin)
    assert (event["reason"], event["redeliveries"], event["workflow_url"]) == (REASON, 1, None)
    whole = (await woo.http.get(f"{EVENTS}{event['id']}/", headers=admin)).json()
    assert whole["payload"] == NEXT
    counted = (await woo.http.get("/metrics")).text
    assert (
        'pilito_events_received_total{result="unread",source="woocommerce",topic="product.updated"}'
        in counted
    )

    still = await woo.http.post(f"{EVENTS}{event['id']}/retry/", headers=admin)
    assert still.status_code == 202
    row = await woo.closed(event["event_id"])
    assert (row["status"], row["reason"]) == ("failed", REASON)

    earlier_version.undo()
    again = await woo.http.post(f"{EVENTS}retry/", json={"store": woo.store_id}, headers=admin)
    assert (again.status_code, again.json()["started"]) == (202, 1)
    await until(woo, event, "unchanged")
    product = await woo.product(77)
    assert product
    assert product["price"] == 9
    assert (await explained(system, woo))["verdict"] == "known"


async def test_a_retry_overwrites_nothing_newer(
    system: System, woo: Shop, admin: dict[str, str], earlier_version: pytest.MonkeyPatch
) -> None:
    """Its place in the order of changes is that of its arrival and its time of change."""
    assert await ignored(woo, deliveries.woocommerce(NEXT, SECRET)) == REASON
    newest = {**LAMP, "price": "12", "date_modified_gmt": "2026-11-20T12:00:00"}
    assert await saved(woo, newest) == "succeeded"
    assert (await explained(system, woo))["verdict"] == "known"
    earlier_version.undo()
    (event,) = await failed(woo, admin)
    await woo.http.post(f"{EVENTS}{event['id']}/retry/", headers=admin)
    await until(woo, event, "stale", "superseded")
    product = await woo.product(77)
    assert product
    assert product["price"] == 12


async def test_the_same_delivery_after_an_update_is_read(
    woo: Shop, earlier_version: pytest.MonkeyPatch
) -> None:
    """The event that failed is no reason to skip it."""
    assert await ignored(woo, deliveries.woocommerce(NEXT, SECRET)) == REASON
    earlier_version.undo()
    answer = await woo.deliver(deliveries.woocommerce(NEXT, SECRET))
    assert answer.status_code == 202
    await until(woo, answer.json(), "succeeded")
    rows = await woo.rows("SELECT id FROM events WHERE store_id = :store")
    assert len(rows) == 1


async def test_a_product_that_was_never_read_is_explained(system: System, woo: Shop) -> None:
    """By the id of a body that is no JSON; its text is kept."""
    body = b'{"id": 78, "name": "Lamp", "price": '
    signed = deliveries.woocommerce({}, SECRET)
    headers = {**signed.headers, "x-wc-webhook-signature": deliveries.hmac_of(SECRET, body)}
    assert await ignored(woo, Sent(headers, body)) == "The delivery cannot be read: body: is not JSON."
    shown = await explained(system, woo, "woo_78")
    assert (shown["verdict"], shown["product"], shown["last_event"]["status"]) == ("failed", None, "failed")
    assert shown["last_error"] == "The delivery cannot be read: body: is not JSON."
    row = await woo.one("SELECT payload FROM events WHERE store_id = :store")
    assert row == {"payload": {"unread": body.decode().strip()}}


async def test_a_variation_that_was_never_read_is_explained_with_its_product(
    system: System, woo: Shop
) -> None:
    """Although nothing but its delivery names it."""
    assert await saved(woo, LAMP) == "succeeded"
    deep: list[Any] = []
    for _ in range(70):
        deep = [deep]
    body = {"id": 79, "type": "variation", "parent_id": 77, "meta_data": deep}
    reason = await ignored(woo, deliveries.woocommerce(body, SECRET))
    assert "nests too deeply" in reason
    for asked in ("woo_77", "woo_79"):
        shown = await explained(system, woo, asked)
        assert (shown["verdict"], shown["last_error"]) == ("failed", reason)
        assert shown["last_event"]["external_id"] == "woo_79"


async def test_without_postgres_its_workflow_holds_it(woo: Shop, earlier_version: pytest.MonkeyPatch) -> None:
    """Durable before it is acknowledged; the run ends with the same reason."""

    async def down(*_: object) -> bool:
        raise OSError

    earlier_version.setattr(inbox, "store_unread", down)
    assert await ignored(woo, deliveries.woocommerce(NEXT, SECRET)) == REASON
    await eventually(
        lambda: woo.one("SELECT status, reason FROM events WHERE store_id = :store"),
        lambda row: row == {"status": "failed", "reason": REASON},
        what="the end of its workflow",
    )
