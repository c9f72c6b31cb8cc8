"""Syncs that are not finished: their workflows may have ended without a result."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_UNFINISHED = text("""
    SELECT id, workflow_id FROM syncs
    WHERE finished_at IS NULL AND started_at < now() - :age
    ORDER BY random() LIMIT :limit
""")
"""In any order, so that syncs that run for hours do not keep others from being looked at."""

_LOCK = text("SELECT id FROM syncs WHERE id = :id AND finished_at IS NULL FOR UPDATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedSync:
    """A sync without a result."""

    id: int
    workflow_id: str


async def unfinished(connection: AsyncConnection, *, age: timedelta, limit: int) -> list[UnfinishedSync]:
    """Returns some syncs that began so long ago and have no result."""
    rows = await connection.execute(_UNFINISHED, {"age": age, "limit": limit})
    return [UnfinishedSync(**row) for row in rows.mappings()]


async def lock(connection: AsyncConnection, sync_id: int) -> bool:
    """Lock the row of a sync. Returns whether the sync still has no result."""
    return (await connection.execute(_LOCK, {"id": sync_id})).scalar_one_or_none() is not None
