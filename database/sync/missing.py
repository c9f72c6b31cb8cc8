"""Stored products that no page of a complete sync listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.syncs import MissingProducts

_COUNT = text("""
    WITH listed AS (
        SELECT DISTINCT unnest(external_ids) AS external_id FROM sync_pages WHERE sync_id = :id
    ), stored AS (
        SELECT p.id, listed.external_id IS NULL AND p.received_at < s.started_at AS is_missing
        FROM syncs s JOIN products p ON p.store_id = s.store_id
        LEFT JOIN listed ON listed.external_id = p.external_id
        WHERE s.id = :id AND p.status <> 'deleted'
    ), kept AS (
        INSERT INTO sync_missing (sync_id, product_id) SELECT :id, id FROM stored WHERE is_missing
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FILTER (WHERE is_missing) AS missing, count(*) AS stored FROM stored
""")

_UNLISTED = text("""
    WITH listed AS MATERIALIZED (
        SELECT DISTINCT unnest(external_ids) AS external_id FROM sync_pages WHERE sync_id = :id
    )
    SELECT p.id, p.external_id
    FROM syncs s JOIN products p ON p.store_id = s.store_id
    LEFT JOIN listed ON listed.external_id = p.external_id
    WHERE s.id = :id AND p.id > :after AND p.status <> 'deleted' AND p.received_at < s.started_at
      AND listed.external_id IS NULL
    ORDER BY p.id LIMIT :limit
""")

_FIND = text("""
    SELECT p.id, p.external_id
    FROM syncs s JOIN sync_missing m ON m.sync_id = s.id JOIN products p ON p.id = m.product_id
    WHERE s.id = :id AND m.product_id > :after AND p.status <> 'deleted' AND p.received_at < s.started_at
    ORDER BY m.product_id LIMIT :limit
""")

_REMOVE = text("""
    UPDATE products p SET is_active = false, status = 'deleted', received_at = :requested_at,
        listed_hash = NULL, updated_at = now()
    FROM syncs s
    WHERE s.id = :id AND p.store_id = s.store_id AND p.external_id = ANY(:external_ids)
      AND p.received_at < s.started_at AND p.status <> 'deleted'
    RETURNING p.external_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingProduct:
    """A stored product by its row."""

    id: int
    external_id: str


async def count(connection: AsyncConnection, sync_id: int) -> MissingProducts:
    """Store which products are missing, and return how many there are."""
    row = (await connection.execute(_COUNT, {"id": sync_id})).one()
    return MissingProducts(missing=row.missing, stored=row.stored)


async def unlisted(
    connection: AsyncConnection, sync_id: int, *, after: int, limit: int
) -> list[MissingProduct]:
    """Returns stored products that no page listed and no event changed since, ordered by row."""
    rows = await connection.execute(_UNLISTED, {"id": sync_id, "after": after, "limit": limit})
    return [MissingProduct(**row) for row in rows.mappings()]


async def find(connection: AsyncConnection, sync_id: int, *, after: int, limit: int) -> list[MissingProduct]:
    """Returns missing products that no event changed since the sync began, ordered by row."""
    rows = await connection.execute(_FIND, {"id": sync_id, "after": after, "limit": limit})
    return [MissingProduct(**row) for row in rows.mappings()]


async def remove(
    connection: AsyncConnection, sync_id: int, external_ids: Sequence[str], *, requested_at: datetime
) -> list[str]:
    """Mark products as deleted unless an event changed them since the sync began. Returns their ids."""
    values = {"id": sync_id, "external_ids": list(external_ids), "requested_at": requested_at}
    return list((await connection.execute(_REMOVE, values)).scalars())
