"""Write the event log: record an event, open it, claim its text for indexing, finish it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import RowGone
from contracts.events import (
    RUNNABLE,
    EventOutcome,
    EventStatus,
    EventType,
    FinishedEvent,
    ProductEvent,
    RecordedEvent,
)
from database.events.debounce import BURST_START, LATER_PENDING_EVENT, SECONDS_LEFT, Debounce, supersede_older
from database.events.insert import DELIVERED, delivered_values, insert_event
from database.events.ownership import is_owned
from database.locks import lock
from database.sql import in_, literal

_RECORDED = {
    **DELIVERED,
    "received_at": "least(CAST(:received_at AS timestamptz), clock_timestamp())",
    "product_key": "thing.product_key",
    "burst_started_at": BURST_START,
    "is_pending": "true",
    "run_id": ":run_id",
    "attempts": "jsonb_build_object(CAST(:run_id AS text), jsonb_build_object('started_at', now()))",
}

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
        payload = coalesce(excluded.payload, e.payload), confirm = excluded.confirm,
        version = CASE WHEN excluded.payload IS NULL AND e.pulled_at IS NOT NULL THEN e.version
                       ELSE excluded.version END,
        pulled_at = CASE WHEN excluded.payload IS NULL THEN e.pulled_at END,
        received_at = excluded.received_at, burst_started_at = excluded.burst_started_at,
        attempts = excluded.attempts || e.attempts, reason = '', notes = DEFAULT, finished_at = NULL,
        superseded_by = CASE WHEN e.run_id = excluded.run_id THEN e.superseded_by END
    WHERE e.status IN {in_(RUNNABLE)} AND (e.finished_at IS NULL OR e.run_id IS DISTINCT FROM excluded.run_id)
      AND (e.workflow_id = excluded.workflow_id OR e.run_id IS NULL OR e.finished_at IS NOT NULL)
    RETURNING e.id, e.received_at, {SECONDS_LEFT} AS seconds_left,
              e.confirm AND EXISTS (SELECT FROM stores WHERE id = :store_id AND type = ANY(:readable)
                                    AND credentials IS NOT NULL AND base_url <> '') AS confirm
""")

_COUNT_REDELIVERY = text("""
    UPDATE events SET redeliveries = redeliveries + CASE WHEN run_id = :run_id THEN 0 ELSE 1 END
    WHERE store_id = :store_id AND event_id = :event_id
    RETURNING id, run_id = :run_id AS is_ours, status, reason
""")

_OPEN = text(f"""
    SELECT e.id, e.store_id, e.event_id, e.event_type, e.external_id, e.product_key,
           CASE WHEN :with_payload THEN CAST(e.payload AS text) END AS payload, e.version,
           coalesce(e.pulled_at, e.received_at) AS received_at, e.superseded_by, e.confirm,
           e.payload_trimmed_at IS NOT NULL AS is_trimmed,
           e.payload IS NULL AND e.event_type <> {literal(EventType.DELETED)} AS is_without_body,
           s.user_id, s.type AS platform, s.currency,
           {lock(store="e.store_id", key="e.product_key")}
    FROM events e JOIN stores s ON s.id = e.store_id
    WHERE e.id = :id AND {is_owned("e.")}
""")

_JOIN_PARENT = text(f"""
    UPDATE events e SET product_key = v.parent_external_id
    FROM product_variations v
    WHERE e.id = :id AND v.store_id = e.store_id AND v.external_id = e.external_id
      AND e.product_key <> v.parent_external_id
    RETURNING e.product_key, {lock(store="e.store_id", key="v.parent_external_id")}
""")

_CLAIM = text(f"""
    WITH pending AS (
        {LATER_PENDING_EVENT}
    ), taken AS (
        UPDATE products p
        SET claimed_hash = CASE WHEN NOT EXISTS (SELECT FROM pending) THEN p.content_hash END,
            claimed_by = e.id
        FROM events e
        WHERE e.id = :id AND p.store_id = e.store_id AND p.external_id = e.product_key AND p.is_active
          AND (p.knowledge_hash, p.knowledge_model) IS DISTINCT FROM (p.content_hash, :model)
          AND (:changed OR p.claimed_hash IS DISTINCT FROM p.content_hash OR p.claimed_by = e.id)
        RETURNING p.id, p.claimed_hash
    )
    UPDATE events SET status = {literal(EventStatus.PROCESSING)}, is_pending = false WHERE id = :id
    RETURNING (SELECT event_id FROM pending) AS leader,
              (SELECT id FROM taken WHERE claimed_hash IS NOT NULL) AS product_id,
              (SELECT claimed_hash FROM taken) AS content_hash
""")

_UPDATE_STATUS = text(f"""
    UPDATE events SET status = :status, reason = :reason
    WHERE id = :id AND {is_owned()} AND finished_at IS NULL
""")

_ADD_NOTES = text("""
    UPDATE events
    SET notes = ARRAY(SELECT note
                      FROM unnest(notes || CAST(:notes AS text[])) WITH ORDINALITY AS n(note, place)
                      GROUP BY note ORDER BY min(place))
    WHERE id = :id
""")

_FINISH = text(f"""
    UPDATE events e
    SET (status, reason, finished_at, processing_time_ms) = (
            SELECT e.status, e.reason, e.finished_at, e.processing_time_ms
            WHERE e.payload_trimmed_at IS NOT NULL
            UNION ALL
            SELECT :status, :reason, now(),
                   least(extract(epoch FROM now() - e.received_at) * 1000, 2147483647)
            WHERE e.payload_trimmed_at IS NULL),
        is_pending = false,
        attempts = jsonb_set(attempts, ARRAY[CAST(:run_id AS text)],
                             coalesce(attempts -> CAST(:run_id AS text), '{{}}')
                             || jsonb_build_object('finished_at', now(), 'status', CAST(:status AS text),
                                                   'reason', CAST(:reason AS text)))
    WHERE id = :id AND {is_owned()} AND NOT (:saved AND is_pending AND payload_trimmed_at IS NULL)
    RETURNING id
""")

_RELEASE_CLAIM = text(f"""
    UPDATE products p SET claimed_hash = NULL
    FROM events e
    WHERE e.id = :id AND {is_owned("e.")} AND NOT e.is_pending
      AND p.store_id = e.store_id AND p.external_id = e.product_key
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEvent:
    """An event that is being processed; its product is locked until the transaction ends.

    `payload` is JSON, which may be large; empty where there is none or it was not asked for. `received_at` is
    the time at which the payload was read, if it was read from the shop.
    """

    id: int
    store_id: int
    user_id: int
    event_id: str
    event_type: EventType
    external_id: str
    product_key: str
    payload: str
    is_trimmed: bool
    is_without_body: bool
    version: datetime | None
    received_at: datetime
    superseded_by: str | None
    platform: str
    currency: str | None
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """The event that a text is left to, or the text and the product that this event indexes."""

    leader: str | None
    product_id: int | None
    content_hash: str | None


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
    is confirmed only with shops of the `readable` types.
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
        ended = EventOutcome(status=EventStatus(earlier.status), reason=earlier.reason)
        return RecordedEvent(row_id=earlier.id, outcome=ended)
    return RecordedEvent(
        row_id=row.id,
        supersedes=await supersede_older(
            connection, {**values, "id": row.id, "received_at": row.received_at}
        ),
        debounce_seconds=float(row.seconds_left),
        confirm=row.confirm,
    )


async def open_event(
    connection: AsyncConnection, row_id: int, *, workflow_id: str, with_payload: bool = True
) -> OpenedEvent:
    """Read an event and lock its product, so that events of one product are saved one at a time.

    Raises RowGone if the row is not the workflow's own. A deletion names no parent: a variation that was
    inserted since the event was recorded may show which product it belongs to.
    """
    asked = {"id": row_id, "workflow_id": workflow_id, "with_payload": with_payload}
    row = (await connection.execute(_OPEN, asked)).mappings().one_or_none()
    if row is None:
        raise RowGone
    values = {name: row[name] for name in OpenedEvent.__dataclass_fields__}
    change = OpenedEvent(
        **{**values, "event_type": EventType(row["event_type"]), "payload": row["payload"] or ""}
    )
    if change.event_type is EventType.DELETED and change.product_key == change.external_id:
        joined = (await connection.execute(_JOIN_PARENT, {"id": row_id})).one_or_none()
        if joined is not None:
            return replace(change, product_key=joined.product_key)
    return change


async def claim_indexing(
    connection: AsyncConnection, row_id: int, *, changed: bool, model: str, debounce: Debounce
) -> ClaimResult:
    """Move an event to `processing` and decide which event indexes its product's current text.

    The last pending event claims the text: either it `changed` the text, or an earlier event left the text to
    it, even if it turned out to be stale. The result names the event a text is left to, or the claimed text.
    Idempotent.
    """
    values = {
        "id": row_id,
        "changed": changed,
        "model": model,
        **debounce.parameters,
    }
    row = (await connection.execute(_CLAIM, values)).mappings().one_or_none()
    if row is None:
        raise RowGone
    return ClaimResult(**row)


async def update_status(
    connection: AsyncConnection, row_id: int, status: EventStatus, reason: str, *, workflow_id: str
) -> None:
    """Write why a workflow's event has not ended yet; an event that has ended stays as it is."""
    await connection.execute(
        _UPDATE_STATUS, {"id": row_id, "workflow_id": workflow_id, "status": status, "reason": reason}
    )


async def add_notes(connection: AsyncConnection, row_id: int, notes: Sequence[str]) -> None:
    """Add sentences about what was cut or left out of an event; a note that is there already stays one."""
    await connection.execute(_ADD_NOTES, {"id": row_id, "notes": list(notes)})


async def finish(connection: AsyncConnection, event: FinishedEvent, *, workflow_id: str, run_id: str) -> None:
    """Write the outcome of a run; an event with a trimmed payload keeps the outcome it had.

    Raises RowGone if the row is not the workflow's own, or does not show that the change was saved.
    """
    owned = {"id": event.event_row, "workflow_id": workflow_id}
    if event.abandons:
        await connection.execute(_RELEASE_CLAIM, owned)
    finished = await connection.execute(
        _FINISH,
        {
            **owned,
            "run_id": run_id,
            "saved": event.saved,
            "status": event.outcome.status,
            "reason": event.outcome.reason,
        },
    )
    if finished.scalar_one_or_none() is None:
        raise RowGone
