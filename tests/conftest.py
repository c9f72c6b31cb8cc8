"""Real servers, started once per run."""

import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text

from contracts.ids import SEARCH_ATTRIBUTES
from database.chunks import vector_index
from embedded.postgres import EmbeddedPostgres
from embedded.temporal import EmbeddedTemporal
from fakes.openai import EmbeddingServer
from fakes.woocommerce import ShopServer
from settings import Settings
from tests.support.syncs import Synced
from tests.support.system import Shop, System, forget_keys, running

ROOT = Path(__file__).parent.parent
DIMENSIONS = 256
SECRET_KEY = "a key of thirty-two bytes or more for tests"

for name in [name for name in os.environ if name.startswith(("PILITO_", "OPENAI_", "OTEL_"))]:
    del os.environ[name]  # the tests decide all settings themselves


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process takes whole modules, for their fixtures; those of the plugin share one WordPress."""
    for item in items:
        folder, _, module = item.nodeid.partition("::")[0].rpartition("/")
        item.add_marker(pytest.mark.xdist_group(folder if folder == "tests/plugin" else f"{folder}/{module}"))


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def postgres_url(state_dir: Path) -> Iterator[str]:
    server = EmbeddedPostgres(state_dir)
    yield server.start()
    server.stop()


def migrated(url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> str:
    """A database as the migrations make it."""
    command.upgrade(migrated(postgres_url), "head")
    vector_index.ensure(postgres_url, model="text-embedding-3-small", dimensions=DIMENSIONS)
    return postgres_url


def another_database(postgres_url: str, name: str) -> str:
    """One more database as the migrations make it, on the same server."""
    url = make_url(postgres_url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    address = url.set(database=name).render_as_string(hide_password=False)
    command.upgrade(migrated(address), "head")
    vector_index.ensure(address, model="text-embedding-3-small", dimensions=DIMENSIONS)
    return address


@pytest.fixture(scope="session")
def temporal_address(state_dir: Path) -> Iterator[str]:
    server = EmbeddedTemporal(state_dir, search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def embedding_server() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as server:
        yield server


@pytest.fixture
def embeddings(embedding_server: EmbeddingServer) -> Iterator[EmbeddingServer]:
    """The embedding server, having seen nothing and failing nothing."""
    embedding_server.reset()
    yield embedding_server
    embedding_server.reset()


Configure = Callable[..., Settings]


@pytest.fixture(scope="session")
def configure(
    database_url: str, temporal_address: str, embedding_server: EmbeddingServer, state_dir: Path
) -> Configure:
    """Settings for the servers of this run; keyword arguments change them."""

    def make(**changes: Any) -> Settings:
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
async def system(configure: Configure) -> AsyncIterator[System]:
    """API and worker without debounce, shared by all tests that need nothing special."""
    async with running(configure()) as started:
        yield started


@pytest_asyncio.fixture
async def shop(system: System, embeddings: EmbeddingServer) -> AsyncIterator[Shop]:
    opened = await system.shop()
    yield opened
    await forget_keys(system.database, [opened.store_id])


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


@pytest.fixture
def shuffle() -> Callable[[list[Any]], list[Any]]:
    """The same disorder in every run."""
    return lambda items: random.Random(7).sample(items, len(items))  # noqa: S311 - disorder, not secrecy
