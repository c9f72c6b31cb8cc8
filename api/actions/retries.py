"""Retry all failed events that a filter finds, in steps: each event belongs to the retry that started it."""

from dataclasses import replace

from pydantic import TypeAdapter
from temporalio.service import RPCError

from api.actions.retry import start_again
from api.dependencies import AppState
from api.errors import unavailable
from api.schemas.events import read_cursor, write_cursor
from database import retries
from database.events import log as event_log
from database.events.log import EventFilter
from database.retries import Retry

_FILTER = TypeAdapter(EventFilter)


def filter_of(retry: Retry) -> EventFilter:
    """Returns the filters of a retry, without events that arrived after it began."""
    filters = _FILTER.validate_python(retry.filters)
    until = min(filters.until, retry.began_at) if filters.until else retry.began_at
    return replace(filters, store_id=retry.store_id, until=until)


def fields_of(retry: Retry) -> dict[str, object]:
    """Returns the filters that were given, as an address has them, without the store."""
    stored = _FILTER.dump_python(_FILTER.validate_python(retry.filters), mode="json", exclude_defaults=True)
    return {name: value for name, value in stored.items() if name != "store_id"}


async def begin(state: AppState, filters: EventFilter, *, user_id: int) -> int:
    """Returns the id of a new retry of the failed events that the filters find; it has started none yet."""
    async with state.database.transaction() as connection:
        return await retries.begin(
            connection,
            user_id=user_id,
            store_id=filters.store_id,
            filters=_FILTER.dump_python(filters, mode="json", exclude_defaults=True),
            found=await event_log.count_failed(connection, filters),
        )


async def step(state: AppState, retry: Retry, *, most: int) -> None:
    """Start the next events of a retry, at most `most`, the oldest first; raises 503 where Temporal is down.

    Events are noted before they start, because one may end before a later note. After a 503 the step can be
    repeated: events that run are not failed any more, and are not found again.
    """
    if retry.ended_at is not None:
        return
    async with state.database.reading() as connection:
        found = await event_log.failed_events(
            connection, filter_of(retry), limit=most, after=read_cursor(retry.position)
        )
    async with state.database.transaction() as connection:
        await retries.add(connection, retry.id, found.rows)
    for number, event in enumerate(found.events):
        try:
            await start_again(state, event)
        except (RPCError, RuntimeError, OSError):
            async with state.database.transaction() as connection:
                await retries.drop(connection, retry.id, found.rows[number:])
            raise unavailable("Temporal does not answer; no more events were started") from None
    async with state.database.transaction() as connection:
        await retries.advance(connection, retry.id, write_cursor(found.following))
