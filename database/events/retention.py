"""Trim the payloads of events that ended long ago; their rows and outcomes stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EventStatus
from database.sql import literal

_TRIM = text(f"""
    WITH old AS (
        SELECT id, finished_at FROM events
        WHERE payload IS NOT NULL AND status <> {literal(EventStatus.FAILED)}
          AND finished_at < now() - CAST(:age AS interval)
          AND finished_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
        ORDER BY finished_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), trimmed AS (
        UPDATE events e SET payload = NULL, payload_trimmed_at = now() FROM old WHERE e.id = old.id
    )
    SELECT count(*) AS count, max(finished_at) AS reached FROM old
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedBatch:
    """How many payloads were trimmed, and the end of the last of their events."""

    count: int
    reached: datetime | None


async def trim(
    connection: AsyncConnection, *, age: timedelta, since: datetime | None, limit: int
) -> TrimmedBatch:
    """Trim payloads of events that ended at least `age` ago, the oldest first, starting at `since`.

    Unfinished and failed events keep their payloads, because they may run again.
    """
    row = await connection.execute(_TRIM, {"age": age, "since": since, "limit": limit})
    return TrimmedBatch(**row.mappings().one())
