"""Record an event: its workflow takes the event's row, or inserts it, and finds what the event supersedes."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import RUNNABLE, EventOutcome, EventStatus, FinishedEvent, ProductEvent, RecordedEvent
from database.events.debounce import (
    BURST_START,
    SECONDS_LEFT,
    Debounce,
    Newer,
    place_in_burst,
    yield_to,
)
from database.events.insert import DELIVERED, delivered_values, insert_event
from database.events.write import finish
from database.locks import lock
from database.sql import in_

_RECORDED = {
    **DELIVERED,
    "received_at": "least(CAST(:received_at AS timestamptz), clock_timestamp())",
    "product_key": "thing.product_key",
    "burst_started_at": BURST_START,
    "is_pending": "true",
    "run_id": ":run_id",
    "attempts": "jsonb_build_object(CAST(:run_id AS text), jsonb_build_object('started_at', now()))",
}

_IS_ACKNOWLEDGED = "(e.is_pending AND e.run_id IS NULL)"
"""SQL: whether a row was written when its event was acknowledged, and not by a workflow since."""

_RECORD = text(f"""
    WITH thing AS (
        SELECT coalesce(:parent, (SELECT parent_external_id FROM product_variations
                                  WHERE store_id = :store_id AND external_id = :external_id),
                        :external_id) AS product_key,
               {lock(store=":store_id", key=":external_id")}
    )
    {insert_event(_RECORDED, status=EventStatus.WAITING, source="FROM thing")} DO UPDATE
    SET status = excluded.status, is_pending = true, workflow_id = excluded.workflow_id,
        run_id = excluded.run_id,
        event_type = excluded.event_type, external_id = excluded.external_id,
        product_key = excluded.product_key,
        payload = CASE WHEN {_IS_ACKNOWLEDGED} AND e.payload IS NOT NULL AND e.pulled_at IS NULL
                       THEN e.payload ELSE coalesce(excluded.payload, e.payload) END,
        confirm = excluded.confirm,
        version = CASE WHEN excluded.payload IS NULL AND e.pulled_at IS NOT NULL THEN e.version
                       ELSE excluded.version END,
        pulled_at = CASE WHEN excluded.payload IS NULL THEN e.pulled_at END,
        received_at = excluded.received_at,
        burst_started_at = CASE WHEN {_IS_ACKNOWLEDGED}
                                THEN least(e.burst_started_at, excluded.burst_started_at)
                                ELSE excluded.burst_started_at END,
        attempts = excluded.attempts || e.attempts, reason = '', notes = DEFAULT, finished_at = NULL,
        superseded_by = CASE WHEN {_IS_ACKNOWLEDGED} OR e.run_id = excluded.run_id THEN e.superseded_by END
    WHERE e.status IN {in_(RUNNABLE)} AND (e.finished_at IS NULL OR e.run_id IS DISTINCT FROM excluded.run_id)
      AND (e.workflow_id = excluded.workflow_id OR e.run_id IS NULL OR e.finished_at IS NOT NULL)
    RETURNING e.id, e.received_at, e.product_key, e.superseded_by, {SECONDS_LEFT} AS seconds_left,
              e.confirm AND EXISTS (SELECT FROM stores WHERE id = :store_id AND type = ANY(:readable)
                                    AND credentials IS NOT NULL AND base_url <> '') AS confirm
""")

_LOCK_PRODUCT = text(f"SELECT {lock(store=':store_id', key=':product_key')}")

_COUNT_REDELIVERY = text("""
    UPDATE events SET redeliveries = redeliveries + CASE WHEN run_id = :run_id THEN 0 ELSE 1 END
    WHERE store_id = :store_id AND event_id = :event_id
    RETURNING id, run_id = :run_id AS is_ours, status, reason
""")


async def record(
    connection: AsyncConnection,
    event: ProductEvent,
    *,
    workflow_id: str,
    run_id: str,
    debounce: Debounce,
    readable: Sequence[str],
) -> RecordedEvent:
    """Insert the event's row and mark older pending events of the same subject as superseded.

    A row that another workflow has recorded and not ended stays its row: then the event is a duplicate.
    The result of a run that had ended before its worker died, and records again, holds its outcome. An event
    that a newer one of its subject supersedes already ends here. An event is confirmed only with shops of the
    `readable` types.
    """
    values = {
        **delivered_values(event, workflow_id=workflow_id),
        "run_id": run_id,
        **debounce.parameters,
        "readable": list(readable),
    }
    row = (await connection.execute(_RECORD, values)).one_or_none()
    if row is None:
        key = {"store_id": event.store_id, "event_id": event.event_id, "run_id": run_id}
        earlier = (await connection.execute(_COUNT_REDELIVERY, key)).one()
        if not earlier.is_ours:
            return RecordedEvent(row_id=earlier.id, duplicate=True)
        known = EventOutcome(status=EventStatus(earlier.status), reason=earlier.reason)
        return RecordedEvent(row_id=earlier.id, outcome=known)
    if row.product_key != event.external_id:
        await connection.execute(_LOCK_PRODUCT, {"store_id": event.store_id, "product_key": row.product_key})
    found = {"id": row.id, "received_at": row.received_at, "product_key": row.product_key}
    newer, superseded = await place_in_burst(connection, {**values, **found})
    if row.superseded_by:
        newer = Newer(row.superseded_by, came_later=True)
    if newer:
        await yield_to(connection, row.id, newer)
        outcome = EventOutcome(status=newer.status, reason=f"Event {newer.event_id} is newer.")
        ended = FinishedEvent(event_row=row.id, outcome=outcome)
        await finish(connection, ended, workflow_id=workflow_id, run_id=run_id)
        return RecordedEvent(row_id=row.id, outcome=outcome)
    return RecordedEvent(
        row_id=row.id,
        supersedes=superseded,
        debounce_seconds=float(row.seconds_left),
        confirm=row.confirm,
    )
