"""`/api/v1/integrations/events/`: what became of every delivery, and another try for those that failed."""

import base64
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.dependencies import Admin, Opened, State
from api.errors import Refused, answer, invalid, unavailable
from api.fields import Id, Moment, PathId, read_model
from api.middleware.body import json_object, read_body
from api.openapi.build import documented, example
from api.schemas.events import Event, EventPage, Retried, RetriedSome
from contracts.events import SUCCESSFUL, EventStatus, EventType
from database.events import log as event_log
from database.events.log import Cursor, EventFilter, FailedEvents
from temporal.client import start_product_event

router = APIRouter(prefix="/api/v1/integrations/events", tags=["events"])

MOST_RETRIED = 500
"""Failed events one request starts again; where more remain, `next` is the cursor to go on with."""

MAX_FILTER_BYTES = 16 * 1024


_PLACE: TypeAdapter[tuple[datetime, int]] = TypeAdapter(tuple[Moment, Id])


class Asked(BaseModel):
    """The filters of the log, in a query or in a body."""

    model_config = ConfigDict(extra="forbid", **example({"store": 2, "event_type": "product.updated"}))

    status: EventStatus | None = None
    event_type: EventType | None = None
    store: Id | None = None
    external_id: str | None = Field(default=None, max_length=255, pattern=r"^[^\x00]*$")
    processed_successfully: bool | None = None
    since: Moment | None = None
    until: Moment | None = None

    def read(self) -> EventFilter:
        return EventFilter(
            status=self.status,
            event_type=self.event_type,
            store_id=self.store,
            external_id=self.external_id,
            processed_successfully=self.processed_successfully,
            since=self.since,
            until=self.until,
        )


class RetryAsked(Asked):
    """The failed events to run again; all of them where nothing is named."""

    cursor: str | None = Field(default=None, max_length=200)


class Listed(Asked):
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=200)
    counts: bool = False


def _spell(cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    return base64.urlsafe_b64encode(orjson.dumps([cursor.received_at, cursor.id])).decode()


def _cursor(spelled: str | None) -> Cursor | None:
    if not spelled:
        return None
    try:
        received_at, row_id = _PLACE.validate_json(base64.urlsafe_b64decode(spelled), strict=True)
    except ValueError:
        raise invalid("cursor: not one we gave", field="cursor", problem="not one we gave") from None
    return Cursor(received_at=received_at, id=row_id)


def _shown(opened: State, row: dict[str, Any]) -> dict[str, Any]:
    """A row as the API tells it, with the way to its workflow."""
    told = {str(name): value for name, value in row.items() if name not in ("is_pending", "burst_started_at")}
    told["store"] = told.pop("store_id")
    told["processed_successfully"] = row["status"] in SUCCESSFUL
    started = row["workflow_id"]
    told["workflow_url"] = opened.workflow_url(started) if started else None
    return told


@router.get("/", **documented(answers={200: EventPage}))
async def list_events(_: Admin, opened: Opened, asked: Annotated[Listed, Query()]) -> Response:
    """The newest first; `next` is the cursor of the page after.

    `counts`, where asked for, tells how many the filters find by status; it looks at all of them.
    """
    found = asked.read()
    async with opened.database.reading() as connection:
        rows, following = await event_log.list_events(
            connection, found, after=_cursor(asked.cursor), limit=asked.limit
        )
        counts = await event_log.count_by_status(connection, found) if asked.counts else None
    page = {"next": _spell(following), "results": [_shown(opened, row) for row in rows]}
    return answer(200, page if counts is None else {"counts": counts, **page})


@router.get("/{row_id:id}/", **documented(answers={200: Event}, refuses=[404]))
async def read_event(_: Admin, opened: Opened, row_id: PathId) -> Response:
    """One event with its payload, timings, attempts and the way to its workflow."""
    async with opened.database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise Refused(404, {"error": "No such event"})
    return answer(200, _shown(opened, row))


@router.post("/{row_id:id}/retry/", **documented(answers={202: Retried}, refuses=[404, 409]))
async def retry_event(_: Admin, opened: Opened, row_id: PathId) -> Response:
    """Run a failed event again."""
    async with opened.database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise Refused(404, {"error": "No such event"})
    if row["status"] != EventStatus.FAILED:
        raise Refused(409, {"error": f"Only failed events can be retried; this one is {row['status']}."})
    started, _found = await _retry(opened, EventFilter(), only=row_id)
    if started:
        return answer(202, {"status": "accepted", "event_id": row["event_id"]})
    raise Refused(409, {"error": "The event is running already."})


@router.post("/retry/", **documented(answers={202: RetriedSome}, body=RetryAsked, body_required=False))
async def retry_events(_: Admin, opened: Opened, request: Request) -> Response:
    """Run the failed events again that the filters in the body find, the oldest first.

    `remaining` counts those after the ones looked at; asking again with `next` as `cursor` goes on there.
    """
    raw = await read_body(request, limit=MAX_FILTER_BYTES)
    asked = read_model(RetryAsked, json_object(raw or b"{}"))
    started, failed = await _retry(opened, asked.read(), after=_cursor(asked.cursor))
    following = _spell(failed.following)
    told = {"status": "accepted", "started": started, "remaining": failed.remaining, "next": following}
    return answer(202, told)


async def _retry(
    opened: State, asked: EventFilter, *, after: Cursor | None = None, only: int | None = None
) -> tuple[int, FailedEvents]:
    """How many were started, and what was found to start."""
    async with opened.database.reading() as connection:
        failed = await event_log.failed_events(connection, asked, limit=MOST_RETRIED, after=after, only=only)
    started = 0
    for event in failed.events:
        try:
            await start_product_event(opened.temporal, event, task_queue=opened.settings.task_queue)
        except WorkflowAlreadyStartedError:
            continue
        except (RPCError, RuntimeError, OSError):
            raise unavailable("Temporal does not answer; nothing more was started") from None
        started += 1
    return started, failed
