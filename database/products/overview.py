"""What a store sells, in a few words: how many products, and its most frequent categories and brands."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The number of active products, and values of theirs as the shop wrote them, the most frequent first."""

    products: int
    categories: Sequence[str]
    brands: Sequence[str]


def _frequent(column: str) -> str:
    return f"""ARRAY(
        SELECT value FROM own CROSS JOIN LATERAL unnest({column}) AS value WHERE value <> ''
        GROUP BY value ORDER BY count(*) DESC, value LIMIT :limit)"""


_READ = text(f"""
    WITH own AS MATERIALIZED (
        SELECT categories, brands FROM products WHERE store_id = :store_id AND is_active)
    SELECT (SELECT count(*) FROM own) AS products,
           {_frequent("categories")} AS categories, {_frequent("brands")} AS brands
""")


async def read(connection: AsyncConnection, store_id: int, *, limit: int) -> Overview:
    """Returns the overview of a store, with at most so many categories and brands."""
    row = (await connection.execute(_READ, {"store_id": store_id, "limit": limit})).one()
    return Overview(**row._mapping)
