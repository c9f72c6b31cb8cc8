"""A page whose products are taken over step by step."""

from collections.abc import AsyncIterator

import pytest_asyncio

from activities.embedding import Embedding
from activities.newcomers import Foresight
from activities.page_texts import PageTexts
from activities.pages import Pages
from activities.totals import Totals
from connectors.embeddings import create_embedder
from tests.pages import Page
from tests.servers import EmbeddingServer
from tests.system import Shop, System


@pytest_asyncio.fixture(loop_scope="session")
async def page(system: System, shop: Shop, embeddings: EmbeddingServer) -> AsyncIterator[Page]:
    embedder, totals = create_embedder(system.settings), Totals(system.database)
    embedding = Embedding(embedder, totals)
    texts = PageTexts(system.database, embedding, totals)
    yield Page(system, shop, Pages(texts), Foresight(system.database, embedding))
    await embedder.close()
