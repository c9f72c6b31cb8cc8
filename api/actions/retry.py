"""Run failed events again."""

from temporalio.service import RPCError

from api.dependencies import AppState
from api.errors import unavailable
from api.repeated import start_failed
from contracts.events import ProductEvent
from database.events import log as event_log
from database.events.log import Cursor, EventFilter, FailedEvents

MOST_RETRIED = 500
"""Failed events that one call starts; it returns a cursor for the others."""


async def retry(
    state: AppState,
    filters: EventFilter,
    *,
    after: Cursor | None = None,
    only: int | None = None,
    most: int | None = None,
) -> tuple[int, FailedEvents]:
    """Returns how many workflows were started, and the failed events that were found.

    These are at most `most`, or `MOST_RETRIED`.
    """
    limit = MOST_RETRIED if most is None else most
    async with state.database.reading() as connection:
        failed = await event_log.failed_events(connection, filters, limit=limit, after=after, only=only)
    started = 0
    for event in failed.events:
        try:
            started += await start_again(state, event)
        except (RPCError, RuntimeError, OSError):
            raise unavailable("Temporal does not answer; no more events were started") from None
    return started, failed


async def start_again(state: AppState, event: ProductEvent) -> bool:
    """Start an event; returns False if it runs already."""
    return await start_failed(state.database, state.temporal, event, task_queue=state.settings.task_queue)
