"""Reading the event log: filtered, newest first, in pages that stay fast however long it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    bindparam,
    false,
    func,
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
from database.tables import events

_LISTED = [column for column in events.c if column.name not in ("payload", "attempts")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """What is asked for; None asks for everything. Times are of arrival, `since` included."""

    status: EventStatus | None = None
    event_type: EventType | None = None
    store_id: int | None = None
    external_id: str | None = None
    processed_successfully: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def statuses(self) -> tuple[EventStatus, ...] | None:
        """The statuses that fit; None where any does."""
        if self.processed_successfully is None:
            return None if self.status is None else (self.status,)
        return tuple(
            status
            for status in EventStatus
            if (status in SUCCESSFUL) is self.processed_successfully and self.status in (None, status)
        )

    def conditions(self) -> list[ColumnElement[bool]]:
        """All but those on the status."""
        found = []
        if self.event_type is not None:
            found.append(_exactly(events.c.event_type, self.event_type.value))
        if self.store_id is not None:
            found.append(_exactly(events.c.store_id, self.store_id))
        if self.external_id is not None:
            found.append(events.c.external_id == self.external_id)
        if self.since is not None:
            found.append(events.c.received_at >= self.since)
        if self.until is not None:
            found.append(events.c.received_at < self.until)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last event of a page; the next page begins after it."""

    received_at: datetime
    id: int


def page_of(asked: EventFilter, *, after: Cursor | None, limit: int) -> Select[Any]:
    """The statement of one page, one row longer than asked, to tell whether there is another.

    Of several statuses the page of each is read from an index, and the newest of those are taken: reading
    all by time would pass over whatever has other statuses, which may be nearly everything.
    """
    conditions = asked.conditions()
    if after is not None:
        conditions.append(tuple_(events.c.received_at, events.c.id) < (after.received_at, after.id))
    page = select(*_LISTED).where(true(), *conditions).limit(limit + 1)
    if asked.statuses is None:
        return _newest_first(page, events.c)
    of_each = [_newest_first(page.where(_is(status)), events.c) for status in asked.statuses]
    if len(of_each) < 2:
        return of_each[0] if of_each else page.where(false())
    rows = union_all(*(select(one.subquery()) for one in of_each)).subquery()
    return _newest_first(select(rows).limit(limit + 1), rows.c)


def _exactly(column: Column[Any], value: str | int) -> ColumnElement[bool]:
    """A value written out, for the best plan depends on how many events have it."""
    return column == bindparam(None, value, column.type, literal_execute=True)


def _is(status: EventStatus) -> ColumnElement[bool]:
    return _exactly(events.c.status, status.value)


def _newest_first(rows: Select[Any], columns: ReadOnlyColumnCollection[str, Any]) -> Select[Any]:
    return rows.order_by(columns["received_at"].desc(), columns["id"].desc())


async def list_events(
    connection: AsyncConnection, asked: EventFilter, *, after: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """One page, and where the next begins, if there is one."""
    rows = [
        dict(row) for row in (await connection.execute(page_of(asked, after=after, limit=limit))).mappings()
    ]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Cursor(received_at=last["received_at"], id=last["id"])


def counts_of(asked: EventFilter) -> Select[Any]:
    """The statement that counts by status."""
    counted = select(events.c.status, func.count()).where(true(), *asked.conditions())
    if asked.statuses is not None:
        counted = counted.where(or_(false(), *map(_is, asked.statuses)))
    return counted.group_by(events.c.status)


async def count_by_status(connection: AsyncConnection, asked: EventFilter) -> dict[str, int]:
    """How many there are of each status; without other filters, or with a store, from an index alone."""
    rows = await connection.execute(counts_of(asked))
    return {row[0]: row[1] for row in rows}


async def read_event(connection: AsyncConnection, row_id: int) -> dict[str, Any] | None:
    """Everything about one event, its payload and attempts included."""
    row = (await connection.execute(select(events).where(events.c.id == row_id))).mappings().one_or_none()
    return dict(row) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEvents:
    """Some failed events, ready to be started again without their bodies, and what comes after them."""

    events: Sequence[ProductEvent]
    remaining: int
    following: Cursor | None


async def failed_events(
    connection: AsyncConnection,
    asked: EventFilter,
    *,
    limit: int,
    after: Cursor | None = None,
    only: int | None = None,
) -> FailedEvents:
    """The oldest failed events among those asked for, later ones than `after`."""
    if asked.statuses is not None and EventStatus.FAILED not in asked.statuses:
        return FailedEvents(events=(), remaining=0, following=None)
    conditions = [*asked.conditions(), _is(EventStatus.FAILED)]
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
        remaining=remaining,
        following=Cursor(received_at=rows[-1]["received_at"], id=rows[-1]["id"]) if remaining else None,
    )


def event_to_restart(row: Mapping[str, Any]) -> ProductEvent:
    """What an event's workflow is started with once more; the body lies in the row."""
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
    )


_IGNORED = {
    "store_id": ":store_id",
    "event_id": ":event_id",
    "event_type": ":event_type",
    "external_id": "''",
    "product_key": "''",
    "workflow_id": "''",
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
    """Write down a delivery that means nothing to us; sent again, it is counted."""
    await connection.execute(
        _LOG_IGNORED,
        {
            "store_id": store_id,
            "event_id": ignored.event_id,
            "event_type": ignored.topic,
            "reason": ignored.reason,
            "source_address": source_address,
            "user_agent": user_agent,
        },
    )
