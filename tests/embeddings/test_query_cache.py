"""Vectors of questions are kept, so that a question that is asked again costs no request."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from embeddings import query_cache
from embeddings.openai import OpenAIEmbedder
from embeddings.query_cache import QueryCache
from fakes.openai import EmbeddingServer, server_error
from settings import Settings


@pytest_asyncio.fixture
async def cache(embeddings: EmbeddingServer) -> AsyncIterator[QueryCache]:
    settings = Settings.model_validate(
        {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": embeddings.base_url, "embedding_dimensions": 16}
    )
    embedder = OpenAIEmbedder.configured(settings)
    yield QueryCache(embedder)
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
