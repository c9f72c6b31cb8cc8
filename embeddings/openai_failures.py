"""What the errors of the embeddings API mean: a retry decision by type, status, codes and words."""

import re
from datetime import timedelta

import openai

from contracts.errors import EmbeddingProblem, UnusableAnswer, WrongDimensions
from contracts.retry import WAIT_INTERVAL, Failure, Retry, bounded, retry_after, seconds
from embeddings import openai_refusals
from embeddings.base import Cause, NothingEmbedded
from embeddings.openai_refusals import KEY, MODEL, SETTINGS, SLOW_DOWN, UNPAID, ErrorAnswer, Refusal

NO_KEY = "The embedding service rejects the API key; set a valid OPENAI_API_KEY."
NO_QUOTA = "The embedding account has no quota left; processing resumes once it is paid."
NO_MODEL = (
    "The embedding service has no such model or address; check PILITO_EMBEDDING_MODEL and OPENAI_BASE_URL."
)
OTHER_SHAPE = (
    "The embedding service does not accept the form of the request; check the settings PILITO_EMBEDDING_*"
    " and OPENAI_BASE_URL."
)

BLOCKING = {
    401: NO_KEY,
    402: NO_QUOTA,
    403: "The embedding service does not allow this key to use the model, or not from this region.",
    404: NO_MODEL,
}
"""Statuses that an operator must act on, with what to do."""

REFUSES_ALL = (
    "The embedding service refuses every text; check OPENAI_BASE_URL, PILITO_EMBEDDING_MODEL and the account."
)
LONGEST_REASON = 500
"""Characters of a reason."""

INPUT = re.compile(r"\binput\b")


def refusal_in(error: Exception, secrets: tuple[str, ...] = ()) -> Refusal | None:
    """Returns what the service refused; None for other errors. `secrets` are left out of its sentence."""
    match error:
        case openai.APIStatusError():
            return openai_refusals.of(error.status_code, error.response.content, secrets)
        case ErrorAnswer():
            return openai_refusals.in_answer(error, secrets)
    return None


def openai_cause(error: Exception) -> Cause:
    """Returns what an exception raised while embedding can be blamed on."""
    refusal = refusal_in(error)
    if refusal is None:
        if isinstance(error, (openai.APIConnectionError, openai.APITimeoutError, TimeoutError)):
            return Cause.NO_ANSWER
        return Cause.REQUEST if isinstance(error, (UnusableAnswer, WrongDimensions)) else Cause.SERVICE
    if _blocking_status(refusal):
        return Cause.SERVICE
    if _blocking_words(refusal):
        return Cause.REQUEST  # a server may repeat the words of a text
    return refusal.size or (Cause.SERVICE if refusal.is_busy else Cause.REQUEST)


def openai_failure(error: Exception, *, now: float, secrets: tuple[str, ...] = ()) -> Failure:
    """Returns what an exception raised while embedding means; `now` is seconds since the epoch."""
    if refusal := refusal_in(error, secrets):
        return _refused(refusal, _pause(error, now) if isinstance(error, openai.APIStatusError) else None)
    match error:
        case NothingEmbedded():
            return _refused_all(error.error, openai_failure(error.error, now=now, secrets=secrets), secrets)
        case openai.APITimeoutError() | TimeoutError():
            return Failure(retry=Retry.RETRY, reason="The embedding service did not answer in time.")
        case openai.APIConnectionError():
            return Failure(retry=Retry.RETRY, reason="The embedding service cannot be reached.")
        case WrongDimensions():
            return Failure(retry=Retry.BLOCKED, reason=f"Configuration: {error}.", pause=WAIT_INTERVAL)
        case EmbeddingProblem() | openai.OpenAIError():
            return Failure(retry=Retry.RETRY, reason=f"Unusable answer: {error}."[:LONGEST_REASON])
        case _:
            return Failure(retry=Retry.RETRY, reason=f"Unexpected {type(error).__name__} while embedding.")


def _refused_all(error: Exception, failure: Failure, secrets: tuple[str, ...]) -> Failure:
    """Returns what a refusal means where a harmless text is refused as well.

    It is final only if the service calls the input invalid; other refusals end once an operator has acted.
    """
    refusal = refusal_in(error, secrets)
    if refusal is None or failure.retry is not Retry.FATAL:
        return failure
    named = (*refusal.codes, refusal.words)
    if refusal.status == 400 and "invalid_request_error" in named and any(map(INPUT.search, named)):
        return failure
    reason = f"{REFUSES_ALL} {failure.reason}"[:LONGEST_REASON]
    return Failure(retry=Retry.BLOCKED, reason=reason, pause=WAIT_INTERVAL)


def _blocking_status(refusal: Refusal) -> str | None:
    """Returns what an operator must do as a status or a code says; a 429 may say what an account may use."""
    status = refusal.status
    if status in (402, 403, 429) and any(UNPAID.search(code) for code in refusal.codes):
        return NO_QUOTA
    return BLOCKING.get(status)


def _blocking_words(refusal: Refusal) -> str | None:
    """Returns what an operator must do as words say; they decide where the status says as little as 400."""
    status = refusal.status
    if status in (400, 405, 406, 409, 412, 415, 422, 500):
        for pattern, advice in ((UNPAID, NO_QUOTA), (KEY, NO_KEY), (MODEL, NO_MODEL)):
            if refusal.says(pattern):
                return advice
    if status in (400, 422) and refusal.size is None and not refusal.is_busy and refusal.says(SETTINGS):
        return OTHER_SHAPE
    return None


def _is_slowed(refusal: Refusal) -> bool:
    return refusal.status == 429 or (refusal.status in (400, 422, 500) and refusal.says(SLOW_DOWN))


def _refused(refusal: Refusal, pause: timedelta | None) -> Failure:
    status = refusal.status
    if advice := _blocking_status(refusal) or _blocking_words(refusal):
        return Failure(retry=Retry.BLOCKED, reason=_with_sentence(advice, refusal), pause=WAIT_INTERVAL)
    retry = Retry.RETRY
    if _is_slowed(refusal):
        reason = "The embedding service asks us to slow down."
    elif refusal.is_busy or status >= 500:
        reason = f"The embedding service has a temporary problem (HTTP {status})."
    elif 400 <= status < 500:
        code = next((code for code in refusal.shown_codes if code != str(status)), "no code given")
        retry = Retry.FATAL
        reason = f"The embedding service rejects the request as invalid (HTTP {status}, {code})."
    else:
        reason = f"The embedding service answered with an unexpected status, HTTP {status}."
    return Failure(
        retry=retry, reason=_with_sentence(reason, refusal), pause=pause if retry is Retry.RETRY else None
    )


def _with_sentence(reason: str, refusal: Refusal) -> str:
    """Returns a reason with the service's own sentence, in at most 500 characters."""
    return f"{reason} It answered: “{refusal.sentence}”" if refusal.sentence else reason


def _pause(error: openai.APIStatusError, now: float) -> timedelta | None:
    """Returns how long the answer asks us to wait, bounded and never negative."""
    headers = error.response.headers
    milliseconds = seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return bounded(milliseconds / 1000)
    return retry_after(headers.get("retry-after"), now=now)
