"""`/api/v1/integrations/events/`: the log of deliveries, and retries of failed events."""

from typing import Annotated

from fastapi import Body, Query

from api.actions.retry import retry
from api.bodies import JsonBody
from api.dependencies import AppState, CurrentState, admin_router
from api.errors import ApiError, not_found
from api.fields import PathId
from api.openapi.build import refuses
from api.schemas.events import (
    EventListParams,
    EventOut,
    EventPage,
    EventSummary,
    RetriedEvent,
    RetriedEvents,
    RetryRequest,
    read_cursor,
    write_cursor,
)
from contracts.events import EventStatus
from database.events import log as event_log
from database.events.log import EventFilter

router = admin_router("/api/v1/integrations/events", tag="events")


def _workflow_url(state: AppState, workflow_id: str | None) -> str | None:
    return state.workflow_url(workflow_id) if workflow_id else None


@router.get("/", response_model_exclude_unset=True)
async def list_events(state: CurrentState, params: Annotated[EventListParams, Query()]) -> EventPage:
    """The newest events first; `next` is the cursor of the next page.

    With `counts=true` the response counts the matching events by status, which reads all of them.
    """
    filters = params.filter()
    async with state.database.reading() as connection:
        rows, following = await event_log.list_events(
            connection, filters, after=read_cursor(params.cursor), limit=params.limit
        )
        counts = await event_log.count_by_status(connection, filters) if params.counts else None
    return EventPage(
        **({} if counts is None else {"counts": counts}),
        next=write_cursor(following),
        results=[EventSummary.of(row, workflow_url=_workflow_url(state, row["workflow_id"])) for row in rows],
    )


@router.get("/{row_id:id}/", responses=refuses(404))
async def read_event(state: CurrentState, row_id: PathId) -> EventOut:
    """One event with its payload, times, attempts and workflow."""
    async with state.database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise not_found("event")
    return EventOut.of(row, workflow_url=_workflow_url(state, row["workflow_id"]))


@router.post("/{row_id:id}/retry/", status_code=202, responses=refuses(404, 409))
async def retry_event(state: CurrentState, row_id: PathId) -> RetriedEvent:
    """Run a failed event again."""
    async with state.database.reading() as connection:
        row = await event_log.read_event(connection, row_id)
    if row is None:
        raise not_found("event")
    if row["status"] != EventStatus.FAILED:
        raise ApiError(409, {"error": f"Only failed events can be retried; this one is {row['status']}."})
    started, _ = await retry(state, EventFilter(), only=row_id)
    if not started:
        raise ApiError(409, {"error": "The event is running already."})
    return RetriedEvent(status="accepted", event_id=row["event_id"])


@router.post("/retry/", status_code=202)
async def retry_events(
    state: CurrentState, body: Annotated[JsonBody[RetryRequest], Body(default_factory=RetryRequest)]
) -> RetriedEvents:
    """Run the failed events again that match the filters in the body, the oldest first.

    `remaining` counts the events after the last one that was tried; send `next` as `cursor` to continue.
    """
    started, failed = await retry(state, body.filter(), after=read_cursor(body.cursor))
    return RetriedEvents(
        status="accepted", started=started, remaining=failed.remaining, next=write_cursor(failed.following)
    )
