"""What readiness, `pilito doctor` and the first start learn of the state of a database."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from database.engine import Database

WRITE_EVERY = timedelta(seconds=5)
"""How often a row is added to see whether Postgres stores it, by all processes together."""

LARGEST_CHECKS = 2 * 1024 * 1024
"""Bytes of the table of checks after which it is emptied."""

_EXTENSION = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")

# One row fills its page, so each check needs a new page on the disk, and its commit needs the log.
_WRITE = text("""
    INSERT INTO storage_checks (filler)
    SELECT repeat('x', 700)
    WHERE NOT EXISTS (SELECT FROM storage_checks WHERE checked_at > now() - CAST(:every AS interval))
""")

_SIZE = text("SELECT pg_relation_size('storage_checks')")

_INDEX = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")

_ENDED = text("SELECT count(*) FROM events WHERE store_id = :store_id AND finished_at IS NOT NULL")


async def server_version(connection: AsyncConnection) -> str:
    return str((await connection.execute(text("SHOW server_version"))).scalar_one())


async def pgvector_version(connection: AsyncConnection) -> str | None:
    """Returns the version of the pgvector extension; None where it is not installed."""
    version: str | None = (await connection.execute(_EXTENSION)).scalar_one_or_none()
    return version


async def revision(connection: AsyncConnection) -> str | None:
    """Returns the revision the tables were migrated to; None before the first migration."""
    if (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one() is None:
        return None
    current = await connection.execute(text("SELECT version_num FROM alembic_version"))
    number: str | None = current.scalar_one_or_none()
    return number


async def check_writes(database: Database) -> None:
    """Raises an error of SQLAlchemy unless Postgres stores what a new connection writes."""
    async with database.engine.connect() as connection:
        await connection.invalidate()  # an old one may lead to a former primary, or know another setting
        async with connection.begin():
            await connection.execute(_WRITE, {"every": WRITE_EVERY})
            size = int((await connection.execute(_SIZE)).scalar_one())
        if size > LARGEST_CHECKS:
            await _empty(connection)


async def _empty(connection: AsyncConnection) -> None:
    """Empty the table of checks, unless a dump reads it: then a later check does."""
    with suppress(DBAPIError):
        async with connection.begin():
            await connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            await connection.execute(text("TRUNCATE storage_checks"))


async def has_index(connection: AsyncConnection, name: str) -> bool:
    """Returns whether an index exists and was built to its end."""
    return bool((await connection.execute(_INDEX, {"name": name})).scalar_one_or_none())


async def ended_events(connection: AsyncConnection, store_id: int) -> int:
    """Returns how many events of a store have ended."""
    return int((await connection.execute(_ENDED, {"store_id": store_id})).scalar_one())
