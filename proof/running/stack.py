"""Postgres, Temporal, an embedding server, the API and the workers, in a folder of their own."""

import asyncio
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.system import migrate
from contracts.ids import SEARCH_ATTRIBUTES
from database.access import provision
from database.engine import Database, create_engine
from database.search import vector_index
from embedded.children.processes import Child, start_child
from embedded.ports import LOOPBACK, answers, free_ports
from embedded.postgres import EmbeddedPostgres
from embedded.temporal import EmbeddedTemporal
from proof.running.faketime import library
from proof.running.part import Clock, Part

ROOT = Path(__file__).parents[2]
MODEL = "text-embedding-3-small"
EMAIL, PASSWORD = "proof@example.com", "a password of the proof"
DEFAULT_DEBOUNCE = 2.0

PARTS = ("worker", "bulk worker", "API", "Postgres", "Temporal", "embedding server")
"""The names of the parts that a fault can meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a stack differs from the defaults.

    `holds` lets workers be held at steps; `workflow_tasks` is how many workflow tasks a worker handles at a
    time. With `embeddings_url`, no embedding server of its own is started. `movable` is the part with a clock
    that can be moved.
    """

    debounce_seconds: float = DEFAULT_DEBOUNCE
    dimensions: int = 1536
    model: str = MODEL
    holds: bool = False
    workflow_tasks: int | None = None
    embeddings_url: str | None = None
    movable: str = ""
    vector_index: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """The parts by their names, with the addresses of the API and of the servers."""

    def __init__(self, state_dir: Path, terms: Terms) -> None:
        self.state_dir = state_dir
        self.terms = terms
        self.parts: dict[str, Part] = {}
        self.api_port, self._embeddings_port = free_ports(2)
        self.holds = state_dir / "holds"
        self.holds.mkdir()
        self._clocks: dict[str, Clock] = {}
        clock = self._clock("Postgres")
        self._postgres = EmbeddedPostgres(state_dir, prefix=clock.prefix if clock else ())
        attributes = dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword")
        self._temporal = EmbeddedTemporal(state_dir, search_attributes=attributes)

    @property
    def api(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def temporal_address(self) -> str:
        return self._temporal.address

    @property
    def sqlalchemy_url(self) -> str:
        return self._postgres.url

    @property
    def database_url(self) -> str:
        """Returns the address for psycopg."""
        return self._postgres.url.replace("+psycopg", "")

    def start(self) -> None:
        """Start every part, and create an admin."""
        self._add("Postgres", self._launch_postgres, clock=self._clock("Postgres"))
        self._add("Temporal", self._launch_temporal)
        migrate(self.sqlalchemy_url)
        if self.terms.vector_index:
            self.make_vector_index()
        asyncio.run(self._make_admin())
        if self.terms.embeddings_url is None:
            clock = self._clock("embedding server")
            arguments = ("-m", "proof.running.embeddings", str(self._embeddings_port), str(self.holds))
            launch = partial(self._python, "embeddings", *arguments, clock=clock)
            self._add("embedding server", launch, lambda: answers(self._embeddings_port), clock)
        for name, only in (("worker", "events"), ("bulk worker", "bulk")):
            clock = self._clock(name)
            command = (*self._worker_program(), "worker", "--only", only)
            launch = partial(self._python, name.replace(" ", "-"), "-m", *command, clock=clock)
            self._add(name, launch, None, clock)
        clock = self._clock("API")
        launch = partial(self._python, "api", "-m", "cli", "api", clock=clock)
        self._add("API", launch, self.is_ready, clock)

    def stop(self) -> None:
        """Stop the parts, the last one first."""
        for part in reversed(self.parts.values()):
            part.stop()

    def make_vector_index(self) -> None:
        vector_index.ensure(self.sqlalchemy_url, model=self.terms.model, dimensions=self.terms.dimensions)

    def is_ready(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.api}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _worker_program(self) -> list[str]:
        """Returns the module of the command line, or of the one that can do what the terms ask for."""
        holds = ["--holds", str(self.holds)] if self.terms.holds else []
        tasks = ["--workflow-tasks", str(self.terms.workflow_tasks)] if self.terms.workflow_tasks else []
        return ["proof.running.stepping", *holds, *tasks] if holds or tasks else ["cli"]

    def _add(
        self,
        name: str,
        launch: Callable[[], Child],
        ready: Callable[[], bool] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.parts[name] = Part(name, launch, ready, clock)
        self.parts[name].start()

    def _clock(self, name: str) -> Clock | None:
        if name not in self._clocks and name == self.terms.movable and (found := library()):
            self._clocks[name] = Clock(self.state_dir / "clocks" / name.replace(" ", "-"), found)
        return self._clocks.get(name)

    def _launch_postgres(self) -> Child:
        self._postgres.start()
        assert self._postgres.child
        return self._postgres.child

    def _launch_temporal(self) -> Child:
        self._temporal.start()
        assert self._temporal.child
        return self._temporal.child

    def _python(self, name: str, *arguments: str, clock: Clock | None) -> Child:
        return start_child(
            name,
            [sys.executable, *arguments],
            state_dir=self.state_dir,
            environment={**self._environment(), **(clock.variables if clock else {})},
            directory=self.state_dir,  # no `.env` there
        )

    def _environment(self) -> dict[str, str]:
        """Returns the variables of our Python processes: ours only, and the defaults for all others."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PILITO_", "OPENAI_", "PYTHON"))
        }
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PILITO_API_PORT": str(self.api_port),
            "PILITO_DATABASE_URL": self.sqlalchemy_url,
            "PILITO_TEMPORAL_ADDRESS": self.temporal_address,
            "PILITO_STATE_DIR": str(self.state_dir),
            "PILITO_SECRET_KEY": "k" * 32,
            "PILITO_ALLOW_PRIVATE_SHOPS": "true",
            "PILITO_DEBOUNCE_SECONDS": str(self.terms.debounce_seconds),
            "PILITO_REQUESTS_PER_MINUTE": "1000000",
            "PILITO_SHOP_REQUESTS_PER_MINUTE": "100000",
            "PILITO_EMBEDDING_MODEL": self.terms.model,
            "PILITO_EMBEDDING_DIMENSIONS": str(self.terms.dimensions),
            "OPENAI_API_KEY": "proof",
            "OPENAI_BASE_URL": self.terms.embeddings_url or f"http://{LOOPBACK}:{self._embeddings_port}/v1",
            **self.terms.settings,
        }

    async def _make_admin(self) -> None:
        database = Database(create_engine(self.sqlalchemy_url, pool_size=1))
        try:
            await provision.save_user(database, email=EMAIL, password=PASSWORD, is_staff=True)
        finally:
            await database.close()


@contextmanager
def running(terms: Terms | None = None, *, state_dir: Path | None = None) -> Iterator[Stack]:
    """Run a stack until the end of the block, in a temporary folder or in this one."""
    with (
        nullcontext(state_dir) if state_dir else tempfile.TemporaryDirectory(prefix="pilito-proof-")
    ) as folder:
        stack = Stack(Path(folder), terms or Terms())
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()
