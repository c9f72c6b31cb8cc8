"""One product is saved by one at a time, be it an event or a page of a resync."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


def lock(*, key: str, store: str) -> str:
    """SQL: take the lock of a product, or of a variation of which no more is known, until the end."""
    return f"pg_advisory_xact_lock(hashtextextended({key}, {store}))"


_LOCK_ALL = text(f"SELECT {lock(key='key', store=':store_id')} FROM unnest(CAST(:keys AS text[])) AS key")


async def lock_products(connection: AsyncConnection, store_id: int, keys: Sequence[str]) -> None:
    """Lock products until the transaction ends, always in the same order."""
    await connection.execute(_LOCK_ALL, {"store_id": store_id, "keys": sorted(keys)})
