"""What syncs say of how far a store and its shop differ."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
