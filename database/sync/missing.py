"""Products we hold that a walk through their shop did not see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_NOT_NEWS = "p.status <> 'deleted' AND p.received_at < s.started_at"

_WEIGH = text("""
    WITH named AS (
        SELECT DISTINCT unnest(external_ids) AS external_id FROM sync_pages WHERE sync_id = :id
    ), held AS (
        SELECT p.id, named.external_id IS NULL AND p.received_at < s.started_at AS is_absent
        FROM syncs s JOIN products p ON p.store_id = s.store_id
        LEFT JOIN named ON named.external_id = p.external_id
        WHERE s.id = :id AND p.status <> 'deleted'
    ), kept AS (
        INSERT INTO sync_absent (sync_id, product_id) SELECT :id, id FROM held WHERE is_absent
        ON CONFLICT DO NOTHING
    )
    UPDATE syncs SET saw_all = (SELECT count(*) FROM named) >= coalesce(total, 0)
    WHERE id = :id
    RETURNING (SELECT count(*) FROM held WHERE is_absent) AS absent, (SELECT count(*) FROM held) AS held
""")

_LIST = text(f"""
    SELECT p.id, p.external_id, s.saw_all
    FROM syncs s JOIN sync_absent a ON a.sync_id = s.id JOIN products p ON p.id = a.product_id
    WHERE s.id = :id AND a.product_id > :beyond AND {_NOT_NEWS}
    ORDER BY a.product_id LIMIT :limit
""")

_DELETE = text("""
    UPDATE products p SET is_active = false, status = 'deleted', received_at = :read_at, listed_hash = NULL,
        updated_at = now()
    FROM syncs s
    WHERE s.id = :id AND p.store_id = s.store_id AND p.external_id = ANY(:external_ids)
      AND p.received_at < s.started_at AND p.status <> 'deleted'
    RETURNING p.external_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A product that no page named; `saw_all` is whether pages named as many as the shop says there are."""

    id: int
    external_id: str
    saw_all: bool


async def weigh(connection: AsyncConnection, sync_id: int) -> tuple[int, int]:
    """Note the products no page named; how many they are, and how many we hold."""
    row = (await connection.execute(_WEIGH, {"id": sync_id})).one()
    return row.absent, row.held


async def find(connection: AsyncConnection, sync_id: int, *, beyond: int, limit: int) -> list[Unseen]:
    """Those that were noted and of which no event told since, in the order of their rows."""
    rows = await connection.execute(_LIST, {"id": sync_id, "beyond": beyond, "limit": limit})
    return [Unseen(**row) for row in rows.mappings()]


async def remove(
    connection: AsyncConnection, sync_id: int, external_ids: Sequence[str], *, read_at: datetime
) -> list[str]:
    """Hide products the shop no longer has; none that an event told of since the walk began."""
    values = {"id": sync_id, "external_ids": list(external_ids), "read_at": read_at}
    return list((await connection.execute(_DELETE, values)).scalars())
