"""A walk has every active product of a store once, with all its variations."""

from dataclasses import replace

import pytest_asyncio

from database.products import walk
from tests.catalogue.stored import LAMP
from tests.support.many_products import add_products, add_variations
from tests.support.shop import Shop
from tests.support.system import System


@pytest_asyncio.fixture
async def other(system: System, shop: Shop) -> Shop:
    """A second store of the same user."""
    return await system.second_shop(shop.user_id)


async def ids(shop: Shop) -> list[str]:
    return [
        product.external_id
        async for products in walk.walk(shop.database, shop.store_id)
        for product in products
    ]


async def test_every_active_product_is_walked_once(shop: Shop, other: Shop) -> None:
    """In the order of the external ids, over several pages, without products of another store."""
    count = 2 * walk.PAGE + 3
    await add_products(shop.database, shop.store_id, count, inactive=10)
    await add_products(shop.database, other.store_id, 5)
    walked = await ids(shop)
    active = {f"woo_{number}" for number in range(1, count + 1) if number % 10}
    assert len(walked) == len(active)
    assert set(walked) == active
    async with shop.database.reading() as connection:
        assert await walk.count(connection, shop.store_id) == len(active)
        assert await walk.count(connection, other.store_id) == 5


async def test_a_whole_number_of_pages_is_walked_to_its_end(shop: Shop) -> None:
    """The page after the last has nothing."""
    await add_products(shop.database, shop.store_id, walk.PAGE)
    assert len(await ids(shop)) == walk.PAGE


async def test_an_empty_store_has_no_products(shop: Shop) -> None:
    """And no page."""
    assert await ids(shop) == []


async def test_products_have_all_their_variations(shop: Shop) -> None:
    """Also more than a page reads of each."""
    await add_products(shop.database, shop.store_id, 4)
    for number, count in ((1, 3), (2, walk.FEW + 1), (3, walk.BATCH + 50)):
        await add_variations(shop.database, shop.store_id, number, count)
    batches = [products async for products in walk.walk(shop.database, shop.store_id)]
    found = {product.external_id: len(product.variations) for products in batches for product in products}
    assert found == {"woo_1": 3, "woo_2": walk.FEW + 1, "woo_3": walk.BATCH + 50, "woo_4": 0}
    assert [len(products) for products in batches] == [2, 1, 1]


async def test_a_product_that_was_hidden_since_is_left_out(shop: Shop) -> None:
    """It was in the page, and is gone when its variations are read."""
    await add_products(shop.database, shop.store_id, 2)
    await add_variations(shop.database, shop.store_id, 2, walk.BATCH)
    pages = walk.walk(shop.database, shop.store_id)
    first = await anext(pages)
    async with shop.database.transaction() as connection:
        await connection.exec_driver_sql(
            "UPDATE products SET is_active = false WHERE store_id = %s", (shop.store_id,)
        )
    assert [product.external_id for product in first] == ["woo_1"]
    assert [products async for products in pages] == [[]]


def test_batches_are_bounded_by_products_and_variations() -> None:
    """A product that is larger comes alone."""
    sizes = (0, 1, 9, 30, 0, 0)
    lamps = [replace(LAMP, variations_total=size) for size in sizes]
    found = [[product.variations_total for product in batch] for batch in walk.batches(lamps, size=10)]
    assert found == [[0, 1], [9], [30], [0, 0]]
    assert list(walk.batches([])) == []
