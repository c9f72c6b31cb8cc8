"""What readiness, `pilito doctor` and the first start learn of the state of a database."""

import re
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from database.engine import Database, new_connections

WRITE_EVERY = timedelta(seconds=5)
"""How often a row is added to see whether Postgres stores it, by all processes together."""

LARGEST_CHECKS = 2 * 1024 * 1024
"""Bytes of the table of checks after which it is emptied."""

OLDEST_SERVER = 15

OLDEST_VECTOR = (0, 8, 0)
"""The first version of pgvector with iterative scans, which searches need."""

_EXTENSION = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")

_OFFERED = text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")

# One row fills its page, so each check needs a new page on the disk, and its commit needs the log.
_WRITE = text("""
    INSERT INTO storage_checks (filler)
    SELECT repeat('x', 700)
    WHERE NOT EXISTS (SELECT FROM storage_checks WHERE checked_at > now() - CAST(:every AS interval))
""")

_SIZE = text("SELECT pg_relation_size('storage_checks')")

_NUMBERS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")

_INDEX = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")

_ENDED = text("SELECT count(*) FROM events WHERE store_id = :store_id AND finished_at IS NOT NULL")


_SIZE_AND_FOLDER = text("""
    SELECT pg_database_size(current_database()),
           (SELECT setting FROM pg_settings WHERE name = 'data_directory')
""")


async def size_and_folder(connection: AsyncConnection) -> tuple[int, str | None]:
    """Returns the bytes of the database, and the folder of the server; None unless the user may know it."""
    size, folder = (await connection.execute(_SIZE_AND_FOLDER)).one()
    return int(size), folder


async def server_version(connection: AsyncConnection) -> str:
    return str((await connection.execute(text("SHOW server_version"))).scalar_one())


async def pgvector_version(connection: AsyncConnection) -> str | None:
    """Returns the version of the pgvector extension; None where it is not installed."""
    version: str | None = (await connection.execute(_EXTENSION)).scalar_one_or_none()
    return version


async def unsupported(connection: AsyncConnection) -> str | None:
    """Returns a sentence about a server or a pgvector that is too old or missing; None if both serve."""
    version = await server_version(connection)
    if leading_number(version) < OLDEST_SERVER:
        return f"This is Postgres {version}; Pilito Sync needs version {OLDEST_SERVER} or later."
    installed = await pgvector_version(connection)
    offered: str | None = (await connection.execute(_OFFERED)).scalar_one_or_none()
    if installed is None and offered is None:
        return f"This server has no pgvector; install version {_dotted(OLDEST_VECTOR)} or later on it."
    if version_numbers(found := installed or offered or "") >= OLDEST_VECTOR:
        return None
    sentence = f"This is pgvector {found}; Pilito Sync needs version {_dotted(OLDEST_VECTOR)} or later."
    if installed and offered and version_numbers(offered) >= OLDEST_VECTOR:
        return f"{sentence} The server has {offered}: run `ALTER EXTENSION vector UPDATE`."
    return sentence


def version_numbers(version: str) -> tuple[int, ...]:
    """Returns the numbers that a version begins with, such as (0, 8, 4) for `0.8.4-beta`."""
    found = _NUMBERS.match(version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def leading_number(version: str) -> int:
    """Returns the first number of a version, such as 18 for `18beta1`; 0 where there is none."""
    numbers = version_numbers(version)
    return numbers[0] if numbers else 0


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


async def limits_statements(connection: AsyncConnection) -> bool:
    """Returns whether a single statement ends after a time; a pooler may have left out our limit."""
    limit = await connection.execute(text("SELECT current_setting('statement_timeout')"))
    return str(limit.scalar_one()) != "0"


async def revision(connection: AsyncConnection) -> str | None:
    """Returns the revision the tables were migrated to; None before the first migration."""
    if (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one() is None:
        return None
    current = await connection.execute(text("SELECT version_num FROM alembic_version"))
    number: str | None = current.scalar_one_or_none()
    return number


async def check_writes(database: Database) -> None:
    """Raises an error of SQLAlchemy unless Postgres stores what a new connection writes.

    A pooled one may lead to a former primary, or know another setting.
    """
    engine = new_connections(database.engine)
    try:
        async with engine.connect() as connection:
            async with connection.begin():
                await connection.execute(_WRITE, {"every": WRITE_EVERY})
                size = int((await connection.execute(_SIZE)).scalar_one())
            if size > LARGEST_CHECKS:
                await _empty(connection)
    finally:
        await engine.dispose()


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
