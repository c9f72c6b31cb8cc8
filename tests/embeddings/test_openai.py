"""The embeddings client, through OpenAI's own library and a real socket."""

import asyncio
import base64
import math
import struct
from array import array
from collections.abc import AsyncIterator, Iterable

import openai
import orjson
import pytest
import pytest_asyncio

from contracts.errors import UnusableAnswer, WrongDimensions
from contracts.search import numbers
from embedded.lexical import embed
from embeddings.openai import OpenAIEmbedder
from fakes import openai as servers
from fakes.openai import EmbeddingServer, Fault, Mangled, Refusal
from settings import Settings
from tests.support.eventually import eventually

DIMENSIONS = 8
TEXTS = ["لپ‌تاپ گیمینگ", "کفش پیاده‌روی", "کیف چرمی"]


def settings(server: EmbeddingServer, **changes: object) -> Settings:
    return Settings.model_validate(
        {
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": server.base_url,
            "embedding_dimensions": DIMENSIONS,
            "embedding_timeout_seconds": 5.0,
            **changes,
        }
    )


@pytest_asyncio.fixture
async def embedder(embeddings: EmbeddingServer) -> AsyncIterator[OpenAIEmbedder]:
    made = OpenAIEmbedder.configured(settings(embeddings))
    yield made
    await made.close()


def json(body: object, status: int = 200) -> Refusal:
    return Refusal(status=status, body=orjson.dumps(body))


def vectors(*made: object, **more: object) -> Refusal:
    return json({"data": [{"index": at, "embedding": vector} for at, vector in enumerate(made)], **more})


UNIT = [1.0] + [0.0] * (DIMENSIONS - 1)


def halves(vector: Iterable[float]) -> list[float]:
    """Returns numbers in the precision they are stored in."""
    return [struct.unpack("e", struct.pack("e", number))[0] for number in vector]


async def test_texts_become_vectors_in_their_order(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """One request with the key, the model and the dimensions; the tokens are the billed ones."""
    embedded = await embedder.embed_documents(TEXTS)
    for vector, text in zip(embedded.vectors, TEXTS, strict=True):
        assert numbers(vector) == halves(embed(text, DIMENSIONS))
    assert embedded.tokens == embeddings.tokens
    (seen,) = embeddings.requests
    assert seen == servers.Seen(
        path="/v1/embeddings",
        inputs=tuple(TEXTS),
        model="text-embedding-3-small",
        dimensions=DIMENSIONS,
        authorization="Bearer sk-test",
    )


async def test_a_server_that_answers_numbers_is_accepted(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """We ask for base64, a quarter of the size; compatible servers may not support it."""
    made = [list(embed(text, DIMENSIONS)) for text in TEXTS]
    embeddings.fail_next(vectors(*made))
    embedded = await embedder.embed_documents(TEXTS)
    assert [*map(numbers, embedded.vectors)] == [halves(vector) for vector in made]


async def test_vectors_are_matched_by_their_index(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """A server may answer in any order."""
    embeddings.fail_next(servers.OUT_OF_ORDER)
    embedded = await embedder.embed_documents(TEXTS)
    for vector, text in zip(embedded.vectors, TEXTS, strict=True):
        assert numbers(vector) == halves(embed(text, DIMENSIONS))


async def test_dimensions_are_sent_only_to_models_that_support_them(embeddings: EmbeddingServer) -> None:
    """Other models refuse the parameter; the size of their vectors is checked as well."""
    older = OpenAIEmbedder.configured(
        settings(embeddings, embedding_model="text-embedding-ada-002", embedding_dimensions=1536)
    )
    embeddings.fail_next(vectors([0.5] * 1536))
    try:
        assert len((await older.embed_documents(["کیف"])).vectors) == 1
    finally:
        await older.close()
    (seen,) = embeddings.requests
    assert (seen.model, seen.dimensions) == ("text-embedding-ada-002", 1536)


@pytest.mark.parametrize("usage", [None, {}, {"total_tokens": None}, [], "many", {"total_tokens": "many"}, 7])
async def test_unreadable_usage_counts_as_zero_tokens(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, usage: object
) -> None:
    """Compatible servers leave `usage` out or send other types."""
    embeddings.fail_next(vectors(UNIT, usage=usage))
    embedded = await embedder.embed_documents(["کیف"])
    assert ([*map(numbers, embedded.vectors)], embedded.tokens) == ([UNIT], 0)


@pytest.mark.parametrize(
    "fault",
    [
        servers.NOT_JSON,
        servers.EMPTY_DATA,
        servers.LAST_MISSING,
        servers.NOT_A_NUMBER,
        json([]),
        json(None),
        json("vectors"),
        json({}),
        json({"data": None}),
        json({"data": {"0": UNIT}}),
        json({"data": [UNIT] * 3}),
        json({"data": [{"embedding": UNIT}] * 3}),
        json({"data": [{"index": 0}] * 3}),
        json({"data": [{"index": 0, "embedding": UNIT}] * 3}),
        json({"data": [{"index": [at], "embedding": UNIT} for at in range(3)]}),
        json({"data": [{"index": at + 1, "embedding": UNIT} for at in range(3)]}),
        Refusal(status=200, body=b""),
        Refusal(status=200, body=b'{"data": [{"index": 0, "embedding": [NaN]}]}'),
        vectors(UNIT, UNIT, [None, *UNIT[1:]]),
        vectors(UNIT, UNIT, ["1", *UNIT[1:]]),
        vectors(UNIT, UNIT, [[1.0], *UNIT[1:]]),
        vectors(UNIT, UNIT, [1.7e308] * DIMENSIONS),
        vectors(UNIT, UNIT, [0.0] * DIMENSIONS),
        vectors(UNIT, UNIT, [1e-9] * DIMENSIONS),
        vectors(UNIT, UNIT, [2.0**-25] * DIMENSIONS),
        vectors(UNIT, UNIT, [65_536.0, *UNIT[1:]]),
        vectors(UNIT, UNIT, [-65_520.0, *UNIT[1:]]),
        vectors(UNIT, UNIT, base64.b64encode(array("f", [math.nan, *UNIT[1:]])).decode()),
        vectors(UNIT, UNIT, "AA=="),
        vectors(UNIT, UNIT, "not base64"),
        vectors(UNIT, UNIT, base64.b64encode(array("f", [math.nan] * DIMENSIONS)).decode()),
        vectors(UNIT, UNIT, UNIT[0]),
        Mangled(change=lambda _, found: [(i, [math.inf, *v[1:]]) for i, v in enumerate(found)]),
    ],
    ids=range(33),
)
async def test_anything_but_one_vector_per_text_is_unusable(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, fault: Fault
) -> None:
    """Each vector must exist, have finite numbers and not only zeros."""
    embeddings.fail_next(fault)
    with pytest.raises(UnusableAnswer):
        await embedder.embed_documents(TEXTS)
    assert len(embeddings.requests) == 1


async def test_the_limits_of_half_precision_are_accepted(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """The smallest and largest numbers, each alone in its vector."""
    limits = [[number, *[0.0] * (DIMENSIONS - 1)] for number in (2.0**-24, -65_519.0, 65_504.0)]
    embeddings.fail_next(vectors(*limits))
    answer = await embedder.embed_documents(TEXTS)
    assert [numbers(vector)[0] for vector in answer.vectors] == [2.0**-24, -65_504.0, 65_504.0]


@pytest.mark.parametrize(
    "fault",
    [
        servers.WRONG_DIMENSIONS,
        vectors(UNIT, UNIT, []),
        vectors(UNIT, UNIT, [1.0] * 9),
        vectors(UNIT, UNIT, base64.b64encode(array("f", [1.0] * 7)).decode()),
    ],
    ids=["one less", "none", "one more", "base64"],
)
async def test_vectors_of_another_size_are_a_configuration_error(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, fault: Fault
) -> None:
    """The error names the setting to correct."""
    embeddings.fail_next(fault)
    with pytest.raises(WrongDimensions, match="PILITO_EMBEDDING_DIMENSIONS"):
        await embedder.embed_documents(TEXTS)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (servers.bad_request(), openai.BadRequestError),
        (servers.invalid_api_key(), openai.AuthenticationError),
        (servers.permission_denied(), openai.PermissionDeniedError),
        (servers.request_timeout(), openai.APIStatusError),
        (servers.conflict(), openai.ConflictError),
        (servers.rate_limit_exceeded(retry_after="0"), openai.RateLimitError),
        (servers.insufficient_quota(), openai.RateLimitError),
        (servers.server_error(), openai.InternalServerError),
        (servers.overloaded(retry_after="0"), openai.InternalServerError),
        ("reset", openai.APIConnectionError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_nothing_is_retried(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, fault: Fault, error: type[openai.OpenAIError]
) -> None:
    """A failed call is exactly one request and raises the client's own error, because Temporal retries."""
    embeddings.fail_next(fault)
    with pytest.raises(error):
        await embedder.embed_documents(TEXTS)
    assert len(embeddings.requests) == 1


async def test_the_configured_timeout_ends_a_request(embeddings: EmbeddingServer) -> None:
    """PILITO_EMBEDDING_TIMEOUT_SECONDS bounds the request, which is not repeated."""
    hasty = OpenAIEmbedder.configured(settings(embeddings, embedding_timeout_seconds=0.2))
    embeddings.fail_next("hang")
    try:
        with pytest.raises(openai.APITimeoutError):
            await hasty.embed_documents(TEXTS)
    finally:
        await hasty.close()
    assert len(embeddings.requests) == 1


async def test_a_query_becomes_one_vector(embedder: OpenAIEmbedder, embeddings: EmbeddingServer) -> None:
    """Of the same model as the vectors of documents."""
    vector = await embedder.embed_query(TEXTS[0])
    assert numbers(vector) == halves(embed(TEXTS[0], DIMENSIONS))
    assert [seen.inputs for seen in embeddings.requests] == [(TEXTS[0],)]


async def test_everything_a_call_raises_is_listed(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """Callers of `Embedder` catch `errors` and need not know the vendor."""
    for fault in (servers.bad_request(), servers.NOT_JSON, servers.WRONG_DIMENSIONS, "reset"):
        embeddings.fail_next(fault)
        with pytest.raises(embedder.errors) as raised:
            await embedder.embed_documents(TEXTS)
        assert not embedder.failure(raised.value).reason.startswith("Unexpected")


async def test_a_refused_connection_is_an_error(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """The next call connects again."""
    embeddings.refuse_connections()
    try:
        with pytest.raises(openai.APIConnectionError):
            await embedder.embed_documents(TEXTS)
    finally:
        embeddings.accept_connections()
    assert len((await embedder.embed_documents(TEXTS)).vectors) == 3


async def test_a_call_can_be_cancelled(embedder: OpenAIEmbedder, embeddings: EmbeddingServer) -> None:
    """A worker that shuts down does not wait for the vendor."""
    embeddings.fail_next("hang")
    call = asyncio.create_task(embedder.embed_documents(TEXTS))
    await eventually(lambda: asyncio.sleep(0, len(embeddings.requests)), what="the request")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_key_is_optional(embeddings: EmbeddingServer) -> None:
    """Local servers need none, but the library refuses to start without one."""
    keyless = OpenAIEmbedder.configured(settings(embeddings, OPENAI_API_KEY=""))
    try:
        assert len((await keyless.embed_documents(["کیف"])).vectors) == 1
    finally:
        await keyless.close()
