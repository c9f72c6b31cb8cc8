"""Which of some stores exist."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_EXISTING = text("SELECT id FROM stores WHERE id = ANY(:ids)")


_COUNT = text("SELECT count(*) FROM stores")


async def number_of_stores(connection: AsyncConnection) -> int:
    return int((await connection.execute(_COUNT)).scalar_one())


async def stores(connection: AsyncConnection, store_ids: Collection[int]) -> frozenset[int]:
    """Returns the ids of the stores that exist."""
    return frozenset((await connection.execute(_EXISTING, {"ids": list(store_ids)})).scalars())
