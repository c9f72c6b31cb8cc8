"""Every failure of the embeddings API and the database, mapped once to how patient we are with it.

The type, the status and the code decide, never the text. Those of shops are in `connectors.failures`.
"""

from datetime import timedelta

import openai
from psycopg.errors import CardinalityViolation, ForeignKeyViolation
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from contracts.errors import EmbeddingProblem, WrongDimensions
from contracts.retry import WAIT_INTERVAL, Failure, Retry, bounded, retry_after, seconds

REFUSED_INTERVAL = timedelta(minutes=5)
"""A statement that is refused is so until somebody migrates or deploys; histories have no room for more."""

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

TO_MEND = {
    401: "The embedding service refuses the API key; set a valid OPENAI_API_KEY.",
    403: "The embedding service refuses this key the model or this region.",
    404: "The embedding service knows no such model or address; check PILITO_EMBEDDING_MODEL and"
    " OPENAI_BASE_URL.",
}
"""Statuses that somebody must do something about."""


def _codes(error: openai.APIStatusError) -> list[str]:
    """The error's code, then its type; servers that only resemble OpenAI write anything there."""
    return [value[:100] for value in (error.code, error.type) if isinstance(value, str) and value]


def _retry_after(error: openai.APIStatusError, now: float) -> timedelta | None:
    """What the answer asks us to wait: milliseconds, seconds or a date; bounded, never negative."""
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
            reason="The embedding account has no quota left; it resumes by itself once it is paid.",
            pause=WAIT_INTERVAL,
        )
    if status in TO_MEND:
        return Failure(retry=Retry.BLOCKED, reason=TO_MEND[status], pause=WAIT_INTERVAL)
    if status == 429:
        return Failure(retry=Retry.RETRY, reason="The embedding service asks us to slow down.", pause=pause)
    if status in (408, 409, 425) or status >= 500:
        return Failure(
            retry=Retry.RETRY,
            reason=f"The embedding service has a passing problem (HTTP {status}).",
            pause=pause,
        )
    if 400 <= status < 500:
        code = next(iter(_codes(error)), "no code given")
        return Failure(
            retry=Retry.FATAL,
            reason=f"The embedding service refuses the request as invalid (HTTP {status}, {code}).",
        )
    return Failure(
        retry=Retry.RETRY, reason=f"The embedding service answered HTTP {status}, which means nothing."
    )


def embedding_failure(error: Exception, *, now: float) -> Failure:
    """The posture towards anything an embedding call can raise; `now` is seconds since the epoch."""
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


STORE_GONE = Failure(retry=Retry.FATAL, reason="Its store was removed.")


def database_failure(error: DBAPIError) -> Failure:
    """A value Postgres can never take is final; everything else about a database passes."""
    kind = type(error.orig).__name__
    if isinstance(error.orig, ForeignKeyViolation):
        return STORE_GONE
    if isinstance(error, DataError | IntegrityError) or isinstance(error.orig, CardinalityViolation):
        return Failure(retry=Retry.FATAL, reason=f"Postgres cannot store this product ({kind}).")
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return Failure(retry=Retry.RETRY, reason="The database cannot be reached.")
    return Failure(
        retry=Retry.RETRY,
        reason=f"The database refuses a statement ({kind}); `pilito doctor` tells whether it was migrated.",
        pause=REFUSED_INTERVAL,
    )
