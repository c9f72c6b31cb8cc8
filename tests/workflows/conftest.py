"""A shop of this machine, and a store that reads it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.conftest import Configure
from tests.servers import EmbeddingServer
from tests.shop_server import ShopServer
from tests.syncs import Synced
from tests.system import System, running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reading(configure: Configure, request: pytest.FixtureRequest) -> AsyncIterator[System]:
    """A system that may read the shops of this machine, as fast as it can."""
    settings = configure(
        allow_private_shops=True,
        shop_requests_per_minute=1_000_000,
        task_queue=f"reading-{request.node.name}",
    )
    async with running(settings) as system:
        yield system


@pytest.fixture
def server() -> Iterator[ShopServer]:
    with ShopServer() as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="session")
async def synced(reading: System, server: ShopServer, embeddings: EmbeddingServer) -> Synced:
    return await Synced.open(reading, server)
