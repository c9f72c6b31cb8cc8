"""Requests that need a secret which the API process has no key for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import pytest_asyncio

from api.console.requests.failures import failure
from api.metrics import readiness
from api.security.sessions import Sessions
from contracts.errors import UNKNOWN_KEY, UnknownKey
from crypto import SecretBox
from database.access import provision, stores, users
from fakes.woocommerce import ShopServer
from tests.api.routes.test_store_activity import PUBLIC, connected
from tests.support import deliveries
from tests.support.environment import SECRET_KEY, Configure
from tests.support.sessions import now
from tests.support.shop import Shop
from tests.support.system import System, serving

NEW_KEY = "another key of thirty-two bytes or more"
SECRET = "whsec_" + "a" * 40
LAMP = {"id": 7, "name": "چراغ مطالعه", "date_modified_gmt": "2026-11-20T10:00:00", "status": "publish"}
EVENT = {"event_id": "evt-7", "event_type": "product.updated", "product": {"id": 7, "name": "کیف"}}
LACKS = (503, {"error": "The service lacks a key, so a secret of the store cannot be read"}, "60")


@dataclass
class Lacking:
    """A store, and an API that lacks the key which encrypted its secret."""

    shop: Shop
    system: System

    async def signed(self, secret: str) -> list[tuple[int, object, str | None]]:
        """Returns the answers to a delivery of the shop, and of its plugin, with this signature."""
        own = await self.shop.deliver(deliveries.woocommerce(LAMP, secret))
        sent = deliveries.custom(EVENT, secret)
        plugin = await self.shop.http.post(
            "/api/integrations/woocommerce/webhook/",
            content=sent.body,
            headers={**sent.headers, **self.shop.headers},
        )
        return [(one.status_code, one.json(), one.headers.get("retry-after")) for one in (own, plugin)]


@pytest_asyncio.fixture
async def lacking(system: System, configure: Configure) -> AsyncIterator[Lacking]:
    shop = await system.shop(webhook_secret=SECRET)
    async with serving(configure(secret_key=NEW_KEY, public_url=PUBLIC, allow_private_shops=True)) as http:
        yield Lacking(replace(shop, http=http), system)


async def rotated(lacking: Lacking, secret: str, *keys: str, overlap: timedelta) -> None:
    async with lacking.system.database.transaction() as connection:
        encrypted = SecretBox(keys).encrypt(secret)
        await stores.rotate_secret(connection, lacking.shop.store_id, encrypted, overlap=overlap)


async def test_a_delivery_that_cannot_be_verified_is_a_503(
    lacking: Lacking, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shops send it again; the log says once what to do, readiness says it too. A new secret is enough.

    A delivery with a token and without a signature needs no secret.
    """
    monkeypatch.setattr(readiness, "CHECK_EVERY", 0.0)
    http = lacking.shop.http
    assert UNKNOWN_KEY not in (await http.get("/readyz")).json()["warnings"]
    for _ in range(2):
        assert await lacking.signed(SECRET) == [LACKS, LACKS]
    assert [one.message for one in caplog.records if one.name == "pilito.secrets"] == [UNKNOWN_KEY]
    assert "unexpected error" not in caplog.text
    assert UNKNOWN_KEY in (await http.get("/readyz")).json()["warnings"]
    new = "whsec_" + "b" * 40
    await rotated(lacking, new, NEW_KEY, overlap=timedelta(hours=1))
    try:
        assert [status for status, *_ in await lacking.signed(new)] == [202, 202]
        assert await lacking.signed(SECRET) == [LACKS, LACKS]
    finally:
        await rotated(lacking, new, SECRET_KEY, overlap=timedelta())
    assert (await lacking.shop.send({"id": 8, "name": "میز"})).status_code == 202


async def test_a_store_is_removed_without_the_key_to_its_shop(system: System, configure: Configure) -> None:
    """The response says which webhooks are left in the shop, and why."""
    email = "unknown-key-admin@example.com"
    user_id = await provision.save_user(system.database, email=email, password="p", is_staff=True)
    async with system.database.reading() as connection:
        user = await users.read_user(connection, user_id)
    assert user
    headers = {"Authorization": f"Bearer {Sessions((NEW_KEY,), clock=now).issue(user)}"}
    lacking = configure(secret_key=NEW_KEY, public_url=PUBLIC, allow_private_shops=True)
    with ShopServer() as woo:
        shop, hooks = await connected(system, woo, woo.base_url)
        async with serving(lacking) as http:
            answer = await http.delete(f"/api/v1/integrations/stores/{shop.store_id}/", headers=headers)
        assert woo.seen == []
    assert answer.status_code == 200
    assert [hook["id"] for hook in answer.json()["webhooks_left"]] == [hook.id for hook in hooks]
    assert answer.json()["reason"] == UNKNOWN_KEY


def test_a_page_that_needs_such_a_secret_is_a_503() -> None:
    """As the API's error, with the time to wait."""
    error = failure(UnknownKey())
    assert (error.status_code, error.content, (error.headers or {})["Retry-After"]) == LACKS
