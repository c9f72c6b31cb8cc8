"""How a shop is asked: by whom, and how much at a time."""

import asyncio

import pytest

from contracts.stores import StoreType
from fakes.woocommerce import ShopServer
from tests.conftest import Configure
from tests.support.syncs import Synced
from tests.support.system import forget_keys, running
from worker import open_shops

pytestmark = pytest.mark.slow


async def test_bulk_work_puts_one_question_to_a_shop_at_a_time(configure: Configure) -> None:
    """Whichever of its steps asks; what an event asks waits for none of them."""
    settings = configure(
        allow_private_shops=True, shop_requests_per_minute=1_000_000, task_queue="asking-shops"
    )
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            product = server.add(name="کفش")
            store_id = synced.store.store_id
            shops = open_shops(settings, system.database)
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


@pytest.mark.parametrize(("per_minute", "block"), [(120, 1), (600, 1), (6_000, 10)])
async def test_bulk_work_takes_the_turns_of_a_tenth_of_a_second_together(
    configure: Configure, per_minute: int, block: int
) -> None:
    """At the usual pace that is one; an event takes one whatever the pace."""
    settings = configure(
        allow_private_shops=True, shop_requests_per_minute=per_minute, task_queue="taking-turns"
    )
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            server.add(name="کفش")
            shops = open_shops(settings, system.database)

            async def price_of(*, bulk: bool) -> float:
                """Turns that one question takes."""
                now = "UPDATE shop_budgets SET next_at = now() WHERE store_id = :store RETURNING next_at"
                (before,) = await synced.store.rows(now)
                async with shops.open(synced.store.store_id, bulk=bulk) as shop:
                    await shop.catalogue.manifest(None)
                later = "SELECT next_at FROM shop_budgets WHERE store_id = :store"
                (after,) = await synced.store.rows(later)
                seconds: float = (after["next_at"] - before["next_at"]).total_seconds()
                return seconds * per_minute / 60

            async with shops.open(synced.store.store_id) as shop:
                await shop.catalogue.manifest(None)
            assert await price_of(bulk=False) == pytest.approx(1)
            taken = round(await price_of(bulk=True))
            assert taken in {block, max(block, 2)}, "where a block is one turn, the next one is taken ahead"
            await forget_keys(system.database, system.made)
