"""Which stores are to be read by themselves, and when."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.store_schedules import ReadableStore, SyncSchedule

_READABLE = text("""
    SELECT s.id, s.schedule,
           NOT EXISTS (SELECT FROM syncs y WHERE y.store_id = s.id AND NOT y.dry_run) AS is_new
    FROM stores s JOIN users u ON u.id = s.user_id
    WHERE u.is_active AND s.type = ANY(:types) AND s.base_url <> '' AND s.credentials IS NOT NULL
      AND (CAST(:only AS bigint) IS NULL OR s.id = :only)
    ORDER BY s.id
""")


async def readable(
    connection: AsyncConnection, types: Collection[str], *, only: int | None = None
) -> list[ReadableStore]:
    """The stores of open accounts whose shops can be read; or one of them, where it is such."""
    rows = await connection.execute(_READABLE, {"types": list(types), "only": only})
    return [
        ReadableStore(store_id=row.id, is_new=row.is_new, schedule=SyncSchedule(**row.schedule or {}))
        for row in rows
    ]
