"""Every failure of the embedding service has one retry decision, made by type, status, codes and words."""

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
from embeddings.base import Cause, NothingEmbedded
from embeddings.openai_failures import openai_cause, openai_failure
from embeddings.openai_refusals import KEY_LIKE, ErrorAnswer, has_error

NOW = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)
REQUEST = httpx2.Request("POST", "http://embeddings.test/v1/embeddings")
CLIENT = openai.OpenAI(api_key="test", base_url="http://embeddings.test/v1")
RETRY, BLOCKED, FATAL = Retry

UNPAID_CODES = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
)
"""OpenAI's codes for an account that must be paid first."""


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
        (NothingEmbedded(errors.UnusableAnswer("not JSON")), RETRY),
        *((refusal(429, code=code), BLOCKED) for code in UNPAID_CODES),
        *((refusal(429, kind=code), BLOCKED) for code in UNPAID_CODES),
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


def answer(status: int, body: object, *, raw: bytes | None = None, **headers: str) -> Exception:
    """Returns what the embedder raises for an answer with this body."""
    if status == 200:
        assert has_error(body)
        return ErrorAnswer(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = (
        httpx2.Response(status, headers=named, json=body, request=REQUEST)
        if raw is None
        else httpx2.Response(status, headers=named, content=raw, request=REQUEST)
    )
    return CLIENT._make_status_error_from_response(response)


def error(message: str, code: object = None, kind: object = None) -> dict[str, object]:
    return {"error": {"message": message, "code": code, "type": kind, "param": None}}


@pytest.mark.parametrize(
    ("status", "body", "retry", "advice"),
    [
        (
            400,
            {
                "error": {
                    "code": 400,
                    "message": "API key not valid. Please pass a valid API key.",
                    "status": "INVALID_ARGUMENT",
                }
            },
            BLOCKED,
            "OPENAI_API_KEY",
        ),
        (
            400,
            [{"error": {"code": 400, "message": "API key expired.", "status": "X"}}],
            BLOCKED,
            "OPENAI_API_KEY",
        ),
        (400, error("no", "invalid_api_key"), BLOCKED, "OPENAI_API_KEY"),
        (422, error("Incorrect API key provided: sk-1."), BLOCKED, "OPENAI_API_KEY"),
        (400, error("no", "model_not_found"), BLOCKED, "PILITO_EMBEDDING_MODEL"),
        (400, {"detail": "Model foo does not exist"}, BLOCKED, "PILITO_EMBEDDING_MODEL"),
        (404, {"error": {"code": "DeploymentNotFound", "message": "no"}}, BLOCKED, "PILITO_EMBEDDING_MODEL"),
        (400, {"code": "Arrearage", "message": "Access denied, please pay."}, BLOCKED, "no quota"),
        (400, error("Your credit balance is too low"), BLOCKED, "no quota"),
        (403, error("no", kind="insufficient_quota"), BLOCKED, "no quota"),
        (200, {"error": {"message": "Insufficient credits", "code": 402}}, BLOCKED, "no quota"),
        (200, {"error": {"message": "No auth credentials found", "code": 401}}, BLOCKED, "OPENAI_API_KEY"),
        (200, {"error": {"message": "No endpoints found for model", "code": 404}}, BLOCKED, "MODEL"),
        (200, {"error": {"message": "Rate limit exceeded", "code": 429}}, RETRY, "slow down"),
        (200, {"error": {"message": "Provider returned error", "code": 502}}, RETRY, "HTTP 502"),
        (200, {"error": "it is broken"}, RETRY, "it is broken"),
        (200, {"errors": [{"message": "Authentication error", "code": 10000}]}, BLOCKED, "OPENAI_API_KEY"),
        (400, error("Rate limit reached for requests"), RETRY, "slow down"),
        (400, {"error": {"message": "'input_type' parameter is required"}}, BLOCKED, "PILITO_EMBEDDING_*"),
        (422, {"detail": [{"loc": ["body", "x"], "msg": "Field required"}]}, BLOCKED, "PILITO_EMBEDDING_*"),
        (400, error("'input' is invalid."), FATAL, "invalid"),
        (400, {"message": "The text is offensive"}, FATAL, "The text is offensive"),
    ],
)
def test_codes_and_words_decide_where_vendors_disagree_about_the_status(
    status: int, body: object, retry: Retry, advice: str
) -> None:
    """A wrong key is a 400 at one vendor and an answer with status 200 at another."""
    failure = decide(answer(status, body))
    assert failure.retry is retry
    assert advice in failure.reason
    assert (failure.pause == WAIT_INTERVAL) is (retry is BLOCKED)


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (
            413,
            {"message": "batch size 70 > maximum allowed batch size 32", "type": "Validation"},
            Cause.TEXTS,
        ),
        (422, {"error": "batch size 70 > maximum allowed batch size 32"}, Cause.TEXTS),
        (400, error("batch size is invalid, it should not be larger than 10"), Cause.TEXTS),
        (422, error("at most 32 inputs"), Cause.TEXTS),
        (400, error("at most 100 requests can be in one batch"), Cause.TEXTS),
        (400, {"message": "total number of texts must be at most 96 - received 120"}, Cause.TEXTS),
        (422, {"detail": [{"msg": "List should have at most 32 items after validation"}]}, Cause.TEXTS),
        (400, error("Too many inputs. The max number of inputs is 512."), Cause.TEXTS),
        (500, error("too many inputs"), Cause.TEXTS),
        (
            400,
            error("array too long. Expected an array with maximum length 2048, but got an array of 3000"),
            Cause.TEXTS,
        ),
        (400, error("Too many requests in one batch. Maximum is 100."), Cause.TEXTS),
        (413, None, Cause.SIZE),
        (400, error("Request payload size exceeds the limit"), Cause.SIZE),
        (400, error("Too many tokens in batch. Max is 16384 got 20000"), Cause.TOKENS),
        (400, error("Requested 300001 tokens, max 300000 tokens per request"), Cause.TOKENS),
        (400, error("no", "max_tokens_per_request"), Cause.TOKENS),
        (400, {"detail": "The max allowed tokens per submitted batch is 120000."}, Cause.TOKENS),
        (429, error("Request too large for text-embedding-3-small on tokens per min (TPM)"), Cause.SIZE),
        (
            500,
            error("input (619 tokens) is too large to process. increase the physical batch size"),
            Cause.TEXT_TOKENS,
        ),
        (413, {"message": "`inputs` must have less than 512 tokens. Given: 619"}, Cause.TEXT_TOKENS),
        (
            400,
            error("This model's maximum context length is 512 tokens", "context_length_exceeded"),
            Cause.TEXT_TOKENS,
        ),
        (400, {"error": "the input length exceeds the context length"}, Cause.TEXT_TOKENS),
        (400, error("Input length 619 exceeds maximum allowed token size 512"), Cause.TEXT_TOKENS),
        (400, error("Range of input length should be [1, 8192]"), Cause.TEXT_TOKENS),
        (429, error("Too many tokens, please wait before trying again."), Cause.SERVICE),
        (429, error("Rate limit reached: too many inputs"), Cause.SERVICE),
        (401, error("too many inputs"), Cause.SERVICE),
        (503, error("overloaded"), Cause.SERVICE),
        (400, error("API key not valid"), Cause.REQUEST),
        (400, error("model is overloaded, max tokens per minute reached"), Cause.SERVICE),
        (400, error("Rate limit: at most 60 requests in 60 seconds"), Cause.SERVICE),
        (503, error("Too many requests in the queue, try again later"), Cause.SERVICE),
        (503, error("queue is full: number of inputs waiting exceeds limit"), Cause.SERVICE),
        (500, error("Server is overloaded: too many requests in progress"), Cause.SERVICE),
        (500, error("number of requests in flight exceeds limit"), Cause.SERVICE),
        (500, error("failed to encode response: json: unsupported value: NaN"), Cause.REQUEST),
        (502, None, Cause.REQUEST),
        (400, error("'input' is invalid."), Cause.REQUEST),
        (200, {"error": {"message": "Insufficient credits", "code": 402}}, Cause.SERVICE),
        (200, {"error": {"message": "batch size too large", "code": 400}}, Cause.TEXTS),
    ],
)
def test_what_a_refusal_is_blamed_on(status: int, body: object, cause: Cause) -> None:
    """A size is known by the words of its vendor, with any status; a service that is busy is no size."""
    assert openai_cause(answer(status, body)) is cause


@pytest.mark.parametrize(
    "sentence",
    [
        "The input token count (2563) exceeds the maximum number of tokens allowed (2048).",
        "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
        "expected maxLength: 2048, actual: 3000, please reformat your input and try again.",
        "Input text exceeds maximum length of 8194 tokens",
        "input must be at most 8,192 tokens",
        "`inputs` tokens + `max_new_tokens` must be <= 513. Given: 600",
        "Number of tokens in input exceeds limit 512",
        "Input is longer than the context",
        "text length 9000 exceeds limit",
        "prompt has 600 tokens, but only 512 are allowed",
        "Please reduce the length of the input.",
    ],
)
def test_vendors_call_a_text_too_long_in_many_words(sentence: str) -> None:
    """A shorter text is then tried."""
    assert openai_cause(answer(400, error(sentence))) is Cause.TEXT_TOKENS


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "User location is not supported", "status": "FAILED_PRECONDITION"}}),
        (400, error("This model does not support embeddings")),
        (400, error("Project proj_x is archived", kind="invalid_request_error")),
        (405, None),
        (410, None),
        (412, {"message": "tenant not provisioned"}),
        (413, None),
        (422, error("no")),
    ],
)
def test_a_refusal_of_every_text_waits_for_an_operator(status: int, body: object) -> None:
    """It is final for a text only; what no text is to blame for ends without new deliveries."""
    refused = answer(status, body)
    assert decide(refused).retry is FATAL
    failure = decide(NothingEmbedded(refused))
    assert (failure.retry, failure.pause) == (BLOCKED, WAIT_INTERVAL)
    assert f"HTTP {status}" in failure.reason
    assert len(failure.reason) <= 500


def test_an_input_that_is_called_invalid_stays_final() -> None:
    """OpenAI's words for a request that no account and no setting would make valid."""
    refused = answer(400, error("'input' is invalid.", kind="invalid_request_error"))
    assert decide(NothingEmbedded(refused)) == decide(refused)


@pytest.mark.parametrize("code", ["rejected_sk-live-123456789abcdef", "sk-live-1", "paprika_no", "x" * 3_000])
def test_a_code_is_shown_without_keys(code: str) -> None:
    """As the sentence is."""
    reason = openai_failure(answer(400, error("no", code)), now=0, secrets=("paprika",)).reason
    assert "sk-live" not in reason
    assert "paprika" not in reason
    assert len(reason) <= 500


SECRETS = [
    "sk-proj-Ab12Cd34Ef56Gh78",
    "AIzaSyA1B2C3D4E5F6G7H8I9",
    "0123456789abcdef0123456789abcdef",
    "sk-ab***9x",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_the_sentence_of_the_service_is_shown_without_keys(secret: str) -> None:
    """Plain text, bounded; a key is left out whole or masked, known or not."""
    said = f"Incorrect\u202e API key\x00 provided: {secret}. See https://vendor.example. " + "again " * 500
    for failure in (
        decide(answer(401, error(said))),
        openai_failure(answer(401, error(said)), now=0, secrets=(secret,)),
    ):
        assert secret not in failure.reason
        assert "It answered: “Incorrect API key" in failure.reason
        assert failure.reason.isprintable()
        assert len(failure.reason) <= 500
    assert KEY_LIKE.search("text-embedding-3-small") is None


def test_a_header_that_is_secret_is_not_shown() -> None:
    """A server may repeat what it was sent."""
    said = answer(400, error("header x-team is paprika and wrong"))
    assert "paprika" not in openai_failure(said, now=0, secrets=("paprika",)).reason


@pytest.mark.parametrize("raw", [b"<html>Bad gateway</html>", b"", b"\xff\xfe", b"[" * 9_000, b"x" * 100_000])
def test_a_page_is_no_sentence(raw: bytes) -> None:
    """What is not a refusal of an API is not shown as its words."""
    failure = decide(answer(502, None, raw=raw))
    assert "html" not in failure.reason
    assert failure.reason.isprintable()
    assert len(failure.reason) <= 500


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "message", "code", "type", "detail", "loc", "msg", "status"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.integers(400, 599), BODIES)
def test_any_refusal_has_a_decision_and_a_bounded_reason(status: int, body: object) -> None:
    """No body, however odd, is an unexpected error."""
    failed = answer(status, body)
    failure = decide(failed)
    assert openai_cause(failed) in Cause
    assert 0 < len(failure.reason) <= 500
    assert failure.reason.isprintable()
    if has_error(body):
        assert decide(ErrorAnswer(body)).retry in Retry


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
