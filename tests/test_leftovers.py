"""What a module of tests leaves in the shared database is no work for the workers of the next one."""

from datetime import timedelta
from functools import partial

from database.events import stalled
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.support.eventually import eventually
from tests.support.plugins.leftovers import END_ALL
from tests.support.shop import Shop


async def work_for_others(shop: Shop) -> tuple[int, int]:
    """Returns how many events and products of a shop the recovery of a new worker would look at."""
    async with shop.database.reading() as connection:
        events = await stalled.unfinished(connection, age=timedelta(0), beyond=0, limit=1_000_000)
        products = await stalled.unindexed_products(
            connection, model="text-embedding-3-small", limit=1_000_000
        )
    return (
        sum(event.event.store_id == shop.store_id for event in events),
        sum(product.store_id == shop.store_id for product in products),
    )


async def test_no_event_and_no_text_is_left(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Neither events without an end nor texts without an index."""
    embeddings.fail_always(servers.server_error())
    for number in (1, 2):
        event_id = await shop.submit({"id": number, "name": "Lamp", "price": "5"})
        await eventually(partial(shop.product, number), what="the product")
        await shop.temporal.get_workflow_handle(shop.workflow_id(event_id)).terminate("end of test")
    async with shop.database.single() as connection:
        await connection.exec_driver_sql(
            f"UPDATE products SET claimed_hash = NULL WHERE store_id = {shop.store_id}"
        )
    assert await work_for_others(shop) == (2, 2)
    async with shop.database.single() as connection:
        for statement in END_ALL:
            await connection.exec_driver_sql(statement)
    assert await work_for_others(shop) == (0, 0)
