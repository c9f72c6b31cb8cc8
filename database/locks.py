"""Advisory locks of a transaction: one writer at a time for a product. `leases` is for longer work."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_LOCKED = 2_000
"""Products that one transaction may lock. Postgres keeps all locks in one table of some 10,000 entries.

A page of a sync has 100 products. After a shift of the list it has products of the ten pages before it too.
"""


def lock(*, key: str, store: str) -> str:
    """Returns SQL that locks a product, or a variation of an unknown product, until the transaction ends."""
    return f"pg_advisory_xact_lock(hashtextextended({key}, {store}))"


_LOCK_ALL = text(f"SELECT {lock(key='key', store=':store_id')} FROM unnest(CAST(:keys AS text[])) AS key")


async def lock_products(connection: AsyncConnection, store_id: int, keys: Sequence[str]) -> None:
    """Lock products until the transaction ends, always in the same order.

    Raises ValueError for more than `MOST_LOCKED` products.
    """
    if len(keys) > MOST_LOCKED:
        raise ValueError(f"a transaction may lock {MOST_LOCKED} products, not {len(keys)}")
    await connection.execute(_LOCK_ALL, {"store_id": store_id, "keys": sorted(keys)})
