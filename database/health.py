"""What `pilito doctor` and the first start read of the state of a database."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_EXTENSION = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")

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


async def has_index(connection: AsyncConnection, name: str) -> bool:
    """Returns whether an index exists and was built to its end."""
    return bool((await connection.execute(_INDEX, {"name": name})).scalar_one_or_none())


async def ended_events(connection: AsyncConnection, store_id: int) -> int:
    """Returns how many events of a store have ended."""
    return int((await connection.execute(_ENDED, {"store_id": store_id})).scalar_one())
