"""Reading the event log: filtered, newest first, in pages that stay fast however long it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EventStatus, EventType, ProductEvent
from database.tables import events

SUCCESSFUL = (
    EventStatus.SUCCEEDED,
    EventStatus.UNCHANGED,
    EventStatus.SUPERSEDED,
    EventStatus.STALE,
    EventStatus.IGNORED,
    EventStatus.DUPLICATE,
)

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

    def conditions(self) -> list[ColumnElement[bool]]:
        equal = {
            events.c.status: self.status,
            events.c.event_type: self.event_type,
            events.c.store_id: self.store_id,
            events.c.external_id: self.external_id,
        }
        found = [column == value for column, value in equal.items() if value is not None]
        if self.processed_successfully is not None:
            worked = events.c.status.in_(SUCCESSFUL)
            found.append(worked if self.processed_successfully else ~worked)
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
    """The statement of one page, one row longer than asked, to tell whether there is another."""
    conditions = asked.conditions()
    if after is not None:
        conditions.append(tuple_(events.c.received_at, events.c.id) < (after.received_at, after.id))
    return (
        select(*_LISTED)
        .where(true(), *conditions)
        .order_by(events.c.received_at.desc(), events.c.id.desc())
        .limit(limit + 1)
    )


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


async def count_by_status(connection: AsyncConnection, asked: EventFilter) -> dict[str, int]:
    counted = select(events.c.status, func.count()).where(true(), *asked.conditions())
    rows = await connection.execute(counted.group_by(events.c.status))
    return {row[0]: row[1] for row in rows}


async def read_event(connection: AsyncConnection, row_id: int) -> dict[str, Any] | None:
    """Everything about one event, its payload and attempts included."""
    row = (await connection.execute(select(events).where(events.c.id == row_id))).mappings().one_or_none()
    return dict(row) if row else None


async def failed_events(
    connection: AsyncConnection, asked: EventFilter, *, limit: int, only: int | None = None
) -> Sequence[tuple[int, ProductEvent]]:
    """The oldest failed events among those asked for, ready to be started again, without bodies."""
    conditions = [*asked.conditions(), events.c.status == EventStatus.FAILED]
    if only is not None:
        conditions.append(events.c.id == only)
    rows = await connection.execute(
        select(events).where(*conditions).order_by(events.c.received_at, events.c.id).limit(limit)
    )
    return [(row["id"], _again(dict(row))) for row in rows.mappings()]


def _again(row: dict[str, Any]) -> ProductEvent:
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
    )
