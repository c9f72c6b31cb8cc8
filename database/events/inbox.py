"""The inbox: events that were stored when they were acknowledged, and may have no workflow yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import RUNNABLE, EventStatus, ProductEvent
from database.events.insert import (
    DELIVERED,
    EACH_DELIVERED,
    FROM_EACH,
    delivered_values,
    each_delivered_values,
    insert_event,
)
from database.events.log import RESTART_COLUMNS, event_to_restart
from database.sql import in_, literal, names

OF_OTHERS = timedelta(minutes=5)
"""How long an event of another task queue is left to the inbox of that queue."""

_NOW = text("SELECT now()")

_PENDING = {"is_pending": "true"}

_AGAIN = f"""
    DO UPDATE
    SET status = excluded.status, workflow_id = excluded.workflow_id, run_id = NULL,
        event_type = excluded.event_type, external_id = excluded.external_id,
        product_key = excluded.product_key, payload = excluded.payload, version = excluded.version,
        received_at = excluded.received_at, burst_started_at = excluded.burst_started_at,
        is_pending = true, reason = '', finished_at = NULL, superseded_by = NULL,
        confirm = excluded.confirm, is_bulk = excluded.is_bulk, pulled_at = NULL
    WHERE e.status = {literal(EventStatus.FAILED)}
       OR e.payload IS NULL AND e.payload_trimmed_at IS NULL AND e.finished_at IS NULL
    RETURNING e.id, e.event_id
"""

_STORE = text(f"""
    {insert_event({**DELIVERED, **_PENDING}, status=EventStatus.RECEIVED)} {_AGAIN}
""")

_STORE_EACH = text(f"""
    {insert_event({**EACH_DELIVERED, **_PENDING}, status=EventStatus.RECEIVED, source=FROM_EACH)} {_AGAIN}
""")

_ENDED = {"finished_at": "now()", "processing_time_ms": "0"}

_UNREAD_AGAIN = f"""
    DO UPDATE
    SET redeliveries = e.redeliveries + 1, payload = coalesce(e.payload, excluded.payload),
        reason = CASE WHEN e.status = {literal(EventStatus.FAILED)} THEN excluded.reason ELSE e.reason END
    RETURNING redeliveries = 0 AS is_new
"""

_STORE_UNREAD = text(f"""
    {insert_event({**DELIVERED, **_ENDED, "reason": ":reason"}, status=EventStatus.FAILED)} {_UNREAD_AGAIN}
""")

_UNREAD_EACH = {**EACH_DELIVERED, **_ENDED, "reason": "one.reason"}

_STORE_UNREAD_EACH = text(f"""
    {insert_event(_UNREAD_EACH, status=EventStatus.FAILED, source=FROM_EACH)} {_UNREAD_AGAIN}
""")

_IS_UNSTARTED = f"status = {literal(EventStatus.RECEIVED)} AND run_id IS NULL"

# The first CTE skips from store to store in the index, so that a store with many events costs no more.
_UNSTARTED = text(f"""
    WITH RECURSIVE waiting AS (
        (SELECT is_bulk, store_id FROM events WHERE {_IS_UNSTARTED} ORDER BY is_bulk, store_id LIMIT 1)
        UNION ALL
        SELECT following.is_bulk, following.store_id FROM waiting w CROSS JOIN LATERAL (
            SELECT is_bulk, store_id FROM events
            WHERE {_IS_UNSTARTED} AND (is_bulk, store_id) > (w.is_bulk, w.store_id)
            ORDER BY is_bulk, store_id LIMIT 1) AS following
    )
    SELECT e.id, {names(RESTART_COLUMNS, "e.")}
    FROM waiting w CROSS JOIN LATERAL (
        SELECT *, row_number() OVER (ORDER BY received_at) AS turn FROM (
            SELECT id, {names(RESTART_COLUMNS)} FROM events
            WHERE {_IS_UNSTARTED} AND is_bulk = w.is_bulk AND store_id = w.store_id
              AND received_at < now() - CASE WHEN starts_with(workflow_id, :own) THEN CAST(:grace AS interval)
                                             ELSE CAST(:grace_of_others AS interval) END
            ORDER BY received_at LIMIT :limit) AS oldest
    ) AS e
    ORDER BY e.is_bulk, e.turn, e.received_at LIMIT :limit
""")

_MARK_STARTED = text(f"""
    UPDATE events SET status = {literal(EventStatus.WAITING)}
    WHERE id = ANY(:ids) AND status = {literal(EventStatus.RECEIVED)}
""")


_IS_SETTLED = text(f"""
    SELECT FROM events
    WHERE store_id = :store_id AND event_id = :event_id AND status NOT IN {in_(RUNNABLE)}
""")

_REJECT = text(f"""
    UPDATE events SET status = {literal(EventStatus.FAILED)}, reason = :reason, is_pending = false
    WHERE id = :id AND status = {literal(EventStatus.RECEIVED)}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event as it was stored, with its time of arrival, and the number of its row."""

    row_id: int
    event: ProductEvent


async def store(connection: AsyncConnection, event: ProductEvent, *, workflow_id: str) -> StoredEvent | None:
    """Insert an event that has no workflow yet; returns None if it exists already and has not failed.

    Older events of the subject that debounce end in favour of it. An event without a time of arrival arrives
    now. An event that waits without its body, as after a restore of the database, gets the body.
    """
    if event.received_at is None:
        event = replace(event, received_at=(await connection.execute(_NOW)).scalar_one())
    stored = await connection.execute(_STORE, delivered_values(event, workflow_id=workflow_id))
    row_id = stored.scalar_one_or_none()
    return None if row_id is None else StoredEvent(row_id=row_id, event=event)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadEvent:
    """An event that cannot be read, and the sentence that says why."""

    event: ProductEvent
    reason: str


async def store_all(
    connection: AsyncConnection,
    events: Sequence[ProductEvent],
    unread: Sequence[UnreadEvent],
    *,
    workflow_id: Callable[[ProductEvent], str],
) -> list[StoredEvent]:
    """Like `store` and `store_unread`, for many events with different ids; returns those to be started."""
    now = (await connection.execute(_NOW)).scalar_one()
    arrived = {
        event.event_id: replace(event, received_at=event.received_at or now)
        for event in (*events, *(one.event for one in unread))
    }
    rows = [delivered_values(arrived[one.event_id], workflow_id=workflow_id(one)) for one in events]
    failed = [
        {**delivered_values(arrived[one.event.event_id], workflow_id=""), "reason": one.reason}
        for one in unread
    ]
    if failed:
        await connection.execute(_STORE_UNREAD_EACH, each_delivered_values(failed))
    if not rows:
        return []
    stored = await connection.execute(_STORE_EACH, each_delivered_values(rows))
    by_id = {row.event_id: row.id for row in stored}
    return [
        StoredEvent(row_id=by_id[event_id], event=event)
        for event_id, event in arrived.items()
        if event_id in by_id
    ]


async def store_unread(connection: AsyncConnection, event: ProductEvent, reason: str) -> bool:
    """Insert an event that cannot be read as failed, without a workflow; returns False if it exists already.

    A retry runs it like any failed event. An event without a time of arrival arrives now.
    """
    if event.received_at is None:
        event = replace(event, received_at=(await connection.execute(_NOW)).scalar_one())
    values = {**delivered_values(event, workflow_id=""), "reason": reason}
    return bool((await connection.execute(_STORE_UNREAD, values)).scalar_one())


async def is_settled(connection: AsyncConnection, event: ProductEvent) -> bool:
    """Returns whether the event log has the event, and the event has ended without failing."""
    key = {"store_id": event.store_id, "event_id": event.event_id}
    return (await connection.execute(_IS_SETTLED, key)).first() is not None


async def unstarted(
    connection: AsyncConnection,
    *,
    own: str,
    grace: timedelta,
    grace_of_others: timedelta = OF_OTHERS,
    limit: int,
) -> list[tuple[int, ProductEvent]]:
    """Returns events without a workflow as (row, event), the oldest ones; events come without their bodies.

    Events of batches come after all others, and stores take turns. Events that arrived within `grace` are
    left out. Those with a workflow id that does not begin with `own` are of a service with another task
    queue, or were accepted before it was changed; they have `grace_of_others`.
    """
    values = {"own": own, "grace": grace, "grace_of_others": grace_of_others, "limit": limit}
    rows = await connection.execute(_UNSTARTED, values)
    return [(row["id"], event_to_restart(dict(row))) for row in rows.mappings()]


async def mark_started(connection: AsyncConnection, row_ids: Sequence[int]) -> None:
    """Move events to `waiting` once their workflows are started."""
    await connection.execute(_MARK_STARTED, {"ids": list(row_ids)})


async def reject(connection: AsyncConnection, row_id: int, reason: str) -> None:
    """Mark an event as failed that no workflow can be started for."""
    await connection.execute(_REJECT, {"id": row_id, "reason": reason})
