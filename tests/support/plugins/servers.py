"""A pytest plugin: fixtures for real servers, started once per process of the test run.

Everything heavy is imported inside the fixtures: collecting a unit test loads neither the API nor the worker.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.support.environment import DIMENSIONS, SECRET_KEY, Configure, migrate
from tests.support.plugins.leftovers import SHARED_DATABASE

if TYPE_CHECKING:
    from fakes.openai import EmbeddingServer
    from fakes.woocommerce import ShopServer
    from settings import Settings
    from tests.support.shop import Shop
    from tests.support.sync.syncs import Synced
    from tests.support.system import System


@pytest.fixture(scope="session")
def programs() -> None:
    """Requested by tests that start programs of their own: these are integration tests, see `markers`."""


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def postgres_url(state_dir: Path) -> Iterator[str]:
    from embedded.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(state_dir)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def database_url(postgres_url: str, request: pytest.FixtureRequest) -> str:
    """A database with all tables."""
    migrate(postgres_url)
    request.config.stash[SHARED_DATABASE] = postgres_url
    return postgres_url


@pytest.fixture(scope="session")
def temporal_address(state_dir: Path) -> Iterator[str]:
    from contracts.ids import SEARCH_ATTRIBUTES
    from embedded.temporal import EmbeddedTemporal

    server = EmbeddedTemporal(state_dir, search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def embedding_server() -> "Iterator[EmbeddingServer]":
    from fakes.openai import EmbeddingServer

    with EmbeddingServer() as server:
        yield server


@pytest.fixture
def embeddings(embedding_server: "EmbeddingServer") -> "Iterator[EmbeddingServer]":
    """The embedding server without recorded requests and without faults."""
    embedding_server.reset()
    yield embedding_server
    embedding_server.reset()


@pytest.fixture(scope="session")
def configure(
    database_url: str, temporal_address: str, embedding_server: "EmbeddingServer", state_dir: Path
) -> Configure:
    from settings import Settings

    def make(**changes: Any) -> "Settings":
        return Settings.model_validate(
            {
                "database_url": database_url,
                "temporal_address": temporal_address,
                "state_dir": state_dir,
                "secret_key": SECRET_KEY,
                "OPENAI_API_KEY": "test",
                "OPENAI_BASE_URL": embedding_server.base_url,
                "embedding_dimensions": DIMENSIONS,
                "debounce_seconds": 0.0,
                "guesses_per_minute": 1_000_000,
                "embedding_timeout_seconds": 5.0,
                **changes,
            }
        )

    return make


@pytest_asyncio.fixture(scope="session")
async def system(configure: Configure) -> "AsyncIterator[System]":
    """API and worker without debounce, shared by all tests that need no settings of their own."""
    from tests.support.system import running

    async with running(configure()) as started:
        yield started


@pytest_asyncio.fixture
async def shop(system: "System", embeddings: "EmbeddingServer") -> "AsyncIterator[Shop]":
    """A new store of a new user."""
    from tests.support.system import forget_keys

    opened = await system.shop()
    yield opened
    await forget_keys(system.database, [opened.store_id])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reading(configure: Configure, request: pytest.FixtureRequest) -> "AsyncIterator[System]":
    """A system that may read shops on 127.0.0.1, without a rate limit."""
    from tests.support.system import running

    settings = configure(
        allow_private_shops=True,
        shop_requests_per_minute=1_000_000,
        task_queue=f"reading-{request.node.name}",
    )
    async with running(settings) as system:
        yield system


@pytest.fixture
def server() -> "Iterator[ShopServer]":
    """A WooCommerce shop without products."""
    from fakes.woocommerce import ShopServer

    with ShopServer() as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="session")
async def synced(reading: "System", server: "ShopServer", embeddings: "EmbeddingServer") -> "Synced":
    """A store with a shop that can be read."""
    from tests.support.sync.syncs import Synced

    return await Synced.open(reading, server)
