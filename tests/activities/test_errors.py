"""What activities raise: errors with a retry decision that Temporal understands."""

import asyncio
import gc
import weakref
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import exc
from temporalio.exceptions import ApplicationError

from activities.database_failures import database_failure
from activities.errors import application_error, classified_errors
from contracts.retry import Failure, Retry

RETRY, WAIT, NEVER = Retry


@pytest.mark.parametrize("retry", Retry)
def test_an_application_error_carries_the_decision_the_reason_and_the_pause(retry: Retry) -> None:
    """Only a fatal failure is not retried."""
    error = application_error(Failure(retry=retry, reason="It rains.", pause=timedelta(seconds=3)))
    assert (error.type, error.message) == (retry.value, "It rains.")
    assert error.non_retryable is (retry is NEVER)
    assert error.next_retry_delay == timedelta(seconds=3)


@pytest.mark.parametrize(
    ("kind", "cause", "retry"),
    [
        (exc.DataError, psycopg.DataError(), NEVER),
        (exc.IntegrityError, psycopg.errors.ForeignKeyViolation(), NEVER),
        (exc.OperationalError, psycopg.OperationalError(), RETRY),
        (exc.OperationalError, psycopg.errors.AdminShutdown(), RETRY),
        (exc.OperationalError, psycopg.errors.DeadlockDetected(), RETRY),
        (exc.InterfaceError, psycopg.InterfaceError(), RETRY),
        (exc.ProgrammingError, psycopg.errors.UndefinedColumn(), RETRY),
        (exc.InternalError, psycopg.errors.InternalError_(), RETRY),
        (exc.NotSupportedError, psycopg.NotSupportedError(), RETRY),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_only_a_value_the_database_can_never_store_is_fatal(
    kind: type[exc.DBAPIError], cause: Exception, retry: Retry
) -> None:
    """A database that is down, busy or not migrated yet is retried; the reason contains no statement."""
    failure = database_failure(kind("SELECT secret", {"price": 1}, cause))
    assert failure.retry is retry
    assert "SELECT" not in failure.reason


@pytest.mark.parametrize(
    ("kind", "cause", "said"),
    [
        (exc.InternalError, psycopg.errors.ReadOnlySqlTransaction(), "read-only"),
        (exc.OperationalError, psycopg.errors.DiskFull(), "disk"),
    ],
)
def test_a_database_that_stores_nothing_is_retried_soon(
    kind: type[exc.DBAPIError], cause: Exception, said: str
) -> None:
    """A failover or a freed disk ends it, and no migration; so the pause is short and the reason says why."""
    failure = database_failure(kind("INSERT", {}, cause))
    assert (failure.retry, failure.pause) == (RETRY, None)
    assert said in failure.reason


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (psycopg.OperationalError(), "The database cannot be reached."),
        (psycopg.errors.AdminShutdown(), "The database cannot be reached."),
        (psycopg.errors.CannotConnectNow(), "The database cannot be reached."),
        (psycopg.errors.ConnectionFailure(), "The database cannot be reached."),
        (psycopg.errors.OutOfMemory(), "The database is out of memory."),
        (psycopg.errors.DiskFull(), "The disk of Postgres is full."),
        (psycopg.errors.TooManyConnections(), "The database has no connection left."),
        (
            psycopg.OperationalError("connection failed: FATAL:  sorry, too many clients already"),
            "The database has no connection left.",
        ),
        (psycopg.errors.ConfigurationLimitExceeded(), "The database lacks a resource."),
        (psycopg.errors.QueryCanceled(), "The database took too long for a statement."),
        (psycopg.errors.LockNotAvailable(), "A lock in the database was not free in time."),
        (psycopg.errors.DeadlockDetected(), "Another transaction changed the same rows."),
        (
            psycopg.errors.ReadOnlySqlTransaction(),
            "Postgres accepts no writes: it is read-only or a standby.",
        ),
        (psycopg.errors.IoError(), "The database has a problem with its files."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_reason_is_that_of_the_database(cause: Exception, reason: str) -> None:
    """SQLSTATE decides; only a connection that fails means that the database cannot be reached."""
    kind = exc.InternalError if isinstance(cause, psycopg.InternalError) else exc.OperationalError
    failure = database_failure(kind("SELECT 1", {}, cause))
    assert (failure.retry, failure.reason, failure.pause) == (RETRY, reason, None)


async def test_an_error_does_not_keep_what_was_read_in_memory() -> None:
    """An error of a task refers to itself by its traceback; without local variables the cycle is small."""

    class Answer:
        """Stands for many megabytes."""

    answers: list[weakref.ref[Answer]] = []

    async def read() -> None:
        answer = Answer()
        answers.append(weakref.ref(answer))
        raise ValueError

    async def step() -> None:
        reading = asyncio.create_task(read())
        await reading

    failure = Failure(retry=RETRY, reason="It rains.")
    gc.disable()
    try:
        with pytest.raises(ApplicationError):
            async with classified_errors(lambda _: failure):
                await step()
        assert [answer() for answer in answers] == [None]
    finally:
        gc.enable()
