"""What leaves an activity as an error: a posture Temporal understands and a sentence people do."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import Failure, Posture, database_failure


def application_error(failure: Failure) -> ApplicationError:
    return ApplicationError(
        failure.reason,
        type=failure.posture,
        non_retryable=failure.posture is Posture.NEVER,
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
    except PoolTimeout:
        failure = Failure(posture=Posture.AGAIN, reason="All database connections are busy.")
        raise application_error(failure) from None
