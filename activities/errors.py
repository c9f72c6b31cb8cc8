"""Translate exceptions into `ApplicationError`s with a retry decision and a sentence for people."""

import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.database_failures import database_failure
from activities.retry_limits import retried_if_blocked
from activities.this_workflow import workflow_id
from contracts.errors import RowGone
from contracts.events import EventStatus
from contracts.retry import ROW_GONE, Failure, Retry
from database.engine import Database
from database.events import write as events
from database.leases import LeaseLost

REPORTED_AFTER = 3
"""Attempts that may fail before the event's row says why."""

ROW_IS_GONE = (
    "The row is gone or belongs to another run: the store was removed, or the database was restored."
)


LEASE_LOST = Failure(
    retry=Retry.RETRY, reason="The worker stopped for so long that another one may have taken over."
)


def application_error(failure: Failure) -> ApplicationError:
    category = ApplicationErrorCategory.BENIGN if failure.expected else ApplicationErrorCategory.UNSPECIFIED
    return ApplicationError(
        failure.reason,
        type=failure.retry,
        non_retryable=failure.retry is Retry.FATAL,
        next_retry_delay=failure.pause,
        category=category,
    )


@contextmanager
def database_errors() -> Iterator[None]:
    """Translate the errors of database statements.

    SQLAlchemy's errors hold the statement and its values, which must not reach a workflow history.
    """
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            activity.logger.warning("Postgres: %s", error.orig.diag.message_primary or error.orig)
        raise application_error(database_failure(error)) from None
    except LeaseLost:
        raise application_error(LEASE_LOST) from None
    except RowGone:
        raise ApplicationError(ROW_IS_GONE, type=ROW_GONE, non_retryable=True) from None
    except PoolTimeout:
        failure = Failure(retry=Retry.RETRY, reason="All database connections are busy.")
        raise application_error(failure) from None


@asynccontextmanager
async def classified_errors(
    classify: Callable[[Exception], Failure],
    *,
    log: str = "",
    report: Callable[[Failure], Awaitable[None]] | None = None,
) -> AsyncIterator[None]:
    """Translate every error of the block: `database_errors` first, then all others by `classify`.

    `classify` has an answer for every exception, such as the `failure` of an embedder or of a platform's
    reader. The activity logs the reason after the prefix `log`, if there is one, and awaits `report`.

    Local variables that the traceback keeps alive are cleared: an error of a task is part of a reference
    cycle, and would hold an answer of many megabytes until the garbage collector runs.
    """
    try:
        with database_errors():
            yield
    except ApplicationError as error:
        traceback.clear_frames(error.__traceback__)
        raise
    except Exception as error:  # `classify` is total
        traceback.clear_frames(error.__traceback__)
        failure = classify(error)
        if log:
            activity.logger.warning("%s: %s", log, failure.reason)
        if report:
            await report(failure)
        raise application_error(replace(failure, expected=bool(log))) from None


async def record_failure(database: Database, event_row: int, failure: Failure) -> None:
    """Write into the event's row what keeps it from ending; a fatal failure is written by its end."""
    if failure.retry is Retry.FATAL:
        return
    status = EventStatus.WAITING if failure.retry is Retry.BLOCKED else EventStatus.RETRYING
    with suppress(SQLAlchemyError, OSError):  # best effort: Temporal keeps the failure in any case
        async with database.single() as connection:
            await events.update_status(
                connection, event_row, status, failure.reason, workflow_id=workflow_id()
            )


@asynccontextmanager
async def event_errors(
    database: Database, event_row: int, *, after: int = REPORTED_AFTER
) -> AsyncIterator[None]:
    """Like `database_errors`, and also records in the event's row a step that fails `after` attempts."""
    try:
        with database_errors():
            yield
    except Exception as error:
        paused = isinstance(error, ApplicationError) and error.next_retry_delay is not None
        if activity.info().attempt >= after or paused:
            await record_failure(database, event_row, retried_if_blocked(failure_of(error)))
        raise


def failure_of(error: Exception) -> Failure:
    """Returns the failure that an error stands for; an error of another kind may pass."""
    if isinstance(error, ApplicationError):
        is_blocked = error.type == Retry.BLOCKED
        retry = Retry.FATAL if error.non_retryable else Retry.BLOCKED if is_blocked else Retry.RETRY
        return Failure(
            retry=retry,
            reason=error.message,
            pause=error.next_retry_delay,
            expected=error.category is ApplicationErrorCategory.BENIGN,
        )
    return Failure(
        retry=Retry.RETRY,
        reason=f"A step failed unexpectedly ({type(error).__name__}); see the worker's log for details.",
    )
