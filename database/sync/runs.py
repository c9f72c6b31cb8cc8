"""Syncs: their rows with settings, status and counts."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import RowGone
from contracts.syncs import FindingKind, Sync, SyncCounts, SyncEnd, SyncMode, SyncRequest, SyncRun, SyncStatus
from database.sql import literal
from database.tables import COUNTS

OVERLAP = timedelta(minutes=15)
"""How far an incremental sync goes back before the last successful one."""

COMPARED_PER_STEP = 100
IMPORTED_PER_STEP = 25
"""Comparing a page takes one request to the shop; importing a page of variable products may take 100."""

SYNCS_KEPT = 200
"""Syncs that are kept for each store; older ones are deleted with their findings."""

_ENDED = "The workflow ended without reporting a result."

_CLAIMED = """
    is_active AND claimed_hash = content_hash AND knowledge_hash IS DISTINCT FROM content_hash
"""
"""SQL: a product that is claimed for indexing and not indexed; recovery indexes it once it is released."""

_BEGIN = text(f"""
    WITH others AS (
        UPDATE syncs SET status = 'failed', reason = :ended, finished_at = now()
        WHERE store_id = :store_id AND run_id <> :run_id AND finished_at IS NULL AND :status = 'running'
        RETURNING id
    ), released AS (
        UPDATE products SET claimed_hash = NULL
        WHERE store_id = :store_id AND EXISTS (SELECT FROM others) AND {_CLAIMED}
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
    RETURNING s.id AS sync_id, s.modified_after, (SELECT at FROM good) IS NULL AS is_first,
              NOT s.dry_run AND NOT EXISTS (SELECT FROM products p WHERE p.store_id = :store_id) AS is_import,
              (SELECT count(*) FROM sync_findings f
               WHERE f.kind = 'missed_event'
                 AND f.sync_id = (SELECT max(l.id) FROM syncs l
                                  WHERE l.store_id = :store_id AND l.id < s.id AND NOT l.dry_run)) AS missed
""")

_RECORD_START = text("""
    UPDATE syncs SET shop_time = coalesce(shop_time, least(:moment, started_at)), total = :total
    WHERE id = :id
""")

_SHOW_REASON = text("""
    UPDATE syncs SET reason = :reason
    WHERE id = :id AND workflow_id = :workflow_id AND finished_at IS NULL AND reason IS DISTINCT FROM :reason
""")

_CHECK = text("""
    SELECT id FROM syncs
    WHERE id = :id AND store_id = :store_id AND workflow_id = :workflow_id AND finished_at IS NULL
""")

_OWNED = text("SELECT id FROM syncs WHERE id = :id AND workflow_id = :workflow_id FOR UPDATE")

_SUMS = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in COUNTS)

_FINISH = text(f"""
    WITH counted AS (SELECT {_SUMS} FROM sync_pages WHERE sync_id = :id),
    known AS (
        SELECT coalesce(sum(k.tokens), 0) AS tokens, count(*) AS chunks FROM tenant_knowledge k
        WHERE k.store_id = (SELECT store_id FROM syncs WHERE id = :id) AND k.is_live
    ), pages AS (DELETE FROM sync_pages WHERE sync_id = :id),
    missing AS (DELETE FROM sync_missing WHERE sync_id = :id)
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

_RELEASE = text(f"""
    UPDATE products SET claimed_hash = NULL
    WHERE store_id = (SELECT store_id FROM syncs WHERE id = :id) AND {_CLAIMED}
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
_LIST_BEFORE = text(f"""
    {_SHOWN} WHERE s.store_id = :store_id AND (CAST(:before AS bigint) IS NULL OR s.id < :before)
    ORDER BY s.id DESC LIMIT :limit
""")

_LIST_LATEST = text(f"""
    {_SHOWN}
    WHERE (CAST(:store_id AS bigint) IS NULL OR s.store_id = :store_id)
      AND (NOT :is_running OR s.finished_at IS NULL)
    ORDER BY s.id DESC LIMIT :limit
""")


async def begin(
    connection: AsyncConnection,
    request: SyncRequest,
    *,
    workflow_id: str,
    run_id: str,
    status: SyncStatus = SyncStatus.RUNNING,
) -> SyncRun | None:
    """Write a sync's row. Returns the settings of the sync, or None if the store does not exist.

    A store has at most one running workflow, so other unfinished rows belong to workflows that have ended,
    and become failed. A late request to queue a sync does not change a sync that is running.
    """
    row = await connection.execute(
        _BEGIN,
        {
            **asdict(request),
            "workflow_id": workflow_id,
            "run_id": run_id,
            "status": status,
            "overlap": OVERLAP,
            "ended": _ENDED,
        },
    )
    settings = row.mappings().one_or_none()
    if settings is None:
        return None
    pages = request.pages_per_step or (IMPORTED_PER_STEP if settings["is_import"] else COMPARED_PER_STEP)
    return SyncRun(
        store_id=request.store_id,
        mode=request.mode,
        dry_run=request.dry_run,
        allow_gone=request.allow_gone,
        pages_per_step=min(pages, request.pages_per_run),
        **settings,
    )


async def record_start(
    connection: AsyncConnection, sync_id: int, *, moment: datetime | None, total: int | None
) -> None:
    """Store the shop's clock and its number of products."""
    await connection.execute(_RECORD_START, {"id": sync_id, "moment": moment, "total": total})


async def check(connection: AsyncConnection, run: SyncRun, *, workflow_id: str) -> None:
    """Raise RowGone if a workflow's sync has no row of its own any more, or has been ended."""
    values = {"id": run.sync_id, "store_id": run.store_id, "workflow_id": workflow_id}
    if (await connection.execute(_CHECK, values)).scalar_one_or_none() is None:
        raise RowGone


async def show_reason(connection: AsyncConnection, sync_id: int, reason: str, *, workflow_id: str) -> None:
    """Store the reason why a workflow's running sync waits; writes nothing if it is stored already."""
    values = {"id": sync_id, "workflow_id": workflow_id, "reason": reason}
    await connection.execute(_SHOW_REASON, values)


async def finish(connection: AsyncConnection, end: SyncEnd, *, workflow_id: str) -> None:
    """Store the result of a workflow's sync with the sums of its pages, and delete the pages.

    A sync without its row has nothing to store.
    """
    owned = {"id": end.sync_id, "workflow_id": workflow_id}
    if (await connection.execute(_OWNED, owned)).scalar_one_or_none() is None:
        return
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
    """Returns a sync of a store, or None if there is no such sync."""
    row = await connection.execute(_READ, {"store_id": store_id, "id": sync_id})
    sync = row.mappings().one_or_none()
    return _sync(sync) if sync else None


async def list_syncs(
    connection: AsyncConnection, store_id: int, *, offset: int, limit: int
) -> tuple[int, list[Sync]]:
    """Returns the number of syncs of a store, and a page of them, the newest first."""
    count = (await connection.execute(_COUNT, {"store_id": store_id})).scalar_one()
    rows = await connection.execute(_LIST, {"store_id": store_id, "offset": offset, "limit": limit})
    return count, [_sync(row) for row in rows.mappings()]


async def list_newest(
    connection: AsyncConnection, store_id: int, *, before: int | None = None, limit: int
) -> list[Sync]:
    """Returns syncs of a store, the newest first; `before` is the id to go on from."""
    rows = await connection.execute(_LIST_BEFORE, {"store_id": store_id, "before": before, "limit": limit})
    return [_sync(row) for row in rows.mappings()]


async def list_latest(
    connection: AsyncConnection, *, store_id: int | None, is_running: bool, limit: int
) -> list[Sync]:
    """Returns syncs of a store, or of all, the newest first; with `is_running`, only unfinished ones."""
    values = {"store_id": store_id, "is_running": is_running, "limit": limit}
    return [_sync(row) for row in (await connection.execute(_LIST_LATEST, values)).mappings()]


_WITH_FINDINGS = text(f"""
    SELECT DISTINCT sync_id FROM sync_findings
    WHERE sync_id = ANY(:ids) AND kind <> {literal(FindingKind.OUTDATED)}
""")

_UNFINISHED = text("""
    SELECT id FROM syncs
    WHERE store_id = :store_id AND (run_id = :run_id OR finished_at IS NULL)
    ORDER BY (run_id = :run_id) DESC, id DESC LIMIT 1
""")


async def with_findings(connection: AsyncConnection, ids: Collection[int]) -> set[int]:
    """Returns which of these syncs have findings about products."""
    return set((await connection.execute(_WITH_FINDINGS, {"ids": list(ids)})).scalars())


async def under_way(connection: AsyncConnection, store_id: int, run_id: str | None) -> int | None:
    """Returns the id of the sync of this run, else of an unfinished sync of the store, else None."""
    values = {"store_id": store_id, "run_id": run_id or ""}
    sync_id: int | None = (await connection.execute(_UNFINISHED, values)).scalar_one_or_none()
    return sync_id
