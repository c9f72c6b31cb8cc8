"""What leaves an activity as an error: a posture Temporal understands and a sentence people do."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import STORE_GONE, database_failure
from contracts.errors import EventGone
from contracts.events import EventStatus
from contracts.retry import Failure, Retry
from database.engine import Database
from database.events import write as events

REPORTED_AFTER = 3
"""Failures in a row that pass by themselves, before the event's row tells of them."""


def application_error(failure: Failure) -> ApplicationError:
    return ApplicationError(
        failure.reason,
        type=failure.retry,
        non_retryable=failure.retry is Retry.FATAL,
        next_retry_delay=failure.pause,
    )


@contextmanager
def database_errors() -> Iterator[None]:
    """Keep statements and their values, which SQLAlchemy's errors carry, out of histories."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            activity.logger.warning("Postgres: %s", error.orig.diag.message_primary or error.orig)
        raise application_error(database_failure(error)) from None
    except EventGone:
        raise application_error(STORE_GONE) from None
    except PoolTimeout:
        failure = Failure(retry=Retry.RETRY, reason="All database connections are busy.")
        raise application_error(failure) from None


async def record_failure(database: Database, event_row: int, failure: Failure) -> None:
    """Tell the event log what keeps an event from ending; what ends it is told by its end."""
    if failure.retry is Retry.FATAL:
        return
    status = EventStatus.WAITING if failure.retry is Retry.BLOCKED else EventStatus.RETRYING
    with suppress(SQLAlchemyError, OSError):  # a courtesy: Temporal keeps the failure in any case
        async with database.single() as connection:
            await events.explain(connection, event_row, status, failure.reason)


@asynccontextmanager
async def event_errors(
    database: Database, event_row: int, *, after: int = REPORTED_AFTER
) -> AsyncIterator[None]:
    """What `database_errors` does; a step that goes on failing, for whatever reason, is told of as well."""
    try:
        with database_errors():
            yield
    except Exception as error:
        paused = isinstance(error, ApplicationError) and error.next_retry_delay is not None
        if activity.info().attempt >= after or paused:
            await record_failure(database, event_row, _of(error))
        raise


def _of(error: Exception) -> Failure:
    if isinstance(error, ApplicationError):
        retry = Retry.FATAL if error.non_retryable else Retry.RETRY
        return Failure(retry=retry, reason=error.message)
    return Failure(
        retry=Retry.RETRY,
        reason=f"A step fails unexpectedly ({type(error).__name__}); the worker's log tells more.",
    )
