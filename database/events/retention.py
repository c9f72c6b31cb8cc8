"""Trim the payloads of events that ended long ago, and remove the rows that newer ones have replaced."""

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

_REMOVE = text("""
    WITH old AS MATERIALIZED (
        SELECT id, store_id, external_id, event_type, status, received_at, finished_at FROM events
        WHERE received_at < now() - CAST(:age AS interval)
          AND (received_at, id) > (coalesce(CAST(:since AS timestamptz), '-infinity'), :id)
        ORDER BY received_at, id LIMIT :limit
    ), removed AS (
        DELETE FROM events e USING old
        WHERE e.id = old.id AND e.finished_at < now() - CAST(:age AS interval)
          AND EXISTS (SELECT FROM events newer
                      WHERE newer.store_id = old.store_id AND newer.external_id = old.external_id
                        AND newer.event_type = old.event_type AND newer.status = old.status
                        AND (newer.received_at, newer.id) > (old.received_at, old.id))
        RETURNING e.id
    ), retried AS (
        DELETE FROM retried_events r USING removed WHERE r.event_id = removed.id
    )
    SELECT count(*) AS examined, max(received_at) AS received_at,
           (SELECT id FROM old ORDER BY received_at DESC, id DESC LIMIT 1) AS id,
           (SELECT count(*) FROM removed) AS removed
    FROM old
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many rows were examined and removed, and the arrival and id of the last one examined."""

    examined: int
    removed: int
    received_at: datetime | None
    id: int | None


NOTHING = Removed(examined=0, removed=0, received_at=None, id=None)


async def remove(connection: AsyncConnection, *, age: timedelta, after: Removed, limit: int) -> Removed:
    """Remove rows of events that arrived and ended at least `age` ago, going on after the last batch.

    Examines up to `limit` rows. The newest event of each kind (type and status) of a product or variation
    stays, so that the log can explain every product and recognises a deletion that was applied before.
    """
    values = {"age": age, "since": after.received_at, "id": after.id or 0, "limit": limit}
    return Removed(**(await connection.execute(_REMOVE, values)).mappings().one())
