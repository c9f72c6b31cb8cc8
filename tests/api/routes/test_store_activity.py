"""What a store shows of its shop, and what its removal leaves there."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest_asyncio
from sqlalchemy import text

from contracts.ids import webhook_address
from contracts.webhooks import Webhook, WebhookHealth, WebhookState, WebhookStatus
from database.access import stores
from fakes.woocommerce import KEY, SECRET, ShopServer
from tests.support.environment import Configure
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System, serving

STORES = "/api/v1/integrations/stores/"
PUBLIC = "https://sync.example"
NOWHERE = "http://127.0.0.1:9"


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> dict[str, str]:
    return await session(system, "activity-admin@example.com", is_staff=True)


async def test_a_store_shows_what_arrived(system: System, shop: Shop, admin: dict[str, str]) -> None:
    """Its products, its last event, what waits and since when, and a silence of more than a week."""

    async def shown() -> dict[str, Any]:
        read: dict[str, Any] = (await shop.http.get(f"{STORES}{shop.store_id}/", headers=admin)).json()
        return read

    names = ("last_event_at", "last_sync_at", "waiting_events", "oldest_waiting_at", "silent_since")
    assert [(await shown())[name] for name in names] == [None, None, 0, None, None]
    await shop.sync({"id": 1, "name": "چراغ"})
    await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    lively = await shown()
    assert lively["products"] == {"known": 1, "waiting": 0, "hidden": 1, "failed": 0}
    assert datetime.now(UTC) - datetime.fromisoformat(lively["last_event_at"]) < timedelta(minutes=1)
    assert lively["silent_since"] is None
    async with system.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE events SET received_at = now() - interval '8 days', status = 'waiting'"
                " WHERE store_id = :id"
            ),
            {"id": shop.store_id},
        )
    silent = await shown()
    assert silent["silent_since"] == silent["last_event_at"] == silent["oldest_waiting_at"]
    assert silent["waiting_events"] == 2
    assert silent["tokens_30_days"] > lively["tokens_30_days"] - 1 > 0
    page = (await shop.http.get(STORES, params={"user_id": shop.user_id}, headers=admin)).json()
    (listed,) = page["results"]
    assert listed == {name: value for name, value in silent.items() if name != "products"}


async def connected(system: System, woo: ShopServer, base_url: str) -> tuple[Shop, list[Webhook]]:
    """Returns a store and a webhook in its shop that sends to us, as the last check found it."""
    shop = await system.shop(base_url=base_url, credentials={"consumer_key": KEY, "consumer_secret": SECRET})
    address = webhook_address(PUBLIC, "woocommerce", shop.store_id)
    made = woo.webhooks.add("product.updated", address)
    hook = Webhook(id=made.id, topic=made.topic, status=WebhookStatus.ACTIVE)
    state = WebhookState(state=WebhookHealth.MANAGED, reason="", hooks=(hook,))
    async with system.database.transaction() as connection:
        checked = {**asdict(state), "checked_at": "2026-11-20T10:00:00+00:00"}
        await stores.change(connection, shop.store_id, {"webhooks": checked})
    return shop, [hook]


async def test_the_webhooks_go_with_the_store(
    system: System, admin: dict[str, str], configure: Configure
) -> None:
    """Ours and no others; where the shop does not answer, the response names what is left there."""
    with ShopServer() as woo:
        foreign = woo.webhooks.add("product.updated", "https://other.example/hook")
        async with serving(configure(public_url=PUBLIC, allow_private_shops=True)) as http:

            async def removed(base_url: str) -> tuple[httpx2.Response, list[Webhook]]:
                shop, hooks = await connected(system, woo, base_url)
                return await http.delete(f"{STORES}{shop.store_id}/", headers=admin), hooks

            answer, hooks = await removed(NOWHERE)
            assert answer.status_code == 200
            left = answer.json()
            assert left["webhooks_left"] == [asdict(hook) for hook in hooks]
            assert left["reason"] == "The shop cannot be reached."
            answer, hooks = await removed(woo.base_url)
            assert answer.status_code == 204
            assert foreign.id in woo.webhooks.by_id
            assert hooks[0].id not in woo.webhooks.by_id
            woo.may_manage = False
            answer, hooks = await removed(woo.base_url)
            assert [one["id"] for one in answer.json()["webhooks_left"]] == [hooks[0].id]
