"""The event log: filters, and one event with its attempts, its payload and the press that retries it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import orjson
from fastapi import Request, Response
from pydantic import Field

from api.actions.retry import retry
from api.console.params import PageQuery
from api.console.rendering import address, go, page, workflow_link
from api.console.routing import pages
from api.console.scope import own_store, scope_of
from api.dependencies import app_state
from api.errors import ApiError, not_found
from api.fields import Id, Moment, PathId
from api.schemas.events import read_cursor, write_cursor
from contracts.events import EventStatus, EventType
from database.events import log as event_log
from database.events.log import EventFilter
from database.events.summary import REASON_CHARACTERS

router = pages("/events")

PAGE = 50
LIST = "/console/events/"
RETRY = f"{LIST}retry/"


class EventQuery(PageQuery):
    """The filters of the log."""

    store: Id | None = None
    status: EventStatus | None = None
    event_type: EventType | None = None
    external_id: str | None = None
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
            since=self.since,
            until=self.until,
            reason=self.reason,
        )


def asked(request: Request, given: Mapping[str, str]) -> EventQuery:
    """Returns the filters of an address or a form; raises the errors of their fields."""
    return EventQuery(**given)


def kept(query: EventQuery, store_id: int | None) -> dict[str, object]:
    """Returns the filters as an address has them, of the store that is shown, from the newest event on."""
    return {**query.query(cursor=None), "store": store_id}


def _minutes(moment: datetime | None) -> str:
    """Returns a moment as a field of a form has it, in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M") if moment else ""


@router.get("/")
async def show(request: Request) -> Response:
    """A page of events, the newest first."""
    query = asked(request, request.query_params)
    scope = await scope_of(request, query.store)
    if scope.is_empty:
        return page(request, "overview_empty.html", scope=scope)
    filters = query.filter(scope.store_id)
    async with app_state(request).database.reading() as connection:
        rows, following = await event_log.list_events(
            connection, filters, after=read_cursor(query.cursor), limit=PAGE
        )
        failed = await event_log.failed_events(connection, filters, limit=1)
    fields = kept(query, scope.store_id)
    return page(
        request,
        "events.html",
        scope=scope,
        query=query,
        since=_minutes(query.since),
        until=_minutes(query.until),
        rows=rows,
        failed=len(failed.events) + failed.remaining,
        retry_at=address(RETRY, {**fields, "status": None}),
        first=address(LIST, fields) if query.cursor else "",
        following=address(LIST, {**fields, "cursor": write_cursor(following)}) if following else "",
        statuses=list(EventStatus),
        types=list(EventType),
    )


@router.get("/{row_id:id}/")
async def show_one(request: Request, row_id: PathId) -> Response:
    """One event with its payload, times, attempts and workflow."""
    state = app_state(request)
    async with state.database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise not_found("event")
    store = await own_store(request, row["store_id"])
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
    state = app_state(request)
    async with state.database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise not_found("event")
    await own_store(request, row["store_id"])
    if row["status"] != EventStatus.FAILED:
        raise ApiError(409, {"error": f"Only failed events can be retried; this one is {row['status']}."})
    await retry(state, EventFilter(), only=row_id)
    return go(f"{LIST}{row_id}/", done="retried")
