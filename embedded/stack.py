"""The processes that `pilito up` starts, restarts and stops."""

import socket
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.client import HTTPException

from rich.console import Console

import memory
from contracts.ids import SEARCH_ATTRIBUTES
from embedded.children import forks
from embedded.children.logs import Logs, folder_of
from embedded.children.parts import Part
from embedded.children.processes import Child, StartFailed, end_leftovers, start_module, stop_together
from embedded.embedder import EmbeddedEmbedder
from embedded.environment import complete, only_one
from embedded.interruption import Interrupted, Interruption
from embedded.ports import LOOPBACK, is_free, listen
from embedded.postgres import EmbeddedPostgres
from embedded.progress import Steps, say
from embedded.temporal import RETENTION_DAYS, EmbeddedTemporal
from embeddings.registry import is_configured
from settings import Settings

SECONDS_TO_START = 60.0
SECONDS_TO_MIGRATE = 600.0
SECONDS_FOR_CLIENTS = 4.5
"""The API and the worker get so long to finish what they do ..."""
SECONDS_FOR_SERVERS = 3.0
"""... and then the servers beneath them; both, and a second for force, within the 10 s we promise."""


@dataclass(frozen=True, slots=True)
class Client:
    """A command of `pilito` that runs on the servers, with variables of its own."""

    name: str
    title: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


API = Client("api", "API", ("api",))
CLIENTS = (
    Client("worker", "Worker", ("worker", "--only", "events")),
    Client(
        "bulk-worker",
        "Bulk worker",
        ("worker", "--only", "bulk"),
        {"PILITO_WORKER_METRICS_ADDRESS": ""},  # where the worker listens
    ),
    API,
)
"""The last is ready when all of them are."""


class _Stack:
    def __init__(self, settings: Settings, interruption: Interruption, console: Console) -> None:
        self._settings = settings
        self._state_dir = settings.state_dir.resolve()
        self._interruption = interruption
        self._console = console
        self._steps: Steps | None = None
        self._servers: list[Part] = []
        self._clients: list[Part] = []
        self._postgres: EmbeddedPostgres | None = None
        self._temporal: EmbeddedTemporal | None = None
        self._embedder: EmbeddedEmbedder | None = None
        self._listener: socket.socket | None = None
        self._logs = Logs(folder_of(self._state_dir), kept=timedelta(days=settings.log_retention_days))
        self._logs.keep_previous()
        if settings.database_url is None:
            self._postgres = EmbeddedPostgres(self._state_dir, pause=self._pause)
        if settings.temporal_address is None:
            self._temporal = EmbeddedTemporal(
                self._state_dir,
                settings.temporal_port,
                settings.temporal_ui_port,
                settings.temporal_namespace,
                search_attributes=dict.fromkeys(SEARCH_ATTRIBUTES, "Keyword"),
                retention_days=settings.history_retention_days or RETENTION_DAYS,
                pause=self._pause,
            )
        if not is_configured(settings):
            self._embedder = EmbeddedEmbedder(settings, pause=self._pause)

    def start(self) -> dict[str, str]:
        """Start every server that has no address. Returns the environment with all addresses."""
        self._check_ports()
        names = [
            *(["Postgres"] if self._postgres else []),
            *(["Temporal"] if self._temporal else []),
            *(["Embeddings"] if self._embedder else []),
            *["Migrations", *(client.title for client in CLIENTS)],
        ]
        with Steps(names, self._console) as steps:
            self._steps = steps
            found = self._start_servers(steps)
            environment = complete(self._settings, found)
            self._migrate(environment, steps)
            self._start_clients(environment, steps)
        self._steps = None
        if self._embedder and self._embedder.choice.note:
            say(self._console, self._embedder.choice.note)
        return environment

    def _pause(self, seconds: float) -> None:
        """Wait, and show progress: a thread that showed it would be in the way of forks."""
        if self._steps:
            self._steps.show()
        self._interruption.pause(seconds)

    def watch(self) -> None:
        """Restart parts that end, until a signal interrupts."""
        while True:
            self._pause(0.25)
            self._logs.bound()
            for part in (*self._servers, *self._clients):
                news = part.look()
                if news:
                    say(self._console, news)

    def stop(self) -> None:
        """Stop the parts in reverse order: clients before servers."""
        if self._listener:
            self._listener.close()
        stop_together((part.child for part in self._clients), seconds=SECONDS_FOR_CLIENTS)
        stop_together((part.child for part in self._servers), seconds=SECONDS_FOR_SERVERS)

    def _check_ports(self) -> None:
        wanted = [(self._settings.api_host, self._settings.api_port, "PILITO_API_PORT")]
        if self._temporal:
            wanted.append((LOOPBACK, self._settings.temporal_port, "PILITO_TEMPORAL_PORT"))
            wanted.append((LOOPBACK, self._settings.temporal_ui_port, "PILITO_TEMPORAL_UI_PORT"))
        taken = [(port, name) for host, port, name in wanted if not is_free(port, host)]
        if taken:
            raise StartFailed(
                "\n".join(
                    f"Port {port} is taken: set {name} to a free one, or stop what listens there."
                    for port, name in taken
                )
            )

    def _start_servers(self, steps: Steps) -> dict[str, str]:
        """Start the servers; Temporal and the embedder start while Postgres does. Returns their addresses."""
        found: dict[str, str] = {}
        temporal, postgres, embedder = self._temporal, self._postgres, self._embedder
        if temporal:
            steps.begin("Temporal")
            self._servers.append(Part(lambda: _launched(temporal)))
        if embedder:
            steps.begin("Embeddings")
            self._servers.append(Part(embedder.launch))
            embeddings = self._servers[-1].child
        if postgres:
            steps.begin("Postgres")
            self._servers.append(Part(lambda: _started(postgres)))
            found["PILITO_DATABASE_URL"] = postgres.url
            steps.done("Postgres")
        if temporal:
            temporal.wait_ready()
            found["PILITO_TEMPORAL_ADDRESS"] = temporal.address
            found["PILITO_TEMPORAL_UI_URL"] = self._settings.temporal_ui_url or temporal.ui_url or ""
            steps.done("Temporal")
        if embedder:
            found |= embedder.wait_ready(embeddings)
            steps.done("Embeddings")
        return found

    def _migrate(self, environment: Mapping[str, str], steps: Steps) -> None:
        steps.begin("Migrations")
        child = self._launch("migrate", ("migrate",), environment)
        try:
            child.wait_until(lambda: child.exit_code == 0, seconds=SECONDS_TO_MIGRATE, pause=self._pause)
        finally:
            child.stop(1.0)
        steps.done("Migrations")

    def _start_clients(self, environment: Mapping[str, str], steps: Steps) -> None:
        """Start them; connections to the API wait here while its process is started again."""
        if forks.CAN_FORK:
            self._listener = listen(self._settings.api_host, self._settings.api_port)
            memory.share_with_forks()
        for client in CLIENTS:
            steps.begin(client.title)
            its_own = {**environment, **client.variables}
            self._clients.append(Part(partial(self._launch, client.name, client.command, its_own)))
        *workers, api = (part.child for part in self._clients)
        url = _readiness_url(self._settings)

        def ready() -> bool:
            for worker in workers:
                if worker.exit_code is not None:
                    raise StartFailed(
                        f"The {worker.name} ended while starting ({worker.ending}).\n{worker.tail()}"
                    )
            return _is_ready(url)

        api.wait_until(ready, seconds=SECONDS_TO_START, pause=self._pause)
        for client in CLIENTS:
            steps.done(client.title)

    def _launch(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        variables = {"PILITO_LOG_FORMAT": "text", **environment, "PYTHONUNBUFFERED": "1"}
        return start_module(
            name,
            "cli",
            command,
            state_dir=self._state_dir,
            environment=variables,
            listener=self._listener if command == API.command else None,
        )


def run(settings: Settings, *, on_ready: Callable[[dict[str, str]], None]) -> int:
    """Start everything, call `on_ready` with the completed environment, and run until we are interrupted.

    Returns the exit code: 0 after SIGINT, SIGTERM or SIGHUP, 1 where something did not start, with its
    reason printed. `on_ready` may be cut short by `Interrupted`.
    """
    console = Console()
    state_dir = settings.state_dir.resolve()
    try:
        with Interruption() as interruption, only_one(state_dir):
            end_leftovers(state_dir)
            stack = _Stack(settings, interruption, console)
            try:
                environment = stack.start()
                with interruption.at_once():
                    on_ready(environment)
                stack.watch()
            except Interrupted:
                say(console, "\nStopping …")
            finally:
                began = time.monotonic()
                stack.stop()
            say(console, f"Stopped in {time.monotonic() - began:.1f} s.")
    except StartFailed as failed:
        say(console, str(failed))
        return 1
    return 0


def _launched(temporal: EmbeddedTemporal) -> Child:
    temporal.launch()
    assert temporal.child  # noqa: S101 - launched
    return temporal.child


def _started(postgres: EmbeddedPostgres) -> Child:
    postgres.start()
    assert postgres.child  # noqa: S101 - started
    return postgres.child


def _readiness_url(settings: Settings) -> str:
    host = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(settings.api_host, settings.api_host)  # noqa: S104 - read, not bound
    return f"http://{host}:{settings.api_port}/readyz"


def _is_ready(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False
