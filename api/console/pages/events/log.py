"""The event log: filters, and one event with its attempts, its payload and the press that retries it."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from fastapi import Request, Response
from pydantic import Field

from api.actions.retry import retry
from api.console.language import Language
from api.console.params import PageQuery
from api.console.rendering import address, go, page, workflow_link
from api.console.requests import moments
from api.console.routing import pages
from api.console.scope import own_store, scope_of
from api.console.session import Visitor
from api.dependencies import app_state
from api.errors import ApiError, invalid_field, not_found
from api.fields import Id, Moment, PathId
from api.schemas.events import read_cursor, write_cursor
from contracts.events import EventStatus, EventType
from database.access.store_names import StoreName
from database.engine import Database
from database.events import log as event_log
from database.events.log import Cursor, EventFilter
from database.events.summary import REASON_CHARACTERS

router = pages("/events")

PAGE = 50
MOST_COUNTED = 1_000
"""So many failed events are counted on a page of the log; the page of their retry counts all."""

LIST = "/console/events/"
RETRY = f"{LIST}retry/"

_TRUTH = {"true": True, "false": False}


class EventQuery(PageQuery):
    """The filters of the log."""

    store: Id | None = None
    status: EventStatus | None = None
    event_type: EventType | None = None
    external_id: str | None = None
    processed_successfully: Literal["true", "false"] | None = None
    since: Moment | None = None
    until: Moment | None = None
    reason: Annotated[str, Field(max_length=REASON_CHARACTERS)] | None = None
    cursor: str | None = None

    def filter(self, store_id: int | None) -> EventFilter:
        return EventFilter(
            status=self.status,
            event_type=self.event_type,
            store_id=store_id,
            external_id=self.external_id,
            processed_successfully=_TRUTH.get(self.processed_successfully or ""),
            since=self.since,
            until=self.until,
            reason=self.reason,
        )


def in_utc(given: Mapping[str, str], language: Language) -> dict[str, str]:
    """Returns filters with their moments as the API has them; raises a 400 for one that cannot be read."""
    fields = dict(given)
    for name in ("since", "until"):
        if written := fields.get(name, "").strip():
            try:
                fields[name] = moments.iso(moments.read(written, language, whole_day=name == "until"))
            except ValueError as error:
                raise invalid_field(name, str(error)) from None
    return fields


def asked(request: Request, given: Mapping[str, str]) -> EventQuery:
    """Returns the filters of an address or a form; raises the errors of their fields."""
    visitor: Visitor = request.state.visitor
    return EventQuery(**in_utc(given, visitor.language))


def kept(query: EventQuery, store_id: int | None) -> dict[str, object]:
    """Returns the filters as an address has them, of the store that is shown, from the newest event on."""
    return {**query.query(cursor=None), "store": store_id}


@router.get("/")
async def show(request: Request) -> Response:
    """A page of events, the newest first.

    Moments that a person wrote in their calendar lead to the address that has them in UTC, which is the same
    for everyone.
    """
    visitor: Visitor = request.state.visitor
    given = dict(request.query_params)
    if (fields := in_utc(given, visitor.language)) != given:
        return go(LIST, **fields)
    query = EventQuery(**fields)
    scope = await scope_of(request, query.store)
    if scope.is_empty:
        return page(request, "overview_empty.html", scope=scope)
    filters = query.filter(scope.store_id)
    database, after = app_state(request).database, read_cursor(query.cursor)
    (rows, following), failed = await asyncio.gather(
        _listed(database, filters, after), _failed(database, filters)
    )
    shown = kept(query, scope.store_id)
    return page(
        request,
        "events.html",
        scope=scope,
        query=query,
        since=moments.write(query.since, visitor.language),
        until=moments.write(query.until, visitor.language),
        rows=rows,
        failed=failed,
        failed_key="events.failed_many" if failed == MOST_COUNTED else "events.failed_found",
        retry_at=address(RETRY, {**shown, "status": None}),
        first=address(LIST, shown) if query.cursor else "",
        following=address(LIST, {**shown, "cursor": write_cursor(following)}) if following else "",
        statuses=list(EventStatus),
        types=list(EventType),
    )


async def _listed(
    database: Database, filters: EventFilter, after: Cursor | None
) -> tuple[list[dict[str, Any]], Cursor | None]:
    async with database.reading() as connection:
        return await event_log.list_events(connection, filters, after=after, limit=PAGE)


async def _failed(database: Database, filters: EventFilter) -> int:
    async with database.reading() as connection:
        return await event_log.count_failed(connection, filters, most=MOST_COUNTED)


async def _own(request: Request, row_id: int) -> tuple[dict[str, Any], StoreName]:
    """Returns an event and its store, which the visitor may see and change; raises 404."""
    async with app_state(request).database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise not_found("event")
    return row, await own_store(request, row["store_id"])


@router.get("/{row_id:id}/")
async def show_one(request: Request, row_id: PathId) -> Response:
    """One event with its payload, times, attempts and workflow."""
    row, store = await _own(request, row_id)
    payload = row["payload"]
    written = orjson.dumps(payload, option=orjson.OPT_INDENT_2).decode() if payload is not None else ""
    return page(
        request,
        "event.html",
        row=row,
        store=store,
        payload=written,
        attempts=sorted(row["attempts"].items(), key=lambda entry: str(entry[1].get("started_at", ""))),
        workflow_url=workflow_link(request, row["workflow_id"]),
        can_retry=row["status"] == EventStatus.FAILED,
    )


@router.post("/{row_id:id}/retry/")
async def retry_one(request: Request, row_id: PathId) -> Response:
    """Run one failed event again."""
    row, _ = await _own(request, row_id)
    if row["status"] != EventStatus.FAILED:
        raise ApiError(409, {"error": f"Only failed events can be retried; this one is {row['status']}."})
    await retry(app_state(request), EventFilter(), only=row_id)
    return go(f"{LIST}{row_id}/", done="retried")
