"""Deliveries that are in the log and started nothing."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.deliveries import Ignored

_LOG_IGNORED = text("""
    INSERT INTO events AS e (store_id, event_id, event_type, external_id, product_key, status, reason,
                             workflow_id, source_address, user_agent, finished_at, processing_time_ms)
    VALUES (:store_id, :event_id, :event_type, '', '', 'ignored', :reason, '', :source_address, :user_agent,
            now(), 0)
    ON CONFLICT (store_id, event_id) DO UPDATE SET redeliveries = e.redeliveries + 1
""")


async def log_ignored(
    connection: AsyncConnection, store_id: int, ignored: Ignored, *, source_address: str, user_agent: str
) -> None:
    """Write down a delivery that means nothing to us; sent again, it is counted."""
    await connection.execute(
        _LOG_IGNORED,
        {
            "store_id": store_id,
            "event_id": ignored.event_id,
            "event_type": ignored.topic,
            "reason": ignored.reason,
            "source_address": source_address,
            "user_agent": user_agent,
        },
    )
