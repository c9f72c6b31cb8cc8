"""A page of products that a test saves and indexes without a workflow."""

from collections.abc import AsyncIterator

import pytest_asyncio

from activities.indexing import Indexer
from activities.metrics import Counters
from activities.sync.index_page import PageIndexer
from compute import Compute
from embeddings.registry import create_embedder
from fakes.openai import EmbeddingServer
from tests.support.shop import Shop
from tests.support.sync.pages import Page
from tests.support.system import System


@pytest_asyncio.fixture(loop_scope="session")
async def page(system: System, shop: Shop, embeddings: EmbeddingServer) -> AsyncIterator[Page]:
    embedder, counters = create_embedder(system.settings), Counters(system.database)
    indexer = PageIndexer(system.database, Indexer(embedder, Compute(), counters), counters)
    yield Page(system, shop, indexer, embedder, counters)
    await embedder.close()
