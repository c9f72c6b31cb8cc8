"""Write the event log: open an event, claim its text for indexing, finish it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import RowGone
from contracts.events import (
    EventStatus,
    EventType,
    FinishedEvent,
)
from database.events.debounce import LATER_PENDING_EVENT, NEWER_PENDING_EVENT, Debounce, Newer, yield_to
from database.events.ownership import is_owned
from database.locks import lock
from database.sql import literal

_OPEN = text(f"""
    SELECT e.id, e.store_id, e.event_id, e.event_type, e.external_id, e.product_key,
           CASE WHEN :with_payload THEN CAST(e.payload AS text) END AS payload, e.version,
           coalesce(e.pulled_at, e.received_at) AS received_at, e.superseded_by,
           CASE WHEN e.superseded_by IS NULL AND e.is_pending THEN ({NEWER_PENDING_EVENT}) END AS newer,
           e.confirm, e.finished_at IS NOT NULL AND e.run_id = :run_id AS has_ended, e.status, e.reason,
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
    UPDATE events SET status = {literal(EventStatus.PROCESSING)}, is_pending = false
    WHERE id = :id AND {is_owned()}
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

_HAS_ENDED = text(f"""
    SELECT FROM events WHERE id = :id AND {is_owned()} AND run_id = :run_id AND finished_at IS NOT NULL
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

    `payload` is JSON, which may be large; empty where there is none or it was not asked for. `came_late` is
    whether the event that it is `superseded_by` had arrived before it. `received_at` is the time at which the
    payload was read, if it was read from the shop. `has_ended` is whether the event has ended in this run;
    then `status` and `reason` are its outcome.
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
    came_late: bool = False
    has_ended: bool = False
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """The event that a text is left to, or the text and the product that this event indexes."""

    leader: str | None
    product_id: int | None
    content_hash: str | None


async def open_event(
    connection: AsyncConnection,
    row_id: int,
    *,
    workflow_id: str,
    run_id: str,
    debounce: Debounce,
    with_payload: bool = True,
) -> OpenedEvent:
    """Read an event and lock its product, so that events of one product are saved one at a time.

    An event that a newer one of its subject supersedes, recorded or not, is marked as such. Raises RowGone if
    the row is not the workflow's own. A deletion names no parent: a variation that was
    inserted since the event was recorded may show which product it belongs to.
    """
    asked = {
        "id": row_id,
        "workflow_id": workflow_id,
        "run_id": run_id,
        "with_payload": with_payload,
        **debounce.parameters,
    }
    row = (await connection.execute(_OPEN, asked)).mappings().one_or_none()
    if row is None:
        raise RowGone
    values = {name: row[name] for name in OpenedEvent.__dataclass_fields__ if name in row}
    if row["newer"]:
        newer = Newer(*row["newer"])
        await yield_to(connection, row_id, newer)
        values |= {"superseded_by": newer.event_id, "came_late": not newer.came_later}
    change = OpenedEvent(
        **{**values, "event_type": EventType(row["event_type"]), "payload": row["payload"] or ""}
    )
    if change.event_type is EventType.DELETED and change.product_key == change.external_id:
        joined = (await connection.execute(_JOIN_PARENT, {"id": row_id})).one_or_none()
        if joined is not None:
            return replace(change, product_key=joined.product_key)
    return change


async def claim_indexing(
    connection: AsyncConnection,
    row_id: int,
    *,
    workflow_id: str,
    changed: bool,
    model: str,
    debounce: Debounce,
) -> ClaimResult:
    """Move an event to `processing` and decide which event indexes its product's current text.

    The last pending event claims the text: either it `changed` the text, or an earlier event left the text to
    it, even if it turned out to be stale. The result names the event a text is left to, or the claimed text.
    Idempotent. Raises RowGone if the row is not the workflow's own any more.
    """
    values = {
        "id": row_id,
        "workflow_id": workflow_id,
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

    An event that has ended in this run is not abandoned: a step ended it, and its result was not awaited.
    Raises RowGone if the row is not the workflow's own, or does not show that the change was saved.
    """
    owned = {"id": event.event_row, "workflow_id": workflow_id}
    if event.abandons:
        if (await connection.execute(_HAS_ENDED, {**owned, "run_id": run_id})).first() is not None:
            return
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
