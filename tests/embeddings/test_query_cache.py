"""Vectors of questions are kept, so that a question that is asked again costs no request."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from embeddings import query_cache
from embeddings.openai import OpenAIEmbedder
from embeddings.query_cache import QueryCache
from fakes.openai import EmbeddingServer, server_error
from settings import Settings


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def configured(embeddings: EmbeddingServer, **more: object) -> OpenAIEmbedder:
    address = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": embeddings.base_url}
    return OpenAIEmbedder.configured(Settings.model_validate({**address, "embedding_dimensions": 16, **more}))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def cache(embeddings: EmbeddingServer, clock: Clock) -> AsyncIterator[QueryCache]:
    embedder = configured(embeddings)
    yield QueryCache(embedder, clock=clock)
    await embedder.close()


async def test_a_repeated_question_costs_no_request(cache: QueryCache, embeddings: EmbeddingServer) -> None:
    """In either language; another question costs one."""
    for question in ("کفش دویدن", "running shoes", "کفش دویدن", "running shoes"):
        assert len(await cache.of(question) or ()) == 16
    assert [seen.inputs for seen in embeddings.requests] == [("کفش دویدن",), ("running shoes",)]


async def test_a_question_without_an_answer_is_asked_again(
    cache: QueryCache, embeddings: EmbeddingServer
) -> None:
    """The search goes on without a vector, and the next one has it."""
    embeddings.fail_next(server_error())
    assert await cache.of("کفش") is None
    assert await cache.of("کفش") is not None


async def test_the_questions_that_were_asked_longest_ago_are_dropped(
    cache: QueryCache, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that memory is bounded."""
    monkeypatch.setattr(query_cache, "CACHED_QUERIES", 2)
    for question in ("a", "b", "a", "c", "a", "b"):
        await cache.of(question)
    assert [seen.inputs[0] for seen in embeddings.requests] == ["a", "b", "c", "b"]


@contextmanager
def hanging(embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No request is answered, and every request is given up soon, as a long one."""
    embeddings.fail_always("hang")
    with monkeypatch.context() as patch:
        patch.setattr(query_cache, "EMBED_WITHIN", 0.2)
        patch.setattr(query_cache, "LONG", 0.0)
        yield
    embeddings.fail_always(None)


async def arrived(embeddings: EmbeddingServer, count: int) -> None:
    await asyncio.to_thread(embeddings.wait_for_requests, count)


async def test_a_silent_service_is_not_waited_for_again(
    cache: QueryCache, embeddings: EmbeddingServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For some seconds no question asks it; a known one has its vector."""
    assert await cache.of("known") is not None
    with hanging(embeddings, monkeypatch):
        for question in ("a", "b", "c"):
            assert await cache.of(question) is None
        assert await cache.of("known") is not None
    assert [seen.inputs[0] for seen in embeddings.requests] == ["known", "a"]
    clock.now += query_cache.PAUSE - 0.1
    assert await cache.of("b") is None
    clock.now += 0.1
    for question in ("b", "c"):
        assert await cache.of(question) is not None


async def test_one_question_at_a_time_tries_a_silent_service(
    cache: QueryCache, embeddings: EmbeddingServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others do not wait for its end; one that is given up makes room for the next."""
    with hanging(embeddings, monkeypatch):
        assert await cache.of("a") is None
    clock.now += query_cache.PAUSE
    embeddings.fail_always("hang")
    monkeypatch.setattr(query_cache, "EMBED_WITHIN", 30.0)
    for number, question in enumerate(("b", "c"), start=2):
        trying = asyncio.create_task(cache.of(question))
        await arrived(embeddings, number)
        assert await cache.of("other") is None
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
    trying = asyncio.create_task(cache.of("d"))
    await arrived(embeddings, 4)
    embeddings.fail_always(None)
    embeddings.release()
    assert await trying is not None
    assert await cache.of("other") is not None


async def test_a_service_that_stays_silent_is_tried_after_each_pause(
    cache: QueryCache, embeddings: EmbeddingServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; an answer with an error ends the silence as well."""
    with hanging(embeddings, monkeypatch):
        for _ in range(3):
            for question in ("a", "b"):
                assert await cache.of(question) is None
            clock.now += query_cache.PAUSE
    assert len(embeddings.requests) == 3
    embeddings.fail_always(server_error())
    for question in ("a", "b"):
        assert await cache.of(question) is None
    assert len(embeddings.requests) == 5


async def test_the_timeout_of_the_settings_is_a_silence_too(
    embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client ends the request before the search does."""
    monkeypatch.setattr(query_cache, "LONG", 0.1)
    embedder = configured(embeddings, embedding_timeout_seconds=0.2)
    cache = QueryCache(embedder)
    embeddings.fail_always("hang")
    for question in ("a", "b"):
        assert await cache.of(question) is None
    await embedder.close()
    assert len(embeddings.requests) == 1


async def test_a_refused_connection_is_no_silence(cache: QueryCache, embeddings: EmbeddingServer) -> None:
    """It costs no time, so the next question has its vector."""
    embeddings.refuse_connections()
    assert await cache.of("a") is None
    embeddings.accept_connections()
    assert await cache.of("a") is not None
    embeddings.fail_next("reset")
    assert await cache.of("b") is None
    assert await cache.of("b") is not None


async def test_a_request_that_waits_while_others_are_answered_is_no_silence(
    cache: QueryCache, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slow question does not take the vectors of the others."""
    monkeypatch.setattr(query_cache, "EMBED_WITHIN", 3.0)
    monkeypatch.setattr(query_cache, "LONG", 0.0)
    embeddings.fail_next("hang")
    slow = asyncio.create_task(cache.of("slow"))
    await arrived(embeddings, 1)
    assert await cache.of("a") is not None
    assert await slow is None
    assert await cache.of("b") is not None
