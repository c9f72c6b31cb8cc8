"""Debounce: how long an event waits for newer changes of its product, and which events it supersedes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.events.ordering import BOUND, alias, is_older

_OLDEST = "now() - CAST(:max_wait AS interval)"
"""SQL: bursts that started before this time have waited long enough."""

BURST_START = f"""
    least(:received_at, (SELECT min(o.burst_started_at) FROM events o
                         WHERE o.store_id = :store_id AND o.product_key = thing.product_key
                           AND o.is_pending AND o.received_at > {_OLDEST}))
"""
"""SQL: the start of a new event's burst, which is that of the oldest pending event of its product."""

SECONDS_LEFT = """
    greatest(0, extract(epoch FROM least(e.received_at + CAST(:wait AS interval),
                                         e.burst_started_at + CAST(:max_wait AS interval))
                                   - clock_timestamp()))
"""
"""SQL: how many seconds an event still waits for a newer one, or 0."""

LATER_PENDING_EVENT = f"""
    SELECT o.event_id FROM events e JOIN events o USING (store_id, product_key)
    WHERE e.id = :id AND o.id <> e.id AND o.is_pending AND o.superseded_by IS NULL
      AND e.burst_started_at > {_OLDEST} AND o.received_at > {_OLDEST}
    ORDER BY o.received_at DESC LIMIT 1
"""
"""SQL: the last pending event of the same product, unless the burst has lasted for too long."""

_SUPERSEDE = text(f"""
    UPDATE events o SET superseded_by = :event_id
    WHERE o.store_id = :store_id AND o.external_id = :external_id AND o.is_pending
      AND (o.superseded_by IS NULL OR o.superseded_by = :event_id) AND o.burst_started_at > {_OLDEST}
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

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of the SQL here."""
        return {"wait": self.wait, "max_wait": self.max_wait}


async def supersede_older(connection: AsyncConnection, values: Mapping[str, object]) -> tuple[str, ...]:
    """Mark older pending events of the same subject as superseded. Returns the ids of their workflows."""
    return tuple((await connection.execute(_SUPERSEDE, values)).scalars())
