"""Events in the table whose workflow was never started."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EventStatus, ProductEvent
from database.events.insert import DELIVERED, delivered_values, insert_event
from database.events.log import started_again
from database.sql import literal

_KEEP = text(f"""
    {insert_event(DELIVERED, status=EventStatus.RECEIVED)} DO UPDATE
    SET status = excluded.status, run_id = NULL, event_type = excluded.event_type,
        external_id = excluded.external_id, product_key = excluded.product_key, payload = excluded.payload,
        version = excluded.version, received_at = excluded.received_at, reason = '', finished_at = NULL,
        superseded_by = NULL, confirm = excluded.confirm, pulled_at = NULL
    WHERE e.status = {literal(EventStatus.FAILED)}
    RETURNING e.id
""")

_WAITING = text(f"""
    SELECT id, store_id, event_id, event_type, external_id, product_key, version, received_at,
           source_address, user_agent, confirm
    FROM events
    WHERE status = {literal(EventStatus.RECEIVED)} AND run_id IS NULL AND received_at < :older_than
    ORDER BY received_at LIMIT :limit
""")

_HAND_OVER = text(f"""
    UPDATE events SET status = {literal(EventStatus.WAITING)}
    WHERE id = ANY(:ids) AND status = {literal(EventStatus.RECEIVED)}
""")


async def keep(connection: AsyncConnection, event: ProductEvent) -> bool:
    """Write an event that no workflow has taken yet; False where it was already taken and did not fail."""
    return (await connection.execute(_KEEP, delivered_values(event))).scalar_one_or_none() is not None


async def waiting(
    connection: AsyncConnection, *, older_than: datetime, limit: int
) -> list[tuple[int, ProductEvent]]:
    """Events that were written but whose workflow was never started, oldest first, without bodies."""
    rows = await connection.execute(_WAITING, {"older_than": older_than, "limit": limit})
    return [(row["id"], started_again(dict(row))) for row in rows.mappings()]


async def handed_over(connection: AsyncConnection, row_ids: Sequence[int]) -> None:
    await connection.execute(_HAND_OVER, {"ids": list(row_ids)})
