"""Read the event log: filtered, newest first, in pages with a cursor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from contracts.deliveries import IgnoredDelivery
from contracts.events import SUCCESSFUL, EventStatus, EventType, ProductEvent
from database.events.insert import insert_event
from database.events.summary import REASON_CHARACTERS
from database.tables import events

_LISTED = [column for column in events.c if column.name not in ("payload", "attempts")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Filters of the event log; None does not filter. Times are times of arrival, `since` is inclusive.

    `reason` is how a reason begins: its first `REASON_CHARACTERS` characters.
    """

    status: EventStatus | None = None
    event_type: EventType | None = None
    store_id: int | None = None
    external_id: str | None = None
    processed_successfully: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None

    @property
    def statuses(self) -> tuple[EventStatus, ...] | None:
        """The statuses that satisfy the filter; None for all."""
        if self.processed_successfully is None:
            return None if self.status is None else (self.status,)
        return tuple(
            status
            for status in EventStatus
            if (status in SUCCESSFUL) is self.processed_successfully and self.status in (None, status)
        )

    def conditions(self) -> list[ColumnElement[bool]]:
        """Returns the conditions of all filters except those on the status."""
        conditions = []
        if self.event_type is not None:
            conditions.append(_exactly(events.c.event_type, self.event_type.value))
        if self.store_id is not None:
            conditions.append(_exactly(events.c.store_id, self.store_id))
        if self.external_id is not None:
            conditions.append(events.c.external_id == self.external_id)
        if self.since is not None:
            conditions.append(events.c.received_at >= self.since)
        if self.until is not None:
            conditions.append(events.c.received_at < self.until)
        if self.reason is not None:
            conditions.append(func.left(events.c.reason, REASON_CHARACTERS) == self.reason)
        return conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last event of a page; the next page begins after it."""

    received_at: datetime
    id: int


def page_of(filters: EventFilter, *, after: Cursor | None, limit: int) -> Select[Any]:
    """Returns the statement of a page; it reads one row more, which shows whether there is a next page.

    For several statuses, one page per status is read from an index, and their newest rows are taken. Reading
    by time would skip all events of other statuses, which may be nearly all of them.
    """
    conditions = filters.conditions()
    if after is not None:
        conditions.append(tuple_(events.c.received_at, events.c.id) < (after.received_at, after.id))
    page = select(*_LISTED).where(true(), *conditions).limit(limit + 1)
    if filters.statuses is None:
        return _newest_first(page, events.c)
    of_each = [_newest_first(page.where(_is(status)), events.c) for status in filters.statuses]
    if len(of_each) < 2:
        return of_each[0] if of_each else page.where(false())
    rows = union_all(*(select(one.subquery()) for one in of_each)).subquery()
    return _newest_first(select(rows).limit(limit + 1), rows.c)


def _exactly(column: Column[Any], value: str | int) -> ColumnElement[bool]:
    """Compare with a literal: the best plan depends on how many events have this value."""
    return column == bindparam(None, value, column.type, literal_execute=True)


def _is(status: EventStatus) -> ColumnElement[bool]:
    return _exactly(events.c.status, status.value)


def _newest_first(rows: Select[Any], columns: ReadOnlyColumnCollection[str, Any]) -> Select[Any]:
    return rows.order_by(columns["received_at"].desc(), columns["id"].desc())


async def list_events(
    connection: AsyncConnection, filters: EventFilter, *, after: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Returns a page and the cursor of the next one, if there is one."""
    rows = [
        dict(row) for row in (await connection.execute(page_of(filters, after=after, limit=limit))).mappings()
    ]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Cursor(received_at=last["received_at"], id=last["id"])


def counts_of(filters: EventFilter) -> Select[Any]:
    """The statement that counts by status."""
    counted = select(events.c.status, func.count()).where(true(), *filters.conditions())
    if filters.statuses is not None:
        counted = counted.where(or_(false(), *map(_is, filters.statuses)))
    return counted.group_by(events.c.status)


async def count_by_status(connection: AsyncConnection, filters: EventFilter) -> dict[str, int]:
    """Returns the number of events by status; without filters, or by store, an index alone has the answer."""
    rows = await connection.execute(counts_of(filters))
    return {row[0]: row[1] for row in rows}


async def read_event(connection: AsyncConnection, row_id: int) -> dict[str, Any] | None:
    """Returns all columns of an event, including payload and attempts."""
    row = (await connection.execute(select(events).where(events.c.id == row_id))).mappings().one_or_none()
    return dict(row) if row else None


def failed_count_of(filters: EventFilter, *, most: int | None = None) -> Select[Any]:
    """The statement that counts failed events, at most so many."""
    if filters.statuses is not None and EventStatus.FAILED not in filters.statuses:
        return select(func.count()).where(false())
    found: Select[Any] = select(literal_column("1")).where(*filters.conditions(), _is(EventStatus.FAILED))
    return select(func.count()).select_from(found.limit(most).subquery())


async def count_failed(connection: AsyncConnection, filters: EventFilter, *, most: int | None = None) -> int:
    """Returns how many failed events satisfy the filters, at most `most`.

    Without filters, or by store, an index alone has the answer.
    """
    count: int = (await connection.execute(failed_count_of(filters, most=most))).scalar_one()
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEvents:
    """Failed events to restart, without their bodies, their rows, and the cursor of the following ones."""

    events: Sequence[ProductEvent]
    remaining: int
    following: Cursor | None
    rows: Sequence[int] = ()


async def failed_events(
    connection: AsyncConnection,
    filters: EventFilter,
    *,
    limit: int,
    after: Cursor | None = None,
    only: int | None = None,
) -> FailedEvents:
    """Returns the oldest failed events that satisfy the filters and come after `after`."""
    if filters.statuses is not None and EventStatus.FAILED not in filters.statuses:
        return FailedEvents(events=(), remaining=0, following=None)
    conditions = [*filters.conditions(), _is(EventStatus.FAILED)]
    if only is not None:
        conditions.append(events.c.id == only)
    if after is not None:
        conditions.append(tuple_(events.c.received_at, events.c.id) > (after.received_at, after.id))
    found = await connection.execute(
        select(*_LISTED, func.count().over().label("found"))
        .where(*conditions)
        .order_by(events.c.received_at, events.c.id)
        .limit(limit)
    )
    rows = [dict(row) for row in found.mappings()]
    remaining = rows[0]["found"] - len(rows) if rows else 0
    return FailedEvents(
        events=[event_to_restart(row) for row in rows],
        rows=[row["id"] for row in rows],
        remaining=remaining,
        following=Cursor(received_at=rows[-1]["received_at"], id=rows[-1]["id"]) if remaining else None,
    )


RESTART_COLUMNS = (
    "store_id",
    "event_id",
    "event_type",
    "external_id",
    "product_key",
    "version",
    "received_at",
    "source_address",
    "user_agent",
    "confirm",
    "is_bulk",
)
"""The columns that `event_to_restart` reads."""


def event_to_restart(row: Mapping[str, Any]) -> ProductEvent:
    """Returns the argument to restart an event's workflow with; the body stays in the row."""
    return ProductEvent(
        store_id=row["store_id"],
        event_id=row["event_id"],
        event_type=EventType(row["event_type"]),
        external_id=row["external_id"],
        parent=row["product_key"] if row["product_key"] != row["external_id"] else None,
        version=row["version"],
        received_at=row["received_at"],
        source_address=row["source_address"],
        user_agent=row["user_agent"],
        confirm=row["confirm"],
        is_bulk=row["is_bulk"],
    )


_IGNORED = {
    "store_id": ":store_id",
    "event_id": ":event_id",
    "event_type": ":event_type",
    "external_id": "''",
    "product_key": "''",
    "workflow_id": "''",
    "payload": "CAST(:payload AS json)",
    "reason": ":reason",
    "source_address": ":source_address",
    "user_agent": ":user_agent",
    "finished_at": "now()",
    "processing_time_ms": "0",
}

_LOG_IGNORED = text(f"""
    {insert_event(_IGNORED, status=EventStatus.IGNORED)}
    DO UPDATE SET redeliveries = e.redeliveries + 1
""")


async def log_ignored(
    connection: AsyncConnection,
    store_id: int,
    ignored: IgnoredDelivery,
    *,
    source_address: str,
    user_agent: str,
) -> None:
    """Log a delivery that concerns no product; a repetition is only counted."""
    payload = ignored.payload_json
    if ignored.payload is not None:
        payload = orjson.dumps(ignored.payload).decode()
    await connection.execute(
        _LOG_IGNORED,
        {
            "store_id": store_id,
            "event_id": ignored.event_id,
            "event_type": ignored.topic,
            "payload": payload,
            "reason": ignored.reason,
            "source_address": source_address,
            "user_agent": user_agent,
        },
    )
