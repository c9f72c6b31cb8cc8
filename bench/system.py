"""The servers and processes that are measured, in a temporary state directory."""

import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from connectors.registry import PLATFORMS
from contracts.ids import SEARCH_ATTRIBUTES
from contracts.stores import StoreType
from contracts.tokens import IssuedToken
from database.access import stores, tokens, users
from database.engine import Database, create_engine
from database.search import vector_index
from embedded.children.processes import Child, start_child
from embedded.ports import LOOPBACK, free_ports
from embedded.postgres import EmbeddedPostgres
from embedded.temporal import EmbeddedTemporal

ROOT = Path(__file__).parent.parent
MODEL = "text-embedding-3-small"
DIMENSIONS = 1536
SECONDS_TO_START = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A running API process."""

    process: Child
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Running servers: Postgres with the tables of the service, and Temporal."""

    state_dir: Path
    database_url: str
    temporal_address: str
    postgres: Child
    temporal: Child

    @contextmanager
    def process(self, name: str, *arguments: str, **settings: object) -> Iterator[Child]:
        """Run a Python process with these settings only."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PILITO_", "OPENAI_", "PYTHON"))
        }
        child = start_child(
            name,
            [sys.executable, *arguments],
            state_dir=self.state_dir,
            environment=environment
            | {
                "PILITO_DATABASE_URL": self.database_url,
                "PILITO_TEMPORAL_ADDRESS": self.temporal_address,
                "PILITO_STATE_DIR": str(self.state_dir),
                "PILITO_SECRET_KEY": "k" * 32,
                "PILITO_DEBOUNCE_SECONDS": "0",
                "PILITO_REQUESTS_PER_MINUTE": "10000000",
                "PYTHONUNBUFFERED": "1",
                "PYTHONPYCACHEPREFIX": str(self.state_dir / "pycache"),
                "OPENAI_API_KEY": "bench",
            }
            | {key: str(value) for key, value in settings.items()},
            directory=self.state_dir,  # no `.env` there
        )
        try:
            yield child
        finally:
            child.stop(5)

    @contextmanager
    def api(self, **settings: object) -> Iterator[Api]:
        (port,) = free_ports(1)
        with self.process("api", "-m", "cli", "api", PILITO_API_PORT=port, **settings) as child:
            child.wait_until(lambda: _is_ready(port), seconds=SECONDS_TO_START, pause=time.sleep)
            yield Api(process=child, port=port)

    @contextmanager
    def worker(self, **settings: object) -> Iterator[Child]:
        with self.process("worker", "-m", "cli", "worker", **settings) as child:
            yield child

    @contextmanager
    def workers(self, *, bulk: int, **settings: object) -> Iterator[list[Child]]:
        """Run a worker for events and some bulk workers. Yields the bulk workers."""
        with ExitStack() as started:
            started.enter_context(
                self.process("worker", "-m", "cli", "worker", "--only", "events", **settings)
            )
            yield [
                started.enter_context(
                    self.process(f"bulk-worker-{number}", "-m", "cli", "worker", "--only", "bulk", **settings)
                )
                for number in range(bulk)
            ]

    @contextmanager
    def bare_worker(self) -> Iterator[Child]:
        with self.process("bare-worker", "-m", "bench.processes", "bare-worker") as child:
            yield child

    @contextmanager
    def instant_embeddings(self) -> Iterator[str]:
        """Run an embedding service that answers at once. Yields its base URL."""
        with self.process("embeddings", "-m", "bench.processes", "embeddings") as child:
            child.wait_until(
                lambda: child.log.read_text().endswith("\n"), seconds=SECONDS_TO_START, pause=time.sleep
            )
            yield child.log.read_text().splitlines()[-1]

    async def token(self) -> IssuedToken:
        """Returns a token of a new store of a new user."""
        database = Database(create_engine(self.database_url, pool_size=1))
        try:
            async with database.transaction() as connection:
                user_id = await users.save_user(
                    connection, email=f"{time.time_ns()}@example.com", password_hash="unused", is_staff=False
                )
                store_id = await stores.create(connection, user_id=user_id, name="bench", currency=None)
                return await tokens.issue(
                    connection,
                    user_id=user_id,
                    store_id=store_id,
                    integration_type=StoreType.WOOCOMMERCE,
                    token_format=PLATFORMS[StoreType.WOOCOMMERCE].token_format,
                )
        finally:
            await database.close()


def migrate(url: str) -> None:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


@contextmanager
def running(state_dir: Path) -> Iterator[Servers]:
    """Run servers until the end of the block."""
    postgres = EmbeddedPostgres(state_dir)
    temporal = EmbeddedTemporal(state_dir, search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword"))
    with ExitStack() as stack:
        stack.callback(postgres.stop)
        url = postgres.start()
        stack.callback(temporal.stop)
        address = temporal.start()
        migrate(url)
        vector_index.ensure(url, model=MODEL, dimensions=DIMENSIONS)
        assert postgres.child
        assert temporal.child
        yield Servers(
            state_dir=state_dir,
            database_url=url,
            temporal_address=address,
            postgres=postgres.child,
            temporal=temporal.child,
        )


def _is_ready(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{LOOPBACK}:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def described(servers: Servers) -> str:
    """Returns the versions of Postgres and pgvector."""
    with psycopg.connect(servers.database_url.replace("+psycopg", "")) as connection:
        found = connection.execute(
            "SELECT current_setting('server_version'), extversion FROM pg_extension WHERE extname = 'vector'"
        ).fetchone()
    assert found
    return f"Postgres {found[0]} with pgvector {found[1]}"
