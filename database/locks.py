"""One at a time embeds a product, whether it has a row yet or not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.engine import Database


def _key(external_id: str, store_id: str) -> str:
    return f"hashtextextended('embedding ' || {external_id}, {store_id})"


_OF_ROWS = text(f"""
    WITH wanted AS MATERIALIZED (
        SELECT w.id AS name, coalesce({_key("p.external_id", "p.store_id")}, w.id) AS key
        FROM unnest(CAST(:ids AS bigint[])) AS w(id) LEFT JOIN products p ON p.id = w.id)
    SELECT name, key FROM wanted WHERE pg_try_advisory_lock(key)
""")

_OF_NAMES = text(f"""
    WITH wanted AS MATERIALIZED (
        SELECT name, {_key("name", ":store_id")} AS key FROM unnest(CAST(:external_ids AS text[])) AS name)
    SELECT name, key FROM wanted WHERE pg_try_advisory_lock(key)
""")

_RELEASE = text("SELECT pg_advisory_unlock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")

_HAVING_ROWS = text(
    "SELECT external_id FROM products WHERE store_id = :store_id AND external_id = ANY(:names)"
)


@dataclass(frozen=True, slots=True)
class Alone:
    """A connection that holds the locks of these products; every statement on it is its own transaction."""

    connection: AsyncConnection
    products: frozenset[int]


@asynccontextmanager
async def embedding_locks(database: Database, products: Sequence[int]) -> AsyncIterator[Alone]:
    """Those of the products, by their rows, that nobody else embeds now; ours until we leave."""
    async with (
        database.reading() as connection,
        _held(connection, _OF_ROWS, {"ids": list(products)}) as ids,
    ):
        yield Alone(connection, frozenset(ids))


@asynccontextmanager
async def newcomer_locks(
    database: Database, store_id: int, external_ids: Sequence[str]
) -> AsyncIterator[frozenset[str]]:
    """Those of a store's products that have no row and that nobody else embeds now; ours until we leave."""
    values = {"store_id": store_id, "external_ids": list(external_ids)}
    async with database.reading() as connection, _held(connection, _OF_NAMES, values) as names:
        rows = await connection.execute(_HAVING_ROWS, {"store_id": store_id, "names": names})
        yield frozenset(names) - set(rows.scalars())


@asynccontextmanager
async def _held(
    connection: AsyncConnection, take: TextClause, values: dict[str, object]
) -> AsyncIterator[list[Any]]:
    """The names of the locks that could be taken; gone with the connection if the process dies."""
    try:
        taken = (await connection.execute(take, values)).all()
        yield [row.name for row in taken]
        await connection.execute(_RELEASE, {"keys": [row.key for row in taken]})
    except BaseException:
        await connection.invalidate()
        raise


def lock(*, key: str, store: str) -> str:
    """SQL: take the lock of a product, or of a variation of which no more is known, until the end."""
    return f"pg_advisory_xact_lock(hashtextextended({key}, {store}))"


_LOCK_ALL = text(f"SELECT {lock(key='key', store=':store_id')} FROM unnest(CAST(:keys AS text[])) AS key")


async def lock_products(connection: AsyncConnection, store_id: int, keys: Sequence[str]) -> None:
    """Lock products until the transaction ends, always in the same order."""
    await connection.execute(_LOCK_ALL, {"store_id": store_id, "keys": sorted(keys)})
