"""Walk all active products of a store, some at a time, in the order of their external ids."""

from collections.abc import AsyncGenerator, Iterator, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.bounds import VARIATIONS
from contracts.stored import StoredProduct
from database.engine import Database
from database.products import stored

PAGE = 200
"""Products of one query, each with at most `FEW` variations."""

FEW = 8

BATCH = 200
"""Products and variations that are yielded at a time; a product with more variations comes alone."""

_COUNT = text("SELECT count(*) FROM products WHERE store_id = :store_id AND is_active")


async def count(connection: AsyncConnection, store_id: int) -> int:
    """Returns how many active products a store has."""
    found: int = (await connection.execute(_COUNT, {"store_id": store_id})).scalar_one()
    return found


async def walk(database: Database, store_id: int) -> AsyncGenerator[list[StoredProduct], None]:
    """Yields the active products of a store with all their variations, as each is when it is read.

    No connection is held while the caller works. The memory does not grow with the store.
    """
    after = ""
    while True:
        async with database.reading() as connection:
            page = await stored.page(connection, store_id, after=after, limit=PAGE, variations=FEW)
        for batch in batches(page):
            yield await _complete(database, store_id, batch)
        if len(page) < PAGE:
            return
        after = page[-1].external_id


def batches(products: Sequence[StoredProduct], size: int = BATCH) -> Iterator[list[StoredProduct]]:
    """Yields products in lists of at most `size` products and variations, or of one product."""
    batch: list[StoredProduct] = []
    held = 0
    for product in products:
        weight = 1 + product.variations_total
        if batch and held + weight > size:
            yield batch
            batch, held = [], 0
        batch.append(product)
        held += weight
    if batch:
        yield batch


async def _complete(
    database: Database, store_id: int, products: Sequence[StoredProduct]
) -> list[StoredProduct]:
    """Returns products with all their variations; products that were removed by now are absent."""
    cut = [product.id for product in products if product.variations_total > len(product.variations)]
    if not cut:
        return list(products)
    async with database.reading() as connection:
        whole = await stored.read(connection, store_id, cut, variations=VARIATIONS)
    found = {product.id: product for product in products} | dict.fromkeys(cut)
    found |= {product.id: product for product in whole}
    return [product for product in found.values() if product is not None]
