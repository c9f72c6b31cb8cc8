"""Syncs: their rows, and what was counted in them."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.syncs import (
    Sync,
    SyncCounts,
    SyncEnd,
    SyncMode,
    SyncRequest,
    SyncRun,
    SyncStatus,
)
from database.tables import COUNTS

OVERLAP = timedelta(minutes=15)
"""How far an incremental walk goes back beyond the last good one; WordPress writes no time it could miss."""

COMPARED_PER_STEP = 100
IMPORTED_PER_STEP = 25
"""A page that is compared is one question to the shop; one that is imported may be a hundred."""

SYNCS_KEPT = 200
"""Of each store; older ones go with what they found."""

_GIVEN_UP = "Its workflow ended before it could tell how."

_BEGIN = text("""
    WITH others AS (
        UPDATE syncs SET status = 'failed', reason = :given_up, finished_at = now()
        WHERE store_id = :store_id AND run_id <> :run_id AND finished_at IS NULL AND :status = 'running'
    ), good AS (
        SELECT max(shop_time) AS at FROM syncs
        WHERE store_id = :store_id AND status IN ('succeeded', 'refused') AND NOT dry_run
    )
    INSERT INTO syncs AS s (store_id, workflow_id, run_id, mode, dry_run, allow_gone, status, modified_after)
    SELECT id, :workflow_id, :run_id, :mode, :dry_run, :allow_gone, :status,
           CASE WHEN :mode = 'incremental' THEN (SELECT at FROM good) - :overlap END
    FROM stores WHERE id = :store_id
    ON CONFLICT (run_id) DO UPDATE
    SET status = CASE WHEN s.status = 'queued' THEN excluded.status ELSE s.status END
    RETURNING s.id AS sync_id, s.modified_after, (SELECT at FROM good) IS NULL AS first,
              NOT s.dry_run AND NOT EXISTS (SELECT FROM products p WHERE p.store_id = :store_id) AS whole,
              (SELECT count(*) FROM sync_findings f
               WHERE f.kind = 'missed_event'
                 AND f.sync_id = (SELECT max(l.id) FROM syncs l
                                  WHERE l.store_id = :store_id AND l.id < s.id AND NOT l.dry_run)) AS missed
""")

_STARTED = text("""
    UPDATE syncs SET shop_time = coalesce(shop_time, least(:moment, started_at)), total = :total
    WHERE id = :id
""")

_SHOW = text("UPDATE syncs SET reason = :reason WHERE id = :id AND finished_at IS NULL")

_SUMS = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in COUNTS)

_FINISH = text(f"""
    WITH counted AS (SELECT {_SUMS} FROM sync_pages WHERE sync_id = :id),
    known AS (
        SELECT coalesce(sum(k.tokens), 0) AS tokens, count(*) AS chunks FROM tenant_knowledge k
        WHERE k.store_id = (SELECT store_id FROM syncs WHERE id = :id) AND k.is_live
    ), pages AS (DELETE FROM sync_pages WHERE sync_id = :id),
    absent AS (DELETE FROM sync_absent WHERE sync_id = :id)
    UPDATE syncs s
    SET status = :status, reason = :reason, finished_at = now(),
        tokens_saved = CASE WHEN s.dry_run THEN 0
                            ELSE known.tokens * greatest(known.chunks - counted.embedded, 0)
                                 / greatest(known.chunks, 1) END,
        {", ".join(f"{name} = counted.{name}" for name in COUNTS)}
    FROM counted, known WHERE s.id = :id AND s.finished_at IS NULL
""")

_FORGET = text("""
    DELETE FROM syncs o USING syncs s
    WHERE s.id = :id AND o.store_id = s.store_id
      AND o.id < (SELECT id FROM syncs n WHERE n.store_id = s.store_id ORDER BY id DESC OFFSET :kept LIMIT 1)
""")

_RELEASE = text("""
    UPDATE products p SET claimed_hash = NULL FROM syncs s
    WHERE s.id = :id AND p.store_id = s.store_id AND p.is_active AND p.claimed_hash = p.content_hash
      AND p.knowledge_hash IS DISTINCT FROM p.content_hash
""")

_SHOWN = f"""
    SELECT s.id, s.store_id, s.workflow_id, s.run_id, s.mode, s.dry_run, s.allow_gone, s.status, s.reason,
           s.started_at, s.modified_after, s.finished_at, s.total, s.tokens_saved,
           {", ".join(f"s.{name} + coalesce(p.{name}, 0) AS {name}" for name in COUNTS)}
    FROM syncs s LEFT JOIN LATERAL (SELECT {_SUMS} FROM sync_pages WHERE sync_id = s.id) p ON true
"""

_READ = text(f"{_SHOWN} WHERE s.store_id = :store_id AND s.id = :id")
_LIST = text(f"{_SHOWN} WHERE s.store_id = :store_id ORDER BY s.id DESC OFFSET :offset LIMIT :limit")
_COUNT = text("SELECT count(*) FROM syncs WHERE store_id = :store_id")


async def begin(
    connection: AsyncConnection,
    request: SyncRequest,
    *,
    workflow_id: str,
    run_id: str,
    status: SyncStatus = SyncStatus.RUNNING,
) -> SyncRun | None:
    """Write a sync's row, and decide from when on it asks for changes; None where there is no such store.

    A store has one running workflow at most, so that whatever else seems to run has ended unnoticed. Who
    only queued it may be late: that changes nothing of what has begun.
    """
    row = await connection.execute(
        _BEGIN,
        {
            **asdict(request),
            "workflow_id": workflow_id,
            "run_id": run_id,
            "status": status,
            "overlap": OVERLAP,
            "given_up": _GIVEN_UP,
        },
    )
    found = row.mappings().one_or_none()
    if found is None:
        return None
    return SyncRun(
        store_id=request.store_id,
        mode=request.mode,
        dry_run=request.dry_run,
        allow_gone=request.allow_gone,
        pages_per_step=request.pages_per_step or (IMPORTED_PER_STEP if found["whole"] else COMPARED_PER_STEP),
        **found,
    )


async def started(
    connection: AsyncConnection, sync_id: int, *, moment: datetime | None, total: int | None
) -> None:
    """Keep what the shop says of its clock and its size."""
    await connection.execute(_STARTED, {"id": sync_id, "moment": moment, "total": total})


async def show(connection: AsyncConnection, sync_id: int, reason: str) -> None:
    """Tell why a sync does not get on."""
    await connection.execute(_SHOW, {"id": sync_id, "reason": reason})


async def finish(connection: AsyncConnection, end: SyncEnd) -> None:
    """Write how a sync ended, and fold what was kept of each page into it."""
    if end.status in (SyncStatus.FAILED, SyncStatus.CANCELLED):
        await connection.execute(_RELEASE, {"id": end.sync_id})
    await connection.execute(_FINISH, {"id": end.sync_id, "status": end.status, "reason": end.reason})
    await connection.execute(_FORGET, {"id": end.sync_id, "kept": SYNCS_KEPT})


def _sync(row: Mapping[Any, Any]) -> Sync:
    values = {str(name): value for name, value in row.items()}
    counts = SyncCounts(**{name: int(values.pop(name)) for name in COUNTS})
    values |= {"mode": SyncMode(values["mode"]), "status": SyncStatus(values["status"])}
    return Sync(**values, counts=counts)


async def read(connection: AsyncConnection, store_id: int, sync_id: int) -> Sync | None:
    row = await connection.execute(_READ, {"store_id": store_id, "id": sync_id})
    found = row.mappings().one_or_none()
    return _sync(found) if found else None


async def list_syncs(
    connection: AsyncConnection, store_id: int, *, offset: int, limit: int
) -> tuple[int, list[Sync]]:
    """How many a store has, and a page of them, the newest first."""
    count = (await connection.execute(_COUNT, {"store_id": store_id})).scalar_one()
    rows = await connection.execute(_LIST, {"store_id": store_id, "offset": offset, "limit": limit})
    return count, [_sync(row) for row in rows.mappings()]


_WITH_FINDINGS = text("SELECT DISTINCT sync_id FROM sync_findings WHERE sync_id = ANY(:ids)")

_UNFINISHED = text("""
    SELECT id FROM syncs
    WHERE store_id = :store_id AND (run_id = :run_id OR finished_at IS NULL)
    ORDER BY (run_id = :run_id) DESC, id DESC LIMIT 1
""")


async def with_findings(connection: AsyncConnection, ids: Collection[int]) -> set[int]:
    """Those of some syncs that found something."""
    return set((await connection.execute(_WITH_FINDINGS, {"ids": list(ids)})).scalars())


async def under_way(connection: AsyncConnection, store_id: int, run_id: str | None) -> int | None:
    """The sync of this run, else one of the store's that has not ended; None where none has begun."""
    values = {"store_id": store_id, "run_id": run_id or ""}
    found: int | None = (await connection.execute(_UNFINISHED, values)).scalar_one_or_none()
    return found
