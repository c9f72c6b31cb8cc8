"""The page of the embedding model: what serves, whether it answers, and what is embedded with it."""

from sqlalchemy import text

from api.actions.embedding import check_embedder
from contracts.retry import Retry
from database.chunks import models
from embeddings.openai import OpenAIEmbedder
from fakes.openai import EmbeddingServer, invalid_api_key, server_error
from settings import Settings
from tests.console.browser import visiting
from tests.support.environment import DIMENSIONS
from tests.support.shop import Shop
from tests.support.system import System


async def test_a_server_that_answers_and_one_that_does_not(embeddings: EmbeddingServer) -> None:
    """The time is measured; a failure says whether waiting helps. No secret is in the place."""
    address = embeddings.base_url.replace("//", "//user:hidden@")
    given = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": f"{address}?api-key=hidden"}
    embedder = OpenAIEmbedder.configured(
        Settings.model_validate({**given, "embedding_dimensions": DIMENSIONS})
    )
    try:
        good = await check_embedder(embedder)
        assert good.seconds is not None
        assert good.seconds > 0
        assert good.description.place == embeddings.base_url.removesuffix("/v1")
        for fault, retry in ((invalid_api_key(), Retry.BLOCKED), (server_error(), Retry.RETRY)):
            embeddings.fail_next(fault)
            bad = await check_embedder(embedder)
            assert (bad.seconds, bad.retry) == (None, retry)
            assert "hidden" not in bad.reason
    finally:
        await embedder.close()


async def test_the_page_shows_what_serves(system: System, shop: Shop, embeddings: EmbeddingServer) -> None:
    """In both languages, with its chunks; and what to do where the server does not answer."""
    assert await shop.sync({"id": 1, "name": "چراغ مطالعه"}) == "succeeded"
    async with await visiting(system, is_staff=True, language="fa") as browser:
        shown = await browser.page("/console/models/")
        assert f"{system.settings.embedding_model}@{DIMENSIONS}" in shown
        assert "سرور در" in shown
        assert "مدل کنونی" in shown
        embeddings.fail_always(invalid_api_key())
        shown = await browser.page("/console/models/")
    assert "سرور پاسخ نمی‌دهد" in shown
    assert "کلید، حساب و نشانی سرویس" in shown


async def test_many_chunks_are_estimated(shop: Shop) -> None:
    """Few are counted; of many, what Postgres knows of its columns is enough."""
    assert await shop.sync({"id": 1, "name": "چراغ مطالعه"}) == "succeeded"
    [chunk] = await shop.chunks(1)
    async with shop.database.transaction() as connection:
        await connection.execute(text("ANALYZE tenant_knowledge"))
        counted = await models.by_model(connection)
        estimated = await models.by_model(connection, most=0)
    assert counted.counts[chunk["model"]] >= 1
    assert not estimated.is_exact
    assert estimated.counts[chunk["model"]] >= 1
