"""The inbox: events that were stored when they were acknowledged, and may have no workflow yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import RUNNABLE, EventStatus, ProductEvent
from database.events.insert import DELIVERED, delivered_values, insert_event
from database.events.log import RESTART_COLUMNS, event_to_restart
from database.sql import in_, literal, names

OF_OTHERS = timedelta(minutes=5)
"""How long an event of another task queue is left to the inbox of that queue."""

_NOW = text("SELECT now()")

_STORED = {**DELIVERED, "is_pending": "true"}

_STORE = text(f"""
    {insert_event(_STORED, status=EventStatus.RECEIVED)} DO UPDATE
    SET status = excluded.status, workflow_id = excluded.workflow_id, run_id = NULL,
        event_type = excluded.event_type, external_id = excluded.external_id,
        product_key = excluded.product_key, payload = excluded.payload, version = excluded.version,
        received_at = excluded.received_at, burst_started_at = excluded.burst_started_at,
        is_pending = true, reason = '', finished_at = NULL, superseded_by = NULL,
        confirm = excluded.confirm, pulled_at = NULL
    WHERE e.status = {literal(EventStatus.FAILED)}
       OR e.payload IS NULL AND e.payload_trimmed_at IS NULL AND e.finished_at IS NULL
    RETURNING e.id
""")

_UNREAD = {**DELIVERED, "reason": ":reason", "finished_at": "now()", "processing_time_ms": "0"}

_STORE_UNREAD = text(f"""
    {insert_event(_UNREAD, status=EventStatus.FAILED)} DO UPDATE
    SET redeliveries = e.redeliveries + 1, payload = coalesce(e.payload, excluded.payload),
        reason = CASE WHEN e.status = {literal(EventStatus.FAILED)} THEN excluded.reason ELSE e.reason END
    RETURNING redeliveries = 0 AS is_new
""")

_UNSTARTED = text(f"""
    SELECT id, {names(RESTART_COLUMNS)} FROM events
    WHERE status = {literal(EventStatus.RECEIVED)} AND run_id IS NULL
      AND received_at < now() - CASE WHEN starts_with(workflow_id, :own) THEN CAST(:grace AS interval)
                                     ELSE CAST(:grace_of_others AS interval) END
    ORDER BY received_at LIMIT :limit
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
    """Returns the oldest events without a workflow as (row, event); events come without their bodies.

    Events that arrived within `grace` are left out. Those with a workflow id that does not begin with `own`
    are of a service with another task queue, or were accepted before it was changed; they have
    `grace_of_others`.
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
