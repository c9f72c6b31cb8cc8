"""Older events of a product or variation that were not applied, because a newer one takes their place."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EventStatus, EventType
from database.events.ordering import BOUND, alias, is_older, place
from database.events.write import OpenedEvent
from database.sql import literal

MOST = 50
"""The most events that are read; a sender that changes a product more often sends it whole."""

_FIND = text(f"""
    SELECT e.id, e.event_type, CAST(e.payload AS text) AS payload
    FROM events e
    WHERE e.store_id = :store_id AND e.external_id = :external_id AND e.id <> :id
      AND (e.is_pending OR e.status = {literal(EventStatus.SUPERSEDED)}) AND e.payload IS NOT NULL
      AND e.received_at > greatest(
          (SELECT p.received_at FROM products p
           WHERE p.store_id = :store_id AND p.external_id = :external_id),
          (SELECT v.received_at FROM product_variations v
           WHERE v.store_id = :store_id AND v.external_id = :external_id),
          '-infinity')
      AND {is_older(alias("e"), than=BOUND)}
    ORDER BY {place(alias("e"))} DESC LIMIT {MOST}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnappliedEvent:
    """An event that was not applied; `payload` is JSON."""

    id: int
    event_type: EventType
    payload: str


async def find(connection: AsyncConnection, change: OpenedEvent) -> list[UnappliedEvent]:
    """Returns the events that are older than a change and newer than what is stored, the newest first."""
    values = {
        "store_id": change.store_id,
        "external_id": change.external_id,
        "id": change.id,
        "version": change.version,
        "received_at": change.received_at,
    }
    rows = (await connection.execute(_FIND, values)).mappings()
    return [UnappliedEvent(**{**row, "event_type": EventType(row["event_type"])}) for row in rows]
