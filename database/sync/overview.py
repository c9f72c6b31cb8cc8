"""Stores and their syncs at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.syncs import SyncMode, SyncStatus
from contracts.webhooks import WebhookHealth
from database.access.webhooks import state_of

MOST = 20

_UNDER_WAY = text(f"""
    SELECT y.id, y.store_id, s.name AS store_name, y.mode, y.dry_run, y.started_at, y.total, y.seen
    FROM syncs y JOIN stores s ON s.id = y.store_id
    WHERE y.finished_at IS NULL AND (CAST(:store_id AS bigint) IS NULL OR y.store_id = :store_id)
    ORDER BY y.id DESC LIMIT {MOST}
""")

_STORES = text("""
    SELECT s.id, s.name, s.webhooks, s.credentials IS NOT NULL AS has_credentials, sync.status AS sync_status,
           sync.finished_at AS synced_at, event.received_at AS event_at
    FROM stores s
    LEFT JOIN LATERAL (SELECT status, finished_at FROM syncs y
                       WHERE y.store_id = s.id AND y.finished_at IS NOT NULL
                       ORDER BY y.id DESC LIMIT 1) AS sync ON true
    LEFT JOIN LATERAL (SELECT received_at FROM events e
                       WHERE e.store_id = s.id ORDER BY e.received_at DESC LIMIT 1) AS event ON true
    WHERE s.id = ANY(CAST(:ids AS bigint[])) ORDER BY s.id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSync:
    """A sync that has not ended; `total` is None until the shop said how many products it has."""

    id: int
    store_id: int
    store_name: str
    mode: SyncMode
    dry_run: bool
    started_at: datetime
    total: int | None
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreGlance:
    """A store: its webhooks, the end of its last sync, and when its last event arrived."""

    id: int
    name: str
    webhooks: WebhookHealth
    sync_status: SyncStatus | None
    synced_at: datetime | None
    event_at: datetime | None


async def under_way(connection: AsyncConnection, store_id: int | None) -> Sequence[RunningSync]:
    """Returns the syncs of a store, or of all, that have not ended, the newest first."""
    rows = await connection.execute(_UNDER_WAY, {"store_id": store_id})
    return [RunningSync(**{**row, "mode": SyncMode(row["mode"])}) for row in rows.mappings()]


async def stores(connection: AsyncConnection, ids: Sequence[int]) -> Sequence[StoreGlance]:
    """Returns stores at a glance, in the order of their ids."""
    return [_glance(row) for row in (await connection.execute(_STORES, {"ids": list(ids)})).mappings()]


def _glance(row: Any) -> StoreGlance:
    return StoreGlance(
        id=row["id"],
        name=row["name"],
        webhooks=state_of(row["webhooks"], has_credentials=row["has_credentials"]).state,
        sync_status=SyncStatus(row["sync_status"]) if row["sync_status"] else None,
        synced_at=row["synced_at"],
        event_at=row["event_at"],
    )
