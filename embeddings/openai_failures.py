"""What the errors of the embeddings API mean: a retry decision by type, status and code, never by message."""

from datetime import timedelta

import openai

from contracts.errors import EmbeddingProblem, WrongDimensions
from contracts.retry import WAIT_INTERVAL, Failure, Retry, bounded, retry_after, seconds

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

BLOCKING = {
    401: "The embedding service rejects the API key; set a valid OPENAI_API_KEY.",
    403: "The embedding service does not allow this key to use the model, or not from this region.",
    404: "The embedding service has no such model or address; check PILITO_EMBEDDING_MODEL and"
    " OPENAI_BASE_URL.",
}
"""Statuses that an operator must act on, with what to do."""


def _codes(error: openai.APIStatusError) -> list[str]:
    """Returns the error's code and type; compatible servers write anything there."""
    return [value[:100] for value in (error.code, error.type) if isinstance(value, str) and value]


def _pause(error: openai.APIStatusError, now: float) -> timedelta | None:
    """Returns how long the answer asks us to wait, bounded and never negative."""
    headers = error.response.headers
    milliseconds = seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return bounded(milliseconds / 1000)
    return retry_after(headers.get("retry-after"), now=now)


def _status_failure(error: openai.APIStatusError, now: float) -> Failure:
    status = error.status_code
    pause = _pause(error, now)
    if status in (402, 429) and (status == 402 or not UNPAID_CODES.isdisjoint(_codes(error))):
        return Failure(
            retry=Retry.BLOCKED,
            reason="The embedding account has no quota left; processing resumes once it is paid.",
            pause=WAIT_INTERVAL,
        )
    if status in BLOCKING:
        return Failure(retry=Retry.BLOCKED, reason=BLOCKING[status], pause=WAIT_INTERVAL)
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


def openai_failure(error: Exception, *, now: float) -> Failure:
    """Returns what an exception raised while embedding means; `now` is seconds since the epoch."""
    match error:
        case openai.APIStatusError():
            return _status_failure(error, now)
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
