"""Products we hold that a walk through their shop did not see."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ABSENT = """
    p.store_id = :store_id AND p.status <> 'deleted' AND p.received_at < s.started_at
    AND NOT EXISTS (SELECT FROM sync_manifest m WHERE m.sync_id = s.id AND m.external_id = p.external_id)
"""

_COUNT_ABSENT = text(f"""
    SELECT (SELECT count(*) FROM products p WHERE {_ABSENT}) AS absent,
           (SELECT count(*) FROM products p WHERE p.store_id = :store_id AND p.status <> 'deleted') AS held,
           (SELECT count(*) FROM sync_manifest WHERE sync_id = s.id) >= coalesce(s.total, 0) AS saw_all
    FROM syncs s WHERE s.id = :id
""")

_LIST_ABSENT = text(f"""
    SELECT p.id, p.external_id FROM products p, syncs s
    WHERE s.id = :id AND p.id > :beyond AND {_ABSENT}
    ORDER BY p.id LIMIT :limit
""")

_DELETE = text("""
    UPDATE products p SET is_active = false, status = 'deleted', received_at = :read_at, updated_at = now()
    FROM syncs s
    WHERE s.id = :id AND p.store_id = s.store_id AND p.external_id = ANY(:external_ids)
      AND p.received_at < s.started_at AND p.status <> 'deleted'
    RETURNING p.external_id
""")


async def count(connection: AsyncConnection, sync_id: int, store_id: int) -> tuple[int, int, bool]:
    """How many products no page named, how many we hold, and whether pages named as many as there are."""
    row = (await connection.execute(_COUNT_ABSENT, {"id": sync_id, "store_id": store_id})).one()
    return row.absent, row.held, row.saw_all


async def find(
    connection: AsyncConnection, sync_id: int, store_id: int, *, beyond: int, limit: int
) -> list[tuple[int, str]]:
    """Row and external id of products no page named."""
    values = {"id": sync_id, "store_id": store_id, "beyond": beyond, "limit": limit}
    return [(row.id, row.external_id) for row in await connection.execute(_LIST_ABSENT, values)]


async def remove(
    connection: AsyncConnection, sync_id: int, external_ids: Sequence[str], *, read_at: datetime
) -> list[str]:
    """Hide products the shop no longer has; none that an event told of since the walk began."""
    values = {"id": sync_id, "external_ids": list(external_ids), "read_at": read_at}
    return list((await connection.execute(_DELETE, values)).scalars())
