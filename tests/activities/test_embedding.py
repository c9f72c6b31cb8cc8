"""Texts become vectors in as few requests as a server accepts; one bad text fails alone."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import openai
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from activities.embedding import APART_AFTER, PROBE, TextEmbedder
from activities.embedding_problems import MOST_NOTES, Problems
from activities.indexing import chunk_rows
from activities.metrics import Counters
from contracts.catalog import Product
from contracts.errors import EmbeddingProblem
from contracts.events import TextVersion
from contracts.metrics import Usage
from contracts.retry import Failure, Retry
from contracts.search import Vector, numbers
from database.engine import Database, create_engine
from embedded.embedding.lexical import embed
from embedded.embedding.protocol import EmbeddingRequest
from embeddings.base import Cause, Embedded, EmbeddedQuery, NothingEmbedded
from embeddings.limits import Limits
from embeddings.openai import OpenAIEmbedder
from fakes import embedding_dialects as dialects
from fakes import openai as servers
from fakes.openai import EmbeddingServer, Fault, Mangled
from knowledge.chunks import estimate_tokens
from knowledge.content import canonical
from settings import Settings
from tests.support.texts import Text

DIMENSIONS = 16
BAD = "NaNword"


def texts(count: int, *, words: int = 3, other: dict[int, str] | None = None) -> list[Text]:
    """Returns different texts; `other` replaces some of them by their position."""
    made = {at: f"product {at} " + "word " * words for at in range(count)} | (other or {})
    return [Text(made[at], at) for at in range(count)]


@dataclass
class Run:
    """Embeds texts through OpenAI's client and a real socket."""

    embedder: OpenAIEmbedder
    counters: Counters
    vectors: dict[int, Vector]
    problems: Problems[Text]
    usage: Usage = field(default_factory=Usage)

    async def __call__(self, asked: Sequence[Text], *, attempt: int = 1) -> None:
        self.vectors, self.problems, self.usage = {}, Problems(), Usage()
        answers = TextEmbedder(self.embedder, self.counters).vectors(asked, self.problems, attempt=attempt)
        async for answer in answers:
            self.usage += answer.spent
            for text, vector in zip(answer.texts, answer.vectors, strict=True):
                assert text.position not in self.vectors, "a text is embedded once"
                self.vectors[text.position] = vector

    @property
    def failed(self) -> list[int]:
        return sorted(text.position for text, _ in self.problems.failed)

    @property
    def cut(self) -> list[int]:
        return sorted(text.position for text, _ in self.problems.cut)


@pytest.fixture
def embeddings() -> Iterator[EmbeddingServer]:
    """A server of its own: no worker of another test sends it requests."""
    with EmbeddingServer() as server:
        yield server


@pytest_asyncio.fixture
async def run(embeddings: EmbeddingServer) -> AsyncIterator[Run]:
    settings = Settings.model_validate(
        {
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": embeddings.base_url,
            "embedding_dimensions": DIMENSIONS,
            "embedding_timeout_seconds": 5.0,
        }
    )
    made = OpenAIEmbedder.configured(settings)
    database = Database(create_engine("postgresql+psycopg://127.0.0.1:1/none", pool_size=1))
    yield Run(made, Counters(database), {}, Problems())
    await made.close()
    await database.close()


def right(text: str, vector: Vector) -> bool:
    """Returns whether a vector is that of a text, in half precision."""
    return numbers(vector) == pytest.approx(list(embed(text, DIMENSIONS)), abs=1e-3)


async def test_a_server_without_limits_is_asked_once(run: Run, embeddings: EmbeddingServer) -> None:
    """Everything goes into one request; nothing is tried out."""
    asked = texts(300)
    await run(asked)
    assert len(embeddings.requests) == 1
    assert all(right(text.text, run.vectors[text.position]) for text in asked)
    assert (run.failed, run.cut) == ([], [])


@pytest.mark.parametrize(
    "rule",
    [
        dialects.most_texts(32, "tei"),
        dialects.most_texts(10, "dashscope"),
        dialects.most_texts(1, "openai"),
        dialects.most_tokens(64),
        dialects.nothing_but(413, {"detail": "no"}),
    ],
    ids=["tei", "dashscope", "one", "mistral", "unnamed"],
)
async def test_a_request_that_is_too_large_is_halved_and_the_limit_remembered(
    run: Run, embeddings: EmbeddingServer, rule: servers.Rule
) -> None:
    """At once, without a retry of the step; the next texts are packed into requests that fit."""
    if rule.answer.__name__ == "<lambda>":
        rule = servers.Rule(answer=lambda asked: _unnamed(asked, most=7))
    embeddings.fail_always(rule)
    asked = texts(70)
    await run(asked)
    assert all(right(text.text, run.vectors[text.position]) for text in asked)
    assert (len(run.vectors), run.failed, run.cut) == (70, [], [])
    refused = len(embeddings.requests) - math.ceil(embeddings.texts.total() / run.embedder.limits.texts)
    embeddings.reset()
    embeddings.fail_always(rule)
    await run(asked)
    assert len(run.vectors) == 70
    assert sum(len(seen.inputs) for seen in embeddings.requests) == 70, "nothing is refused any more"
    assert refused >= 0


def _unnamed(asked: servers.Asked, *, most: int) -> servers.Refusal | None:
    """A proxy that refuses large bodies without a word."""
    too_many = len(asked.request.texts) > most
    return servers.Refusal(status=413, body=b"<html>Too large</html>") if too_many else None


@pytest.mark.parametrize("style", ["llama.cpp", "tei", "openai", "ollama"])
async def test_a_text_over_the_limit_of_the_model_is_cut(
    run: Run, embeddings: EmbeddingServer, style: dialects.Style
) -> None:
    """Its beginning is embedded and a sentence says so; the others are embedded whole."""
    embeddings.fail_always(dialects.longest_text(100, style))
    asked = texts(20, other={7: "PN-4711 " * 100})
    await run(asked)
    assert len(run.vectors) == 20
    assert (run.failed, run.cut) == ([], [7])
    [(_, note)] = run.problems.cut
    assert note.startswith("text: chunk 8 (“PN-4711 PN-4711")
    assert "PILITO_EMBEDDING_MAX_TEXT_TOKENS" in note
    (sent,) = [text for text in embeddings.texts if text.startswith("PN-")]
    assert ("PN-4711 " * 100).startswith(sent)
    assert sent.endswith("PN-4711"), "up to a space"


async def test_texts_are_cut_unasked_once_their_length_is_known_to_be_refused(
    run: Run, embeddings: EmbeddingServer
) -> None:
    """Where each long text is refused, a few of them show it; further ones cost no refused request."""
    embeddings.fail_always(dialects.longest_text(60))
    await run(texts(10, words=80))
    assert (len(run.vectors), run.cut) == (10, [*range(10)])
    embeddings.requests.clear()
    await run(texts(10, words=80))
    assert (len(run.vectors), run.cut) == (10, [*range(10)])
    assert [len(seen.inputs) for seen in embeddings.requests] == [10]


async def test_a_few_texts_of_unusual_letters_do_not_shorten_the_others(
    run: Run, embeddings: EmbeddingServer
) -> None:
    """A text that was accepted whole shows that the length of the others was not the reason."""

    def answer(asked: servers.Asked) -> servers.Refusal | None:
        dense = any("№" in text and len(text) > 100 for text in asked.request.texts)
        return servers.openai_error(400, "maximum context length is 512 tokens") if dense else None

    embeddings.fail_always(servers.Rule(answer=answer))
    await run(texts(30, words=60, other=dict.fromkeys((3, 9, 12, 20), "№ " * 60)))
    assert (len(run.vectors), run.cut) == (30, [3, 9, 12, 20])
    assert run.embedder.limits.cut_at(10_000) is None


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_one_bad_text_is_one_failed_text(run: Run, embeddings: EmbeddingServer, status: int) -> None:
    """A failure that may pass is first retried by the step; then its request is tried apart."""
    embeddings.fail_always(dialects.poisoned_by(BAD, status=status))
    asked = texts(60, other={41: f"{BAD} in a text"})
    for attempt in range(1, APART_AFTER):
        with pytest.raises(openai.InternalServerError):
            await run(asked, attempt=attempt)
    assert len(embeddings.requests) == APART_AFTER - 1
    await run(asked, attempt=APART_AFTER)
    assert (len(run.vectors), run.failed, run.cut) == (59, [41], [])
    [(_, note)] = run.problems.failed
    assert note.startswith(f"text: chunk 42 (“{BAD} in a text”) cannot be embedded.")
    assert "It answered: “failed to encode response" in note
    assert len(embeddings.requests) < 30
    assert max(count for text, count in embeddings.texts.items() if text != PROBE) == 1


async def test_a_text_that_is_invalid_fails_at_once(run: Run, embeddings: EmbeddingServer) -> None:
    """The same request would be refused each time, so the first attempt finds the text."""
    embeddings.fail_always(dialects.poisoned_by(BAD, status=400))
    await run(texts(8, other={0: BAD, 5: BAD}))
    assert (sorted(run.vectors), run.failed) == ([1, 2, 3, 4, 6, 7], [0, 5])


@pytest.mark.parametrize(
    "fault",
    [
        servers.server_error(),
        servers.overloaded(),
        servers.rate_limit_exceeded(),
        servers.invalid_api_key(),
        servers.insufficient_quota(),
        servers.bad_request(),
        servers.NOT_JSON,
        servers.EMPTY_DATA,
        servers.NOT_A_NUMBER,
        "reset",
        servers.Refusal(status=200, body=b'{"error":{"message":"Insufficient credits","code":402}}'),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("count", [1, 20])
async def test_an_outage_blames_no_text(
    run: Run, embeddings: EmbeddingServer, fault: Fault, count: int
) -> None:
    """Where a harmless text fails as well, the error is raised after at most one more request."""
    embeddings.fail_always(fault)
    with pytest.raises(run.embedder.errors):
        await run(texts(count), attempt=APART_AFTER)
    assert len(embeddings.requests) <= 2
    assert (run.vectors, run.failed, run.cut) == ({}, [], [])


async def test_a_size_that_is_always_refused_blames_no_text(run: Run, embeddings: EmbeddingServer) -> None:
    """Even a few words are refused: then the service refuses everything."""
    embeddings.fail_always(servers.Refusal(status=413, body=b""))
    with pytest.raises(NothingEmbedded) as raised:
        await run(texts(4, words=100))
    assert run.embedder.failure(raised.value).retry is Retry.BLOCKED
    assert (run.vectors, run.failed, run.cut) == ({}, [], [])


async def test_a_vector_that_is_not_made_of_numbers_is_one_failed_text(
    run: Run, embeddings: EmbeddingServer
) -> None:
    """The others of its answer are used, and paid for once."""

    def spoilt(request: EmbeddingRequest, found: list[list[float]]) -> list[tuple[int, list[float]]]:
        return [
            (at, [math.nan] * DIMENSIONS if BAD in request.texts[at] else vector)
            for at, vector in enumerate(found)
        ]

    embeddings.fail_always(Mangled(change=spoilt))
    await run(texts(12, other={4: BAD}), attempt=APART_AFTER)
    assert (len(run.vectors), run.failed) == (11, [4])
    assert [len(seen.inputs) for seen in embeddings.requests if seen.inputs != (PROBE,)] == [12, 1, 1]


async def test_answers_with_too_few_vectors_are_asked_for_again_in_parts(
    run: Run, embeddings: EmbeddingServer
) -> None:
    """Nothing is matched by guessing; a single text gets its vector."""
    half = Mangled(change=lambda _, found: list(enumerate(found[: max(1, len(found) // 2)])))
    embeddings.fail_always(half)
    asked = texts(9)
    await run(asked, attempt=APART_AFTER)
    assert all(right(text.text, run.vectors[text.position]) for text in asked)


async def test_many_bad_texts_are_named_in_a_bounded_way(run: Run, embeddings: EmbeddingServer) -> None:
    """People are shown the first ones."""
    embeddings.fail_always(dialects.poisoned_by(BAD, status=400))
    await run(texts(40, other={at: f"{BAD} {at}" for at in range(30)}))
    assert len(run.failed) == 30
    assert len(run.problems.notes()) == MOST_NOTES
    assert run.problems.reason().startswith("No text of the product can be embedded: chunk ")


def test_chunks_are_as_small_as_the_setting_says() -> None:
    """PILITO_EMBEDDING_MAX_TEXT_TOKENS divides a text instead of cutting it; nothing is lost."""
    words = [f"واژه{number}" for number in range(300)]
    product = Product(external_id="woo_1", title="کفش", description=" ".join(words))
    version = TextVersion(event_row=0, product_id=1, content_hash="hash")
    sizes = {}
    for most in (64, 128, 400):
        rows = chunk_rows(version, canonical(product, []), max_tokens=most)
        assert max(row.tokens for row in rows) <= most
        assert [word for row in rows for word in row.text.split() if word != "کفش"] == words
        sizes[most] = len(rows)
    assert sizes[64] > sizes[128] > sizes[400]


class Broken(EmbeddingProblem):
    """What the model below raises."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class Model:
    """An embedder with limits of its own; a vector is the text."""

    model, dimensions, variant, served_by = "model", 1, "", ""
    errors: tuple[type[Exception], ...] = (Broken,)

    def __init__(self, *, most: int, tokens: int, longest: int) -> None:
        self.limits = Limits(tokens=300_000, texts=2_048)
        self.real = most, tokens, longest
        self.answered = list[Sequence[str]]()

    async def embed_documents(self, texts: Sequence[str]) -> Embedded:
        most, tokens, longest = self.real
        if len(texts) > most:
            raise Broken(Cause.TEXTS)
        if sum(map(estimate_tokens, texts)) > tokens:
            raise Broken(Cause.TOKENS)
        if max(map(len, texts)) > longest:
            raise Broken(Cause.TEXT_TOKENS)
        if any(BAD in text for text in texts):
            raise Broken(Cause.REQUEST)
        if texts != [PROBE]:
            self.answered.append(texts)
        return Embedded(vectors=[text.encode() for text in texts], tokens=len(texts) % 2)

    async def embed_query(self, text: str) -> EmbeddedQuery:
        return EmbeddedQuery(text.encode(), 1)

    def failure(self, error: Exception) -> Failure:
        return Failure(retry=Retry.FATAL, reason=str(error))

    def cause(self, error: Exception) -> Cause:
        assert isinstance(error, Broken)
        return error.cause

    async def close(self) -> None:
        return None


@given(
    made=st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=40),
    most=st.integers(1, 50),
    tokens=st.integers(20, 2_000),
    longest=st.integers(40, 400),
)
def test_every_text_is_embedded_once_or_named(
    made: list[tuple[int, bool]], most: int, tokens: int, longest: int
) -> None:
    """For any limits and bad texts, each text has its own vector, at least of its beginning, or fails.

    What was paid is what the server answered: its own tokens, or our estimate where it names none.
    """
    asked = [
        Text((f"{BAD} " if bad else f"text {at} ") + "a" * length, at)
        for at, (length, bad) in enumerate(made)
    ]
    model = Model(most=most, tokens=tokens, longest=longest)
    database = Database(create_engine("postgresql+psycopg://127.0.0.1:1/none", pool_size=1))
    run = Run(model, Counters(database), {}, Problems())  # type: ignore[arg-type]  # only the Protocol is used
    asyncio.run(run(asked))
    for text in asked:
        if text.position in run.failed:
            assert BAD in text.text
            assert text.position not in run.vectors
        else:
            sent = run.vectors[text.position].decode()
            assert text.text.startswith(sent)
            assert (sent == text.text) is (text.position not in run.cut)
            assert BAD not in sent
    assert sorted({*run.failed, *run.vectors}) == [text.position for text in asked]
    estimated = sum(sum(map(estimate_tokens, sent)) for sent in model.answered if len(sent) % 2 == 0)
    named = sum(len(sent) % 2 for sent in model.answered)
    assert run.usage == Usage(
        calls=len(model.answered),
        texts=len(run.vectors),
        tokens=named + estimated,
        estimated=estimated,
    )
