"""A text fails for its own sake only: not for an overload, a setting or a server that is odd at times."""

import json
import random
from collections.abc import Callable, Sequence

import httpx2
import openai
import pytest

from activities import embedding
from activities.embedding import APART_AFTER, PAUSES, UNANSWERED, TextEmbedder
from activities.embedding_problems import Problems
from activities.metrics import Counters
from contracts.errors import WrongDimensions
from contracts.retry import Retry
from database.engine import Database, create_engine
from embeddings.base import NothingEmbedded
from embeddings.limits import GROWS_AFTER, PATIENCE, Limits
from embeddings.openai import OpenAIEmbedder
from tests.support.texts import Text

DIMENSIONS = 4
LONG = "word " * 60
BAD = "badword"

Answer = Callable[[list[str]], httpx2.Response | None]


def texts(count: int, **other: str) -> list[Text]:
    return [Text(other.get(f"at{at}", f"{LONG}{at}"), at) for at in range(count)]


def vectors(asked: Sequence[str], sizes: Callable[[str], int] = lambda _: DIMENSIONS) -> httpx2.Response:
    data = [{"index": at, "embedding": [0.5] * sizes(text)} for at, text in enumerate(asked)]
    return httpx2.Response(200, json={"data": data})


def refused(status: int, message: str, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json={"error": {"message": message}}, headers=headers)


class Server:
    """Answers as a function says; vectors where it returns None."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.sent: list[list[str]] = []
        client = openai.AsyncOpenAI(
            api_key="test",
            base_url="http://embeddings.test/v1",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(self._handle)),
        )
        self.embedder = OpenAIEmbedder(client, model="m", dimensions=DIMENSIONS)
        database = Database(create_engine("postgresql+psycopg://127.0.0.1:1/none", pool_size=1))
        self.texts = TextEmbedder(self.embedder, Counters(database))
        self.problems: Problems[Text] = Problems()

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)["input"]
        self.sent.append(asked)
        return self.answer(asked) or vectors(asked)

    async def embed(self, asked: Sequence[Text], *, attempt: int = 1) -> list[int]:
        """Returns the positions of the texts that have a vector."""
        self.problems, found = Problems(), []
        async for answer in self.texts.vectors(asked, self.problems, attempt=attempt):
            found += [text.position for text in answer.texts]
        return found

    async def attempts(self, asked: Sequence[Text], *, most: int = 1_000) -> list[int]:
        """Returns the same after as many attempts as it takes."""
        for attempt in range(1, most + 1):
            try:
                return await self.embed(asked, attempt=attempt)
            except self.embedder.errors:
                continue
        raise AssertionError("no attempt succeeded")

    @property
    def failed(self) -> list[int]:
        return [text.position for text, _ in self.problems.failed]

    @property
    def cut(self) -> list[int]:
        return [text.position for text, _ in self.problems.cut]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again without pauses."""
    monkeypatch.setattr(embedding, "PAUSES", [0.0] * len(PAUSES))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (503, "Too many requests in the queue, try again later"),
        (503, "queue is full: number of inputs waiting exceeds limit"),
        (500, "Server is overloaded: too many requests in progress"),
        (400, "Rate limit: at most 60 requests in 60 seconds"),
        (429, "too many inputs"),
    ],
)
@pytest.mark.parametrize("count", [1, 8])
async def test_an_overload_is_waited_for(status: int, words: str, count: int) -> None:
    """No text is cut, no request becomes smaller, and the pause that the server asks for is kept."""
    server = Server(lambda _: refused(status, words, **{"retry-after": "7"}))
    for attempt in (1, APART_AFTER):
        with pytest.raises(openai.APIStatusError) as raised:
            await server.embed(texts(count), attempt=attempt)
        failure = server.embedder.failure(raised.value)
        assert failure.retry is Retry.RETRY
        assert failure.pause is not None
        assert failure.pause.total_seconds() == 7
    assert [len(asked) for asked in server.sent] == [count, count]
    server.answer = lambda _: None
    assert await server.embed(texts(count)) == [*range(count)]
    assert (server.cut, len(server.sent)) == ([], 3)


async def test_a_limit_of_texts_cuts_no_text() -> None:
    """A single text is refused for a reason that half of it may not have; it is named."""
    server = Server(lambda asked: refused(400, "too many inputs") if asked[0].startswith("word") else None)
    assert await server.embed(texts(1)) == []
    assert (server.failed, server.cut) == ([0], [])


async def test_a_limit_that_was_learned_from_one_stray_refusal_is_forgotten() -> None:
    """Requests grow again to the size of the settings."""
    server = Server(lambda asked: httpx2.Response(413) if len(asked) == 64 else None)
    await server.embed(texts(64))
    assert server.embedder.limits.texts == 32
    server.answer = lambda _: None
    for _ in range(8 * GROWS_AFTER):
        await server.embed(texts(256))
    server.sent.clear()
    await server.embed(texts(256))
    assert len(server.sent) == 1


def test_a_real_limit_is_tried_less_and_less() -> None:
    """Each refusal of twice as much makes the next try rarer."""
    limits = Limits(tokens=1_000, texts=64)
    refusals = []
    for request in range(1, 1_000):
        if limits.texts > 10:
            refusals.append(request)
            limits.refused_texts(limits.texts)
        else:
            limits.accepted(texts=limits.texts, tokens=limits.texts, longest=1)
    assert limits.texts == 64 >> 3
    assert refusals[3] - refusals[2] == GROWS_AFTER + 1
    assert refusals[4] - refusals[3] == PATIENCE * GROWS_AFTER + 1
    assert len(refusals) == 5


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize(
    "answer",
    [
        refused(400, "User location is not supported for the API use."),
        refused(400, "This model does not support embeddings"),
        refused(412, "tenant not provisioned"),
        httpx2.Response(405, text="<html>405 Not Allowed</html>"),
        httpx2.Response(410, text="<html>Gone</html>"),
        httpx2.Response(400, text="<html>plain HTTP request was sent to HTTPS port</html>"),
        httpx2.Response(413),
    ],
    ids=["location", "model", "tenant", "405", "410", "page", "413"],
)
async def test_a_refusal_of_every_text_waits(answer: httpx2.Response, count: int) -> None:
    """No product fails for a setting or an account; all go on once it is corrected."""
    server = Server(lambda _: httpx2.Response(answer.status_code, content=answer.content))
    with pytest.raises(NothingEmbedded) as raised:
        await server.embed(texts(count))
    failure = server.embedder.failure(raised.value)
    assert failure.retry is Retry.BLOCKED
    assert "refuses every text" in failure.reason
    server.answer = lambda _: None
    assert await server.embed(texts(count)) == [*range(count)]


async def test_a_refusal_is_not_final_if_the_server_is_busy_at_that_moment() -> None:
    """What the harmless text is answered decides."""
    server = Server(lambda asked: refused(400, "no") if asked[0].startswith("word") else refused(503, "wait"))
    with pytest.raises(openai.InternalServerError) as raised:
        await server.embed(texts(1))
    assert server.embedder.failure(raised.value).retry is Retry.RETRY


@pytest.mark.parametrize("size", [0, 3])
async def test_a_vector_of_another_size_is_one_failed_text(size: int) -> None:
    """The configuration is wrong only if a harmless text has such a vector as well."""
    server = Server(lambda asked: vectors(asked, lambda text: size if text == BAD else DIMENSIONS))
    assert sorted(await server.embed(texts(6, at2=BAD), attempt=APART_AFTER)) == [0, 1, 3, 4, 5]
    assert server.failed == [2]
    server.answer = lambda asked: vectors(asked, lambda _: 3)
    with pytest.raises(WrongDimensions):
        await server.embed(texts(6, at2=BAD), attempt=APART_AFTER)


@pytest.mark.parametrize("rate", [0.3, 0.5])
async def test_a_server_that_fails_at_times_loses_no_text(rate: float) -> None:
    """One of two replicas is broken: each text is embedded after some attempts."""
    chance = random.Random(4)  # noqa: S311 - a made-up outage
    for count in (1, 8):
        for _ in range(100):
            server = Server(lambda _: refused(500, "internal error") if chance.random() < rate else None)
            await server.attempts(texts(count))
            assert server.failed == []


async def test_a_text_that_is_never_answered_in_time_fails_last() -> None:
    """Others are embedded at once; a server that is overloaded gets many attempts."""

    def slow(asked: list[str]) -> None:
        if BAD in asked:
            raise httpx2.ReadTimeout("slow")

    server = Server(slow)
    asked = texts(4, at1=BAD)
    with pytest.raises(openai.APITimeoutError):
        await server.embed(asked)
    for attempt in range(APART_AFTER, APART_AFTER + UNANSWERED - 1):
        with pytest.raises(openai.APITimeoutError):
            await server.embed(asked, attempt=attempt)
        assert server.failed == []
        assert {f"{LONG}{at}" for at in (0, 2, 3)} <= {text for sent in server.sent[-8:] for text in sent}
    assert await server.embed(asked, attempt=APART_AFTER + UNANSWERED) == [0, 2, 3]
    assert server.failed == [1]


async def test_a_text_that_is_answered_after_an_overload_has_its_vector() -> None:
    """Attempts count in which it was asked for and not answered."""
    times = 0

    def slow(asked: list[str]) -> None:
        nonlocal times
        times += LONG in asked[0]
        if LONG in asked[0] and times < UNANSWERED:
            raise httpx2.ReadTimeout("slow")

    server = Server(slow)
    assert await server.attempts(texts(1)) == [0]
    assert (server.failed, server.cut) == ([], [])


async def test_half_of_a_text_that_is_refused_without_known_words_is_embedded() -> None:
    """Each vendor has its own words for a text that is too long."""
    server = Server(lambda asked: refused(422, "长度超限") if max(map(len, asked)) > 200 else None)
    assert sorted(await server.embed(texts(3, at1="short"))) == [0, 1, 2]
    assert sorted(server.cut) == [0, 2]
    assert all("was refused whole" in note and "长度超限" in note for note in server.problems.notes())


async def test_a_server_that_repeats_the_words_of_a_text_blames_that_text() -> None:
    """A text about keys is no refused key."""
    about_keys = "How to fix an invalid api key"
    server = Server(lambda asked: refused(400, f"cannot read: {asked[0]}") if about_keys in asked else None)
    assert sorted(await server.embed(texts(2, at0=about_keys), attempt=1)) == [0, 1]
    assert server.cut == [0]
    key = Server(lambda _: refused(400, "invalid api key"))
    with pytest.raises(openai.BadRequestError) as raised:
        await key.embed(texts(2))
    assert key.embedder.failure(raised.value).retry is Retry.BLOCKED


async def test_a_setting_that_is_corrected_at_that_moment_blames_no_text() -> None:
    """The harmless text is embedded, and the text itself too when it is asked for again."""
    answers = iter([refused(400, "invalid api key")])
    server = Server(lambda _: next(answers, None))
    assert await server.embed(texts(1)) == [0]
    assert (server.failed, server.cut) == ([], [])
