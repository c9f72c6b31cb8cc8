"""Which failures of the embedding service and the database are retried.

The type, the status and the code decide, never the text. `connectors.http.failures` does the same for shops.
"""

from datetime import timedelta

import openai
from psycopg.errors import CardinalityViolation, ForeignKeyViolation
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from contracts.errors import EmbeddingProblem, WrongDimensions
from contracts.retry import WAIT_INTERVAL, Failure, Retry, bounded, retry_after, seconds

REFUSED_INTERVAL = timedelta(minutes=5)
"""A rejected statement stays so until a migration or a deployment; more attempts would fill histories."""

UNPAID_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)

OPERATOR_FIXES = {
    401: "The embedding service rejects the API key; set a valid OPENAI_API_KEY.",
    403: "The embedding service does not allow this key to use the model, or not from this region.",
    404: "The embedding service has no such model or address; check PILITO_EMBEDDING_MODEL and"
    " OPENAI_BASE_URL.",
}
"""Statuses that an operator must resolve, and how."""


def _codes(error: openai.APIStatusError) -> list[str]:
    """Returns the error's code, then its type; servers compatible with OpenAI may send other values there."""
    return [value[:100] for value in (error.code, error.type) if isinstance(value, str) and value]


def _retry_after(error: openai.APIStatusError, now: float) -> timedelta | None:
    """Returns the pause an answer asks for, in milliseconds, seconds or as a date; it is bounded."""
    headers = error.response.headers
    milliseconds = seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return bounded(milliseconds / 1000)
    return retry_after(headers.get("retry-after"), now=now)


def _embedding_status(error: openai.APIStatusError, now: float) -> Failure:
    status = error.status_code
    pause = _retry_after(error, now)
    if status in (402, 429) and (status == 402 or not UNPAID_CODES.isdisjoint(_codes(error))):
        return Failure(
            retry=Retry.BLOCKED,
            reason="The embedding account has no quota left; processing resumes once it is paid.",
            pause=WAIT_INTERVAL,
        )
    if status in OPERATOR_FIXES:
        return Failure(retry=Retry.BLOCKED, reason=OPERATOR_FIXES[status], pause=WAIT_INTERVAL)
    if status == 429:
        return Failure(retry=Retry.RETRY, reason="The embedding service asks us to slow down.", pause=pause)
    if status in (408, 409, 425) or status >= 500:
        return Failure(
            retry=Retry.RETRY,
            reason=f"The embedding service has a temporary problem (HTTP {status}).",
            pause=pause,
        )
    if 400 <= status < 500:
        code = next(iter(_codes(error)), "no code given")
        return Failure(
            retry=Retry.FATAL,
            reason=f"The embedding service rejects the request as invalid (HTTP {status}, {code}).",
        )
    return Failure(
        retry=Retry.RETRY, reason=f"The embedding service answered with an unexpected status, HTTP {status}."
    )


def embedding_failure(error: Exception, *, now: float) -> Failure:
    """Returns the retry decision for any exception of an embedding call; `now` is seconds since the epoch."""
    match error:
        case openai.APIStatusError():
            return _embedding_status(error, now)
        case openai.APITimeoutError() | TimeoutError():
            return Failure(retry=Retry.RETRY, reason="The embedding service did not answer in time.")
        case openai.APIConnectionError():
            return Failure(retry=Retry.RETRY, reason="The embedding service cannot be reached.")
        case WrongDimensions():
            return Failure(retry=Retry.BLOCKED, reason=f"Configuration: {error}.", pause=WAIT_INTERVAL)
        case EmbeddingProblem() | openai.OpenAIError():
            return Failure(retry=Retry.RETRY, reason=f"Unusable answer: {error}."[:500])
        case _:
            return Failure(retry=Retry.RETRY, reason=f"Unexpected {type(error).__name__} while embedding.")


STORE_GONE = Failure(retry=Retry.FATAL, reason="The store was removed.")


def database_failure(error: DBAPIError) -> Failure:
    """A value that Postgres cannot store is fatal; every other database failure is retried."""
    kind = type(error.orig).__name__
    if isinstance(error.orig, ForeignKeyViolation):
        return STORE_GONE
    if isinstance(error, DataError | IntegrityError) or isinstance(error.orig, CardinalityViolation):
        return Failure(retry=Retry.FATAL, reason=f"Postgres cannot store this product ({kind}).")
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Failure(retry=Retry.RETRY, reason="The database cannot be reached.")
    return Failure(
        retry=Retry.RETRY,
        reason=f"The database rejects a statement ({kind}); run `pilito doctor` to check its migration.",
        pause=REFUSED_INTERVAL,
    )
