"""Advisory locks: one writer at a time for a product, and one process at a time for longer work."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from database.engine import Database

# The line break keeps these keys apart from the keys of `lock`: an external id has none.
_BY_ROW = text("""
    WITH wanted AS MATERIALIZED (
        SELECT id AS name, hashtextextended(E'embedding\\n', id) AS key
        FROM unnest(CAST(:ids AS bigint[])) AS id)
    SELECT name, key FROM wanted WHERE pg_try_advisory_lock(key)
""")

_BY_PURPOSE = text("""
    WITH wanted AS MATERIALIZED (
        SELECT :purpose AS name, hashtextextended(:purpose, CAST(:number AS bigint)) AS key)
    SELECT name, key FROM wanted WHERE pg_try_advisory_lock(key)
""")

_RELEASE = text("SELECT pg_advisory_unlock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


@dataclass(frozen=True, slots=True)
class LockedProducts:
    """The products that were locked, and the connection that holds the locks.

    Every statement on the connection is a transaction of its own.
    """

    connection: AsyncConnection
    products: frozenset[int]


@asynccontextmanager
async def advisory_lock(database: Database, purpose: str, number: int) -> AsyncIterator[bool]:
    """Hold the lock of a purpose and a number inside the block.

    Yields False where another session holds it.
    """
    async with (
        database.reading() as connection,
        _locks(connection, _BY_PURPOSE, {"purpose": purpose, "number": number}) as locked,
    ):
        yield bool(locked)


@asynccontextmanager
async def embedding_locks(database: Database, products: Sequence[int]) -> AsyncIterator[LockedProducts]:
    """Lock products, by their rows, for embedding; products that another session embeds are left out."""
    async with (
        database.reading() as connection,
        _locks(connection, _BY_ROW, {"ids": list(products)}) as ids,
    ):
        yield LockedProducts(connection, frozenset(ids))


@asynccontextmanager
async def _locks(
    connection: AsyncConnection, take: TextClause, values: dict[str, object]
) -> AsyncIterator[list[Any]]:
    """Yields the names of the locks that were free; they end with the connection if the process dies.

    After an error they are released before it is raised, because the next attempt may follow at once.
    """
    try:
        locked = (await connection.execute(take, values)).all()
        keys = {"keys": [row.key for row in locked]}
        try:
            yield [row.name for row in locked]
        except Exception:
            with suppress(SQLAlchemyError):  # the connection is broken, and its locks end with it
                await connection.execute(_RELEASE, keys)
            raise
        await connection.execute(_RELEASE, keys)
    except BaseException:
        await connection.invalidate()
        raise


def lock(*, key: str, store: str) -> str:
    """Returns SQL that locks a product, or a variation of an unknown product, until the transaction ends."""
    return f"pg_advisory_xact_lock(hashtextextended({key}, {store}))"


_LOCK_ALL = text(f"SELECT {lock(key='key', store=':store_id')} FROM unnest(CAST(:keys AS text[])) AS key")


async def lock_products(connection: AsyncConnection, store_id: int, keys: Sequence[str]) -> None:
    """Lock products until the transaction ends, always in the same order."""
    await connection.execute(_LOCK_ALL, {"store_id": store_id, "keys": sorted(keys)})
