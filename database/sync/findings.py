"""The findings of syncs."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.syncs import FindingKind, SyncFinding

KEPT = 1_000
"""The most findings that are stored for one sync."""

_KEEP = text("""
    INSERT INTO sync_findings (sync_id, external_id, kind, detail)
    SELECT :sync_id, f.* FROM unnest(CAST(:ids AS text[]), CAST(:kinds AS text[]), CAST(:details AS text[])) f
    LIMIT greatest(0, :kept - (SELECT count(*) FROM sync_findings WHERE sync_id = :sync_id))
    ON CONFLICT DO NOTHING
""")

_READ = text("""
    SELECT external_id, kind, detail FROM sync_findings WHERE sync_id = :id
    ORDER BY found_at, external_id OFFSET :offset LIMIT :limit
""")

_KINDS = text("SELECT kind, count(*) AS found FROM sync_findings WHERE sync_id = :id GROUP BY kind")


async def keep(connection: AsyncConnection, sync_id: int, findings: Sequence[SyncFinding]) -> None:
    """Store findings; a product has at most one of each kind."""
    if findings:
        await connection.execute(
            _KEEP,
            {
                "sync_id": sync_id,
                "ids": [finding.external_id for finding in findings],
                "kinds": [finding.kind.value for finding in findings],
                "details": [finding.detail for finding in findings],
                "kept": KEPT,
            },
        )


async def read(
    connection: AsyncConnection, sync_id: int, *, offset: int = 0, limit: int = KEPT
) -> list[SyncFinding]:
    """Returns the findings of a sync in the order in which they were stored."""
    rows = await connection.execute(_READ, {"id": sync_id, "offset": offset, "limit": limit})
    return [
        SyncFinding(external_id=row.external_id, kind=FindingKind(row.kind), detail=row.detail)
        for row in rows
    ]


async def by_kind(connection: AsyncConnection, sync_id: int) -> dict[str, int]:
    """Returns how many findings of each kind a sync has."""
    return {row.kind: row.found for row in await connection.execute(_KINDS, {"id": sync_id})}
