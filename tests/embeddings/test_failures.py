"""Every failure of the embedding service has one retry decision, made by type, status and code."""

import inspect
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import errors
from contracts.retry import LONGEST_PAUSE, WAIT_INTERVAL, Failure, Retry
from embeddings.openai_failures import UNPAID_CODES, openai_failure

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)
REQUEST = httpx2.Request("POST", "http://embeddings.test/v1/embeddings")
CLIENT = openai.OpenAI(api_key="test", base_url="http://embeddings.test/v1")
RETRY, BLOCKED, FATAL = Retry


def refusal(
    status: int, *, code: object = None, kind: object = None, **headers: str
) -> openai.APIStatusError:
    """Returns what the openai client raises for such an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"message": "a message that decides nothing", "code": code, "type": kind}}
    response = httpx2.Response(status, headers=named, json=body, request=REQUEST)
    return CLIENT._make_status_error_from_response(response)


def decide(error: Exception) -> Failure:
    return openai_failure(error, now=NOW.timestamp())


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (openai.APITimeoutError(REQUEST), RETRY),
        (openai.APIConnectionError(request=REQUEST), RETRY),
        (TimeoutError(), RETRY),
        (refusal(408), RETRY),
        (refusal(409), RETRY),
        (refusal(425), RETRY),
        (refusal(429), RETRY),
        (refusal(429, code="rate_limit_exceeded", kind="tokens"), RETRY),
        (refusal(500), RETRY),
        (refusal(502), RETRY),
        (refusal(503), RETRY),
        (refusal(504), RETRY),
        (refusal(529), RETRY),
        (refusal(599), RETRY),
        (refusal(304), RETRY),
        (refusal(401), BLOCKED),
        (refusal(401, code="invalid_api_key"), BLOCKED),
        (refusal(402), BLOCKED),
        (refusal(403), BLOCKED),
        (refusal(404), BLOCKED),
        (refusal(404, code="model_not_found"), BLOCKED),
        (refusal(400), FATAL),
        (refusal(400, code="max_tokens_per_request"), FATAL),
        (refusal(413), FATAL),
        (refusal(422), FATAL),
        (refusal(418), FATAL),
        (errors.UnusableAnswer("not JSON"), RETRY),
        (errors.WrongDimensions("3 instead of 1536"), BLOCKED),
        (errors.EmbeddingProblem(), RETRY),
        (openai.OpenAIError("no key"), RETRY),
        (ZeroDivisionError(), RETRY),
        *((refusal(429, code=code), BLOCKED) for code in sorted(UNPAID_CODES)),
        *((refusal(429, kind=code), BLOCKED) for code in sorted(UNPAID_CODES)),
    ],
    ids=lambda value: (
        f"{value.status_code}-{value.code or value.type}"
        if isinstance(value, openai.APIStatusError)
        else type(value).__name__
        if isinstance(value, Exception)
        else value
    ),
)
def test_each_failure_has_a_retry_decision(error: Exception, retry: Retry) -> None:
    """Temporary problems are retried, problems for an operator wait, invalid requests fail."""
    failure = decide(error)
    assert failure.retry is retry
    assert 0 < len(failure.reason) <= 500
    assert (failure.pause == WAIT_INTERVAL) is (retry is BLOCKED)


def test_the_codes_of_unpaid_accounts_are_known() -> None:
    """OpenAI's codes for an account that must be paid first."""
    assert {"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"} < UNPAID_CODES


HALF_A_MINUTE = timedelta(seconds=30)
IN_HALF_A_MINUTE = format_datetime(NOW + HALF_A_MINUTE, usegmt=True)
LONG_AGO = "Fri, 31 Dec 1999 23:59:59 GMT"
FAR_AWAY = "Fri, 31 Dec 9999 23:59:59 GMT"


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, None),
        ({"retry_after": "30"}, HALF_A_MINUTE),
        ({"retry_after": "0.5"}, timedelta(milliseconds=500)),
        ({"retry_after": "0"}, timedelta(0)),
        ({"retry_after": IN_HALF_A_MINUTE}, HALF_A_MINUTE),
        ({"retry_after_ms": "1500"}, timedelta(milliseconds=1500)),
        ({"retry_after_ms": "1500", "retry_after": "30"}, timedelta(milliseconds=1500)),
        ({"retry_after_ms": "soon", "retry_after": "30"}, HALF_A_MINUTE),
        ({"retry_after": "-1"}, None),
        ({"retry_after_ms": "-1"}, None),
        ({"retry_after": LONG_AGO}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "3601"}, LONGEST_PAUSE),
        ({"retry_after": "1e300"}, LONGEST_PAUSE),
        ({"retry_after": "inf"}, LONGEST_PAUSE),
        ({"retry_after": FAR_AWAY}, LONGEST_PAUSE),
    ],
    ids=str,
)
def test_retry_after_is_honoured(headers: dict[str, str], pause: timedelta | None) -> None:
    """Seconds, milliseconds and dates are accepted, other values ignored; no pause exceeds an hour."""
    statuses = [408, 409, 429, 500, 503]
    failures = {status: decide(refusal(status, **headers)) for status in statuses}
    assert {status: (failure.retry, failure.pause) for status, failure in failures.items()} == dict.fromkeys(
        statuses, (RETRY, pause)
    )


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_any_retry_after_header_is_bounded(value: str) -> None:
    """For any text in the header, the pause is None or between zero and an hour."""
    response = httpx2.Response(
        429, headers=[(b"retry-after", value.encode("latin-1"))], request=REQUEST, json={}
    )
    failure = decide(openai.RateLimitError("", response=response, body=None))
    assert failure.pause is None or timedelta(0) <= failure.pause <= LONGEST_PAUSE


@pytest.mark.parametrize("odd", [["insufficient_quota"], {"code": 1}, 429, True, "x" * 100_000])
def test_codes_of_any_shape_are_accepted(odd: object) -> None:
    """Compatible servers write anything into `code` and `type`."""
    assert decide(refusal(429, code=odd, kind=odd)).retry is RETRY
    final = decide(refusal(400, code=odd, kind=odd))
    assert final.retry is FATAL
    assert len(final.reason) <= 500


def test_the_message_decides_nothing() -> None:
    """Two answers that differ in their text only have the same failure."""
    response = httpx2.Response(429, request=REQUEST, json={})
    plain, misleading = (
        openai.RateLimitError(text, response=response, body={"message": text})
        for text in ("slow down", "insufficient_quota: billing_not_active, invalid_api_key")
    )
    assert decide(plain) == decide(misleading)


def public(module: object, base: type[Exception]) -> list[type[Exception]]:
    """Returns the public error classes of a module, without importing what the module loads on demand."""
    return [
        found
        for name, found in sorted(vars(module).items())
        if issubclass(type(found), type) and issubclass(found, base) and not name.startswith("_")
    ]


def example(kind: type[Exception]) -> Exception:
    """Returns an instance, with arguments chosen by their names."""
    response = httpx2.Response(418, request=REQUEST, json={})
    known: dict[str, object] = {
        "message": "no",
        "request": REQUEST,
        "response": response,
        "body": None,
        "completion": openai.types.chat.ChatCompletion(
            id="1", choices=[], created=0, model="m", object="chat.completion"
        ),
        "unsent_messages": [],
    }
    _, *asked = inspect.signature(kind.__init__).parameters
    return kind("no") if asked == ["args", "kwargs"] else kind(**{name: known[name] for name in asked})


@pytest.mark.parametrize("kind", public(openai, Exception))
def test_every_error_of_openai_has_a_retry_decision(kind: type[Exception]) -> None:
    """The mapping is total over what the client can raise, now and after its next release."""
    failure = decide(example(kind))
    assert failure.retry in Retry
    assert 0 < len(failure.reason) <= 500
    if issubclass(kind, openai.OpenAIError):
        assert not failure.reason.startswith("Unexpected")


@pytest.mark.parametrize("kind", public(errors, errors.EmbeddingProblem))
def test_every_embedding_problem_has_a_retry_decision(kind: type[Exception]) -> None:
    """An unusable answer is never fatal: the next answer to the same request may be usable."""
    assert decide(kind("it is odd")).retry in (RETRY, BLOCKED)


def test_the_status_decides_with_and_without_retry_after() -> None:
    """Transient statuses are retried and all others are not, with and without `Retry-After`."""
    plain = {status: decide(refusal(status)).retry for status in range(400, 600)}
    hinted = {status: decide(refusal(status, retry_after="1")).retry for status in plain}
    assert plain == hinted
    transient = {status for status, retry in plain.items() if retry is RETRY}
    assert transient == {408, 409, 425, 429, *range(500, 600)}
