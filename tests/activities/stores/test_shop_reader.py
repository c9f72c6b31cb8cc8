"""Requests to a shop: one at a time for syncs, within the rate limit for everything."""

import asyncio

import pytest

from contracts.stores import StoreType
from fakes.woocommerce import ShopServer
from tests.support.environment import Configure
from tests.support.sync.syncs import Synced
from tests.support.system import forget_keys, running
from worker import open_shops


async def test_syncs_send_one_request_at_a_time_to_a_shop(configure: Configure) -> None:
    """All steps of a process together; requests of events do not wait for them."""
    settings = configure(
        allow_private_shops=True, shop_requests_per_minute=1_000_000, task_queue="one-request"
    )
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            product = server.add(name="کفش")
            store_id = synced.store.store_id
            shops = open_shops(settings, system.database)
            async with shops.open(store_id, bulk=True) as shop:
                await shop.catalogue.manifest(None)
            server.routes.clear()
            server.seen.clear()
            async with (
                shops.open(store_id, bulk=True) as first,
                shops.open(store_id, bulk=True) as second,
                shops.open(store_id) as of_an_event,
            ):
                assert first.terms.type is StoreType.WOOCOMMERCE
                server.fail_next("hang")
                lists = [asyncio.create_task(shop.catalogue.manifest(None)) for shop in (first, second)]
                await asyncio.to_thread(server.wait_for_requests, 1)
                assert await of_an_event.catalogue.product(f"woo_{product}") is not None
                assert server.routes == {"products": 1, "products/{id}": 1}
                server.release()
                await asyncio.gather(*lists)
            assert server.routes == {"products": 2, "products/{id}": 1}
            await forget_keys(system.database, system.made)


@pytest.mark.parametrize("bulk", [False, True], ids=["an event", "a sync"])
async def test_a_request_takes_one_slot_of_the_rate_limit(configure: Configure, *, bulk: bool) -> None:
    """Requests of events and of syncs take the same slots."""
    settings = configure(allow_private_shops=True, shop_requests_per_minute=6_000, task_queue="taking-slots")
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            server.add(name="کفش")
            async with open_shops(settings, system.database).open(synced.store.store_id, bulk=bulk) as shop:
                await shop.catalogue.manifest(None)
                now = "UPDATE shop_budgets SET next_at = now() WHERE store_id = :store RETURNING next_at"
                (before,) = await synced.store.rows(now)
                await shop.catalogue.manifest(None)
                later = "SELECT next_at FROM shop_budgets WHERE store_id = :store"
                (after,) = await synced.store.rows(later)
            seconds = (after["next_at"] - before["next_at"]).total_seconds()
            assert seconds == pytest.approx(60 / 6_000)
            await forget_keys(system.database, system.made)
