"""Events in the table whose workflow was never started."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import ProductEvent
from database.event_log import started_again

_WAITING = text("""
    SELECT id, store_id, event_id, event_type, external_id, product_key, version, received_at,
           source_address, user_agent
    FROM events
    WHERE status = 'received' AND run_id IS NULL AND received_at < :older_than
    ORDER BY received_at LIMIT :limit
""")

_HAND_OVER = text("UPDATE events SET status = 'waiting' WHERE id = ANY(:ids) AND status = 'received'")


async def waiting(
    connection: AsyncConnection, *, older_than: datetime, limit: int
) -> list[tuple[int, ProductEvent]]:
    """Events that were written but whose workflow was never started, oldest first, without bodies."""
    rows = await connection.execute(_WAITING, {"older_than": older_than, "limit": limit})
    return [(row["id"], started_again(dict(row))) for row in rows.mappings()]


async def handed_over(connection: AsyncConnection, row_ids: Sequence[int]) -> None:
    await connection.execute(_HAND_OVER, {"ids": list(row_ids)})
