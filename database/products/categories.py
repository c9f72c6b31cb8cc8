"""The category trees of shops, as their last sync read them."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.bounds import ENTRIES
from contracts.catalog import Category, Product

_STORE = text("""
    WITH sent AS (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:parents AS bigint[]), CAST(:names AS text[]))
            AS s (id, parent, name)
    ), gone AS (
        DELETE FROM shop_categories c
        WHERE store_id = :store_id AND NOT EXISTS (SELECT FROM sent WHERE sent.id = c.id)
    )
    INSERT INTO shop_categories AS c (store_id, id, parent, name) SELECT :store_id, id, parent, name FROM sent
    ON CONFLICT (store_id, id) DO UPDATE SET parent = excluded.parent, name = excluded.name
    WHERE (c.parent, c.name) IS DISTINCT FROM (excluded.parent, excluded.name)
""")

_LOAD = text("SELECT id, parent, name FROM shop_categories WHERE store_id = :store_id")

_PARENTS = text("""
    WITH RECURSIVE up AS (
        SELECT id, parent, name, 0 AS level, array_position(CAST(:ids AS bigint[]), id) AS place
        FROM shop_categories WHERE store_id = :store_id AND id = ANY(:ids)
        UNION ALL
        SELECT c.id, c.parent, c.name, up.level + 1, up.place
        FROM up JOIN shop_categories c ON c.store_id = :store_id AND c.id = up.parent
        WHERE up.level < 19
    )
    SELECT name FROM up WHERE level > 0 AND name <> '' ORDER BY place, level DESC
""")


async def store(connection: AsyncConnection, store_id: int, categories: Sequence[Category]) -> None:
    """Replace the category tree of a store's shop; unchanged rows are not written."""
    by_id = {category.id: category for category in categories}
    await connection.execute(
        _STORE,
        {
            "store_id": store_id,
            "ids": list(by_id),
            "parents": [category.parent for category in by_id.values()],
            "names": [category.name for category in by_id.values()],
        },
    )


async def load(connection: AsyncConnection, store_id: int) -> list[Category]:
    """Returns the category tree of a store's shop; empty if none was read."""
    rows = await connection.execute(_LOAD, {"store_id": store_id})
    return [Category(id=row.id, parent=row.parent, name=row.name) for row in rows]


async def with_parents(connection: AsyncConnection, store_id: int, product: Product) -> Product:
    """Returns a product with the parents of the categories that were sent without them, if they are known."""
    if not product.unplaced:
        return product
    rows = await connection.execute(_PARENTS, {"store_id": store_id, "ids": list(product.unplaced)})
    names = dict.fromkeys((*rows.scalars(), *product.categories))
    return replace(product, categories=tuple(names)[:ENTRIES])
