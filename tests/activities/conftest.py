"""A page whose products are taken over step by step."""

from collections.abc import AsyncIterator

import pytest_asyncio

from activities.counters import Counters
from activities.indexing import Indexer
from activities.sync.index_page import PageTexts
from activities.sync.new_products import Foresight
from activities.sync.save_page import Pages
from embeddings.openai import create_embedder
from fakes.openai import EmbeddingServer
from tests.support.pages import Page
from tests.support.system import Shop, System


@pytest_asyncio.fixture(loop_scope="session")
async def page(system: System, shop: Shop, embeddings: EmbeddingServer) -> AsyncIterator[Page]:
    embedder, totals = create_embedder(system.settings), Counters(system.database)
    embedding = Indexer(embedder, totals)
    texts = PageTexts(system.database, embedding, totals)
    yield Page(system, shop, Pages(texts), Foresight(system.database, embedding))
    await embedder.close()
