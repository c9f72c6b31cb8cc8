"""The embeddings client, through OpenAI's own library and a real socket."""

import asyncio
import base64
import math
import random
import struct
from array import array
from collections.abc import AsyncIterator, Iterable

import openai
import orjson
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import UnusableAnswer, WrongDimensions
from contracts.search import Vector, numbers
from embedded.embedding.lexical import embed
from embeddings import openai_answers
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


def of(vector: Vector | None) -> list[float]:
    """Returns the numbers of a vector that must be there."""
    assert vector is not None
    return numbers(vector)


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
        assert of(vector) == halves(embed(text, DIMENSIONS))
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
    assert [*map(of, embedded.vectors)] == [halves(vector) for vector in made]


async def test_vectors_are_matched_by_their_index(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """A server may answer in any order."""
    embeddings.fail_next(servers.OUT_OF_ORDER)
    embedded = await embedder.embed_documents(TEXTS)
    for vector, text in zip(embedded.vectors, TEXTS, strict=True):
        assert of(vector) == halves(embed(text, DIMENSIONS))


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


@pytest.mark.parametrize(
    "usage", [None, {}, {"total_tokens": None}, [], "many", {"total_tokens": "many"}, 7, {"total_tokens": -1}]
)
async def test_unreadable_usage_counts_as_zero_tokens(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, usage: object
) -> None:
    """Compatible servers leave `usage` out or send other types."""
    embeddings.fail_next(vectors(UNIT, usage=usage))
    embedded = await embedder.embed_documents(["کیف"])
    assert ([*map(of, embedded.vectors)], embedded.tokens) == ([UNIT], 0)


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
        json({"result": {"result": {"data": [{"embedding": UNIT}] * 3}}}),
        json({"data": [{"embedding": UNIT}] * 2}),
        json({"data": [{"embedding": UNIT}] * 4}),
        json({"data": [{"index": 0}] * 3}),
        json({"data": [{"index": at, "embedding": UNIT} for at in (0, 0, 1)]}),
        json({"data": [{"index": at, "embedding": UNIT} for at in (0, 1, 3)]}),
        json({"data": [{"index": at, "embedding": UNIT} for at in (2, 3, 4)]}),
        json({"data": [{"index": at, "embedding": UNIT} for at in (None, 1, 3)]}),
        json({"data": [{"index": at, "embedding": UNIT} for at in (None, None, 1)]}),
        json({"data": [{"index": [at], "embedding": UNIT} for at in range(3)]}),
        json({"data": [{"index": f"{at}.", "embedding": UNIT} for at in range(3)]}),
        json({"data": [{"index": -at, "embedding": UNIT} for at in range(3)]}),
        json({"data": [{"index": 1e300, "embedding": UNIT}] * 3}),
        json({"data": [{"index": True, "embedding": UNIT}] * 3}),
        Refusal(status=200, body=b""),
        Refusal(status=200, body=b"[" * 100_000),
        Refusal(status=200, body=b'{"data": [{"index": 0, "embedding": [NaN]}]}'),
        vectors(*[[None, *UNIT[1:]]] * 3),
        vectors(*[["1", *UNIT[1:]]] * 3),
        vectors(*[[[1.0], *UNIT[1:]]] * 3),
        vectors(*[[1.7e308] * DIMENSIONS] * 3),
        vectors(*[[0.0] * DIMENSIONS] * 3),
        vectors(*[[]] * 3),
        vectors(*[""] * 3),
        vectors(*["not base64"] * 3),
        vectors(*[UNIT[0]] * 3),
        vectors(*[base64.b64encode(array("f", [math.nan] * DIMENSIONS)).decode()] * 3),
        Mangled(change=lambda _, found: [(i, [math.inf, *v[1:]]) for i, v in enumerate(found)]),
    ],
    ids=range(38),
)
async def test_an_answer_that_cannot_be_matched_is_unusable(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, fault: Fault
) -> None:
    """It has too many or too few vectors, does not show which text each is of, or has no usable one."""
    embeddings.fail_next(fault)
    with pytest.raises(UnusableAnswer):
        await embedder.embed_documents(TEXTS)
    assert len(embeddings.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        {},
        "AA==",
        "not base64",
        UNIT[0],
        [1.0] * 9,
        [0.0] * DIMENSIONS,
        [None, *UNIT[1:]],
        [1.7e308] * DIMENSIONS,
        base64.b64encode(array("f", [math.nan, *UNIT[1:]])).decode(),
        base64.b64encode(array("f", [1.0] * 7)).decode(),
    ],
    ids=range(12),
)
async def test_a_vector_that_cannot_be_compared_is_missing_alone(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, bad: object
) -> None:
    """Null, short, long, zero or not a number: the other texts of the request have their vectors."""
    embeddings.fail_next(vectors(UNIT, bad, UNIT))
    answer = await embedder.embed_documents(TEXTS)
    assert [vector and numbers(vector) for vector in answer.vectors] == [UNIT, None, UNIT]


EACH = [list(embed(text, DIMENSIONS)) for text in TEXTS]
PLACED = [{"index": at, "embedding": vector} for at, vector in enumerate(EACH)]


def packed(kind: str) -> list[dict[str, object]]:
    return [
        {"index": at, "embedding": base64.b64encode(array(kind, v)).decode()} for at, v in enumerate(EACH)
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"embedding": vector} for vector in EACH]},
        {"data": EACH},
        {"data": [{"embedding": EACH[0]}, *PLACED[1:]]},
        {"data": [{**one, "index": 0} for one in PLACED]},
        {"data": [{**one, "index": at + 1} for at, one in enumerate(PLACED)]},
        {"data": [{**one, "index": str(at)} for at, one in enumerate(PLACED)]},
        {"data": [{**one, "index": float(at)} for at, one in enumerate(PLACED)]},
        {"data": PLACED[::-1]},
        {"data": [*PLACED[:0:-1], {"embedding": EACH[0]}]},
        {"data": packed("f")},
        {"data": packed("d")},
        {"data": [{**one, "embedding": [one["embedding"]]} for one in PLACED]},
        {"result": {"data": PLACED}, "success": True, "errors": []},
        {"result": {"shape": [3, DIMENSIONS], "data": EACH}, "success": True, "errors": []},
        {"embeddings": EACH},
        PLACED,
    ],
    ids=range(16),
)
async def test_answers_of_another_form_have_the_same_meaning(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, body: object
) -> None:
    """The index is left out, zero, from 1 or a text; numbers are in base64, nested or wrapped."""
    embeddings.fail_next(json(body))
    embedded = await embedder.embed_documents(TEXTS)
    assert [*map(of, embedded.vectors)] == [halves(vector) for vector in EACH]


@given(st.data())
def test_vectors_are_never_matched_with_another_text(data: st.DataObject) -> None:
    """In any order, counted from 0 or 1, as text or not, with 0 left out: each text gets its own vector."""
    order, first = data.draw(st.permutations(range(6))), data.draw(st.sampled_from([0, 1]))
    as_text, left_out = data.draw(st.booleans()), data.draw(st.booleans())
    made = [[float(at + 1), 1.0] for at in range(6)]
    entries = []
    for at in order:
        index = at + first
        entry: dict[str, object] = {"index": str(index) if as_text else index, "embedding": made[at]}
        if left_out and index == 0:
            del entry["index"]
        entries.append(entry)
    answer = openai_answers.read({"data": entries}, 6, 2)
    assert [of(vector) for vector in answer.vectors] == made


@given(
    st.lists(
        st.one_of(st.none(), st.integers(-2, 7), st.text(max_size=2), st.floats()), min_size=1, max_size=6
    )
)
def test_places_that_do_not_name_every_text_once_are_unusable(places: list[object]) -> None:
    """With any index, either each text gets the vector at its place, or the answer is refused."""
    data = [{"index": place, "embedding": [float(at + 1), 1.0]} for at, place in enumerate(places)]
    try:
        answer = openai_answers.read({"data": data}, len(places), 2)
    except UnusableAnswer:
        return
    found = [int(of(vector)[0]) - 1 for vector in answer.vectors]
    assert sorted(found) == list(range(len(places)))
    stated = [None if place is None else float(str(place)) for place in places]
    if set(stated) not in ({None}, {0.0}, {None, 0.0}):
        order = [stated[at] or 0.0 for at in found]
        assert order in ([*map(float, range(len(places)))], [*map(float, range(1, len(places) + 1))])


async def test_integers_are_numbers(embedder: OpenAIEmbedder, embeddings: EmbeddingServer) -> None:
    """Some servers answer vectors of int8."""
    small = [127, -128, 0, 1, 2, 3, 4, 5]
    embeddings.fail_next(vectors(*[small] * 3))
    assert [of(vector) for vector in (await embedder.embed_documents(TEXTS)).vectors] == [
        [*map(float, small)]
    ] * 3


def size_read(numbers: list[float], kind: str, dimensions: int) -> int | None:
    """Returns how many numbers are read out of base64; None if it is another number than configured."""
    packed = base64.b64encode(array(kind, numbers)).decode()
    try:
        (vector,) = openai_answers.read({"data": [{"embedding": packed}]}, 1, dimensions).vectors
    except WrongDimensions:
        return None
    return len(of(vector))


@given(st.integers(8, 512), st.integers(0), st.floats(1e-3, 1e3))
def test_singles_of_twice_the_size_are_not_taken_for_doubles(size: int, seed: int, times: float) -> None:
    """They have as many bytes as doubles of the configured size, but are vectors of another size."""
    source = random.Random(seed)  # noqa: S311 - made-up vectors that guard nothing
    made = [times * source.gauss(0, 1) for _ in range(2 * size)]
    assert size_read(made, "f", size) is None
    assert size_read(made, "f", 2 * size) == 2 * size


@given(st.integers(64, 512), st.integers(0), st.sampled_from(["double", "single", "int8"]))
def test_doubles_of_the_configured_size_are_read(size: int, seed: int, precision: str) -> None:
    """Computed in any precision: as doubles, as singles or as int8."""
    source = random.Random(seed)  # noqa: S311 - made-up vectors that guard nothing
    made = [source.gauss(0, 1) for _ in range(size)]
    if precision == "single":
        made = [*array("f", made)]
    if precision == "int8":
        made = [float(source.randint(-128, 127)) for _ in range(size - 1)] + [1.0]
    assert size_read(made, "d", size) == size


@pytest.mark.parametrize("times", [1e-30, 1e-9, 1e-7, 3e-7, 1e-6, 1e-4, 2.0**-25, 65_520.0, 1e6, 1e30])
async def test_numbers_beyond_half_precision_keep_their_direction(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer, times: float
) -> None:
    """Only the direction of a vector is compared, so it is scaled where that is needed."""
    embeddings.fail_next(vectors(*[[times * number for number in vector] for vector in EACH]))
    for vector, right in zip((await embedder.embed_documents(TEXTS)).vectors, EACH, strict=True):
        found = of(vector)
        cosine = (
            sum(a * b for a, b in zip(found, right, strict=True)) / math.hypot(*found) / math.hypot(*right)
        )
        assert cosine == pytest.approx(1, abs=1e-3)


async def test_the_limits_of_half_precision_are_accepted(
    embedder: OpenAIEmbedder, embeddings: EmbeddingServer
) -> None:
    """Numbers that are stored as they are, each alone in its vector."""
    limits = [[number, *[0.0] * (DIMENSIONS - 1)] for number in (2.0**-9, -65_519.0, 65_504.0)]
    embeddings.fail_next(vectors(*limits))
    answer = await embedder.embed_documents(TEXTS)
    assert [of(vector)[0] for vector in answer.vectors] == [2.0**-9, -65_504.0, 65_504.0]


@pytest.mark.parametrize(
    "fault",
    [
        servers.WRONG_DIMENSIONS,
        vectors(*[[1.0] * 9] * 3),
        vectors(*[base64.b64encode(array("f", [1.0] * 7)).decode()] * 3),
    ],
    ids=["one less", "one more", "base64"],
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
    assert len([seen for seen in embeddings.requests if seen.inputs == tuple(TEXTS)]) == 1


async def test_a_query_becomes_one_vector(embedder: OpenAIEmbedder, embeddings: EmbeddingServer) -> None:
    """Of the same model as the vectors of documents."""
    embedded = await embedder.embed_query(TEXTS[0])
    assert embedded.tokens == embeddings.tokens
    assert numbers(embedded.vector) == halves(embed(TEXTS[0], DIMENSIONS))
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
