"""Debounce: how long an event waits for newer changes of its product, and which events it supersedes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EventStatus
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

NEWER_PENDING_EVENT = f"""
    SELECT jsonb_build_array(o.event_id, o.received_at > e.received_at) FROM events o
    WHERE o.store_id = e.store_id AND o.product_key IN (e.product_key, e.external_id)
      AND o.external_id = e.external_id AND o.id <> e.id AND o.is_pending AND o.superseded_by IS NULL
      AND e.burst_started_at > {_OLDEST} AND {is_older(alias("e"), than=alias("o"), of=alias("e"))}
    ORDER BY o.received_at DESC LIMIT 1
"""
"""SQL: the last pending event of the same subject that is newer, unless the burst has lasted for too long.

The array is the id of that event, and whether it arrived later; `Newer` holds it. That event may not be
recorded by its workflow yet. A variation is filed under itself until then, if its delivery names no product.
"""

# The newer row is locked first, as by the workflow of the newer event when it supersedes the older one.
_YIELD = text("""
    WITH going_on AS (
        UPDATE events o SET burst_started_at = least(o.burst_started_at, e.burst_started_at)
        FROM events e
        WHERE e.id = :id AND o.store_id = e.store_id AND o.event_id = :newer AND o.is_pending
        RETURNING o.id
    )
    UPDATE events SET superseded_by = :newer WHERE id = :id AND (SELECT count(*) FROM going_on) >= 0
""")

_SUPERSEDE = text(f"""
    WITH newer AS (
        SELECT found.newer FROM events e CROSS JOIN LATERAL ({NEWER_PENDING_EVENT}) AS found(newer)
        WHERE e.id = :id
    ), superseded AS (
        UPDATE events o SET superseded_by = :event_id
        WHERE o.store_id = :store_id AND o.product_key IN (:external_id, :product_key)
          AND o.external_id = :external_id AND o.is_pending
          AND (o.superseded_by IS NULL OR o.superseded_by = :event_id) AND o.burst_started_at > {_OLDEST}
          AND o.received_at <= :received_at
          AND {is_older(alias("o"), than=BOUND)} AND NOT EXISTS (SELECT FROM newer)
        RETURNING o.workflow_id
    )
    SELECT (SELECT newer FROM newer) AS newer, ARRAY(SELECT workflow_id FROM superseded) AS superseded
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


class Newer(NamedTuple):
    """A newer event of the same subject, and whether it also arrived later."""

    event_id: str
    came_later: bool

    @property
    def status(self) -> EventStatus:
        """The status of the older event: a change that comes too late is stale."""
        return EventStatus.SUPERSEDED if self.came_later else EventStatus.STALE


async def place_in_burst(
    connection: AsyncConnection, values: Mapping[str, object]
) -> tuple[Newer | None, tuple[str, ...]]:
    """Returns the newer event that supersedes an event, or the workflows of the older ones it supersedes.

    Older pending events of the same subject are marked as superseded, unless there is a newer one. An older
    change that arrived later ends as stale in its own run. The product must be locked by an earlier
    statement: until then another event may be saved, and leave its text to this one.
    """
    row = (await connection.execute(_SUPERSEDE, values)).one()
    return Newer(*row.newer) if row.newer else None, tuple(row.superseded)


async def yield_to(connection: AsyncConnection, row_id: int, newer: Newer) -> None:
    """Mark a pending event as superseded by a newer one, which goes on with its burst."""
    await connection.execute(_YIELD, {"id": row_id, "newer": newer.event_id})
