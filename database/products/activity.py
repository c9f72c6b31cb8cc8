"""Whether a shop is alive: what it sent last, what waits, and since when it is silent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import UNFINISHED
from contracts.syncs import SyncStatus
from database.sql import in_, literal

SILENT_AFTER = timedelta(days=7)
"""A shop that sends no change and cannot be read for so long counts as silent."""

_READ = text(f"""
    WITH seen AS (
        SELECT s.created_at,
               (SELECT e.received_at FROM events e WHERE e.store_id = s.id
                ORDER BY e.received_at DESC LIMIT 1) AS last_event_at,
               (SELECT y.finished_at FROM syncs y
                WHERE y.store_id = s.id AND y.status = {literal(SyncStatus.SUCCEEDED)}
                ORDER BY y.id DESC LIMIT 1) AS last_sync_at
        FROM stores s WHERE s.id = :store_id
    ), unfinished AS (
        SELECT count(*) AS waiting, min(received_at) AS oldest FROM events
        WHERE store_id = :store_id AND status IN {in_(UNFINISHED)}
    )
    SELECT last_event_at, last_sync_at, waiting AS waiting_events, oldest AS oldest_waiting_at,
           CASE WHEN coalesce(greatest(last_event_at, last_sync_at), created_at) < now() - :silent_after
                THEN coalesce(greatest(last_event_at, last_sync_at), created_at) END AS silent_since
    FROM seen CROSS JOIN unfinished
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What arrived from a shop, and how many of its events have not ended.

    `last_sync_at` is the end of the last sync that succeeded. `silent_since` is None unless nothing was heard
    of the shop for `SILENT_AFTER`: neither an event nor such a sync.
    """

    last_event_at: datetime | None
    last_sync_at: datetime | None
    waiting_events: int
    oldest_waiting_at: datetime | None
    silent_since: datetime | None


async def read(connection: AsyncConnection, store_id: int) -> Activity | None:
    """Returns the activity of a store; None if there is no such store."""
    values = {"store_id": store_id, "silent_after": SILENT_AFTER}
    row = (await connection.execute(_READ, values)).mappings().one_or_none()
    return Activity(**row) if row else None
