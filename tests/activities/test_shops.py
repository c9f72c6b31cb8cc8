"""How a shop is asked: by whom, and how much at a time."""

import asyncio

import pytest

from contracts.stores import StoreType
from tests.conftest import Configure
from tests.shop_server import ShopServer
from tests.syncs import Synced
from tests.system import forget_keys, running
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
