"""Whether a shop is alive: what it sent last, what waits, and since when it is silent."""

from collections.abc import Mapping, Sequence
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
        SELECT s.id, s.created_at,
               (SELECT e.received_at FROM events e WHERE e.store_id = s.id
                ORDER BY e.received_at DESC LIMIT 1) AS last_event_at,
               (SELECT y.finished_at FROM syncs y
                WHERE y.store_id = s.id AND y.status = {literal(SyncStatus.SUCCEEDED)}
                ORDER BY y.id DESC LIMIT 1) AS last_sync_at
        FROM stores s WHERE s.id = ANY(CAST(:store_ids AS bigint[]))
    )
    SELECT id, last_event_at, last_sync_at, waiting AS waiting_events, oldest AS oldest_waiting_at,
           CASE WHEN coalesce(greatest(last_event_at, last_sync_at), created_at) < now() - :silent_after
                THEN coalesce(greatest(last_event_at, last_sync_at), created_at) END AS silent_since
    FROM seen CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, min(received_at) AS oldest FROM events e
        WHERE e.store_id = seen.id AND e.status IN {in_(UNFINISHED)}) AS unfinished
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
    return (await read_all(connection, [store_id])).get(store_id)


async def read_all(connection: AsyncConnection, store_ids: Sequence[int]) -> Mapping[int, Activity]:
    """Returns the activity of each of these stores that exists."""
    values = {"store_ids": list(store_ids), "silent_after": SILENT_AFTER}
    rows = (await connection.execute(_READ, values)).mappings()
    return {
        row["id"]: Activity(**{name: row[name] for name in Activity.__dataclass_fields__}) for row in rows
    }
