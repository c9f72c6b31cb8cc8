"""Debounce: how long an event waits for newer changes of its product, and which events it supersedes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.events.ordering import BOUND, alias, is_older

BURST_START = """
    least(:received_at, (SELECT min(o.burst_started_at) FROM events o
                         WHERE o.store_id = :store_id AND o.product_key = thing.product_key
                           AND o.is_pending AND o.received_at > :oldest))
"""
"""SQL: the start of a new event's burst, which is that of the oldest pending event of its product."""

WAIT_COLUMNS = "e.received_at, e.burst_started_at"
"""SQL: the columns of an event by which `Debounce.seconds_left` decides."""

LATER_PENDING_EVENT = """
    SELECT o.event_id FROM events e JOIN events o USING (store_id, product_key)
    WHERE e.id = :id AND o.id <> e.id AND o.is_pending AND o.superseded_by IS NULL
      AND e.burst_started_at > :oldest AND o.received_at > :oldest
    ORDER BY o.received_at DESC LIMIT 1
"""
"""SQL: the last pending event of the same product, unless the burst has lasted for too long."""

_SUPERSEDE = text(f"""
    UPDATE events o SET superseded_by = :event_id
    WHERE o.store_id = :store_id AND o.external_id = :external_id AND o.is_pending
      AND (o.superseded_by IS NULL OR o.superseded_by = :event_id) AND o.burst_started_at > :oldest
      AND {is_older(alias("o"), than=BOUND)}
    RETURNING o.workflow_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """An event waits `wait` for a newer change of its product; a burst of changes waits `max_wait` in all.

    An event of a burst that has lasted for `max_wait` is not superseded any more and does not leave its text
    to a later event, because it is about to be saved.
    """

    wait: timedelta
    max_wait: timedelta

    def parameters(self, now: datetime) -> dict[str, object]:
        """Returns the parameters of the SQL here; bursts older than `:oldest` waited long enough."""
        return {"oldest": now - self.max_wait}

    def seconds_left(self, event: Row[Any], now: datetime) -> float:
        """Returns how many seconds an event, a row with `WAIT_COLUMNS`, still waits, or 0."""
        deadline: datetime = min(event.received_at + self.wait, event.burst_started_at + self.max_wait)
        return max(0.0, (deadline - now).total_seconds())


async def supersede_older(connection: AsyncConnection, values: Mapping[str, object]) -> tuple[str, ...]:
    """Mark older pending events of the same subject as superseded. Returns the ids of their workflows."""
    return tuple((await connection.execute(_SUPERSEDE, values)).scalars())
