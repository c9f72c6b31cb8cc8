"""`pilito up` as a whole, with a stand-in for the commands it starts: how it begins and how it ends."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from embedded.embedding.e5 import is_usable
from embedded.environment import running
from embedded.ports import answers, free_ports
from tests.support.waiting import gone, until

pytestmark = pytest.mark.usefixtures("programs")

COMMANDS = """
import os, signal, socket, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["PILITO_DATABASE_URL"].encode())

match sys.argv[1]:
    case "migrate":
        sys.exit(os.environ.get("BROKEN_MIGRATION", 0))
    case "worker":
        time.sleep(600)
    case "api":
        inherited = os.environ.get("LISTEN_PID") == str(os.getpid())
        server = HTTPServer(("127.0.0.1", int(os.environ["PILITO_API_PORT"])), Api, not inherited)
        if inherited:
            server.socket = socket.socket(fileno=3)
        server.serve_forever()
"""

UP = """
import sys, time
from embedded.stack import run
from settings import load
def on_ready(environment):
    print("ready", environment["PILITO_DATABASE_URL"], flush=True)
    if sys.argv[1:]:
        time.sleep(600)
sys.exit(run(load(), on_ready=on_ready))
"""

CHILDREN = {"postgres", "temporal", "embedder", "worker", "bulk-worker", "api"}
PARTS = {"Postgres", "Temporal", "Embeddings", "Migrations", "Worker", "Bulk worker", "API"}


@dataclass
class Up:
    """One `pilito up` and what it printed."""

    process: subprocess.Popen[str]
    state_dir: Path
    lines: list[str] = field(default_factory=list)

    def read_until(self, start: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith(start):
                return line
        raise AssertionError(f"it ended without {start!r}: {self.lines}")

    def children(self) -> dict[str, int]:
        """Name and pid of each recorded child."""
        found = {}
        for record in (self.state_dir / "run").glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # it ended in between
                found[record.stem] = json.loads(record.read_text())["pid"]
        return found

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, wait until all its processes ended, and answer its exit code."""
        children = self.children().values()
        self.process.send_signal(number)
        return self.ended(*children)

    def ended(self, *children: int) -> int:
        assert self.process.stdout
        self.lines += self.process.stdout.read().splitlines()
        code = self.process.wait(15)
        gone(*children)
        return code


@dataclass
class Place:
    """A directory with the stand-in commands, and ports of its own."""

    directory: Path
    ports: list[int]

    @property
    def state_dir(self) -> Path:
        return self.directory / "state"

    @contextlib.contextmanager
    def up(self, *arguments: str, **environment: str) -> Iterator[Up]:
        names = ("PILITO_API_PORT", "PILITO_TEMPORAL_PORT", "PILITO_TEMPORAL_UI_PORT")
        process = subprocess.Popen(
            [sys.executable, "-c", UP, *arguments],
            cwd=self.directory,
            env={
                **os.environ,
                **dict(zip(names, map(str, self.ports), strict=True)),
                "PILITO_STATE_DIR": "state",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                yield Up(process, self.state_dir)
            finally:
                process.terminate()


@pytest.fixture(autouse=True)
def with_a_terminal() -> Iterator[None]:
    """Let children receive SIGHUP even if the tests were started by `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "cli.py").write_text(COMMANDS)
    return Place(tmp_path, free_ports(3))


def answer_of(port: int) -> str:
    """What the API answers to one request."""
    with urlopen(f"http://127.0.0.1:{port}/") as answer:
        return str(answer.read(), "utf-8")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_no_process_is_left_after_the_end(place: Place, number: signal.Signals) -> None:
    """Ctrl-C, `kill` and a closed terminal end every process; the exit code is 0."""
    with place.up() as up:
        up.read_until("ready")
        assert set(up.children()) == CHILDREN
        assert up.end(number) == 0
    assert up.children() == {}
    assert up.lines[-1].startswith("Stopped in")


def test_the_next_start_keeps_data_and_secrets(place: Place) -> None:
    """It names each part as it starts; address, password and key stay the same."""
    with place.up() as up:
        first = up.read_until("ready")
        assert [line.split("]")[0] for line in up.lines[:7]] == [f"[{step}/7" for step in range(1, 8)]
        assert all(any(f"] {part} " in line for line in up.lines[:7]) for part in PARTS)
        key = running(place.state_dir)["PILITO_SECRET_KEY"]
        assert up.end(signal.SIGTERM) == 0
    assert running(place.state_dir) == {}
    with place.up() as up:
        assert up.read_until("ready") == first
        assert running(place.state_dir)["PILITO_SECRET_KEY"] == key
        assert (place.state_dir / "secret-key").stat().st_mode & 0o077 == 0
        assert (place.state_dir / "environment.json").stat().st_mode & 0o077 == 0
        up.end(signal.SIGTERM)


@pytest.mark.parametrize("child", ["postgres", "temporal"])
def test_a_signal_during_the_start_ends_it(place: Place, child: str) -> None:
    """Ctrl-C works before everything has started."""
    with place.up() as up:
        until(lambda: child in up.children(), what=f"the start of {child}")
        assert up.end(signal.SIGINT) == 0
    assert up.children() == {}


def test_a_signal_during_the_greeting_ends_it(place: Place) -> None:
    """What is done once all is ready is cut short."""
    with place.up("slow") as up:
        up.read_until("ready")
        assert up.end(signal.SIGINT) == 0


def test_a_kill_leaves_nothing_and_the_next_start_works(place: Place) -> None:
    """After `kill -9` the children end by themselves or are ended, and the data is there."""
    with place.up() as up:
        first = up.read_until("ready")
        children = up.children()
        up.process.kill()
        up.process.wait()
        if sys.platform == "linux":
            gone(*children.values())
    with place.up() as up:
        assert up.read_until("ready") == first
        up.end(signal.SIGTERM)
    gone(*children.values())


def test_parts_that_die_are_started_again(place: Place) -> None:
    """All of them at once; it says how each ended, and serves as before."""
    with place.up() as up:
        up.read_until("ready")
        killed = up.children()
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)

        def new(children: dict[str, int]) -> dict[str, int]:
            return {name: pid for name, pid in children.items() if pid != killed[name]}

        until(lambda: new(up.children()).keys() == CHILDREN, what="new children")
        assert answer_of(place.ports[0]).startswith("postgresql")
        embedder = urlsplit(running(place.state_dir)["OPENAI_BASE_URL"]).port or 0
        until(lambda: answers(embedder), what="the new embedding server")
        assert up.end(signal.SIGTERM) == 0
    for child in CHILDREN:
        assert any(line.startswith(f"{child} ended (SIGKILL)") for line in up.lines)
        assert f"{child} runs again." in up.lines


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the API opens its port itself")
def test_no_connection_is_refused_while_the_api_starts_again(place: Place) -> None:
    """A request waits for the new process."""
    with place.up() as up:
        up.read_until("ready")
        os.kill(up.children()["api"], signal.SIGKILL)
        assert answer_of(place.ports[0]).startswith("postgresql")
        assert up.end(signal.SIGTERM) == 0


def test_a_second_start_in_the_same_folder_is_refused(place: Place) -> None:
    """It names the first one."""
    with place.up() as up:
        up.read_until("ready")
        with place.up() as second:
            assert second.ended() == 1
        up.end(signal.SIGTERM)
    assert f"already runs from {place.state_dir} (process {up.process.pid})" in second.lines[0]


def test_two_folders_run_at_once(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With ports of their own, two checkouts do not know of each other."""
    other = Place(tmp_path_factory.mktemp("other"), free_ports(3))
    (other.directory / "cli.py").write_text(COMMANDS)
    with place.up() as up, other.up() as second:
        assert up.read_until("ready") != second.read_until("ready")
        assert up.end(signal.SIGTERM) == second.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_taken_port_is_named(place: Place, which: int) -> None:
    """It says which setting to change, and starts nothing."""
    with socket.create_server(("127.0.0.1", place.ports[which])), place.up() as up:
        assert up.ended() == 1
    setting = ("PILITO_API_PORT", "PILITO_TEMPORAL_PORT", "PILITO_TEMPORAL_UI_PORT")[which]
    assert up.lines == [
        f"Port {place.ports[which]} is taken: set {setting} to a free one, or stop what listens there."
    ]


def test_a_failing_migration_is_shown(place: Place) -> None:
    """The reason is printed, everything stops and the exit code is 1."""
    with place.up(BROKEN_MIGRATION="no such column") as up:
        up.read_until("migrate ended")
        assert up.ended() == 1
    assert "no such column" in "\n".join(up.lines)
    assert up.children() == {}


def test_a_model_by_meaning_is_chosen(place: Place) -> None:
    """The API and the workers get all that the model needs, without any setting."""
    with place.up() as up:
        up.read_until("ready")
        given = running(place.state_dir)
        up.end(signal.SIGTERM)
    names = ("MODEL", "DIMENSIONS", "QUERY_INPUT_TYPE", "PASSAGE_INPUT_TYPE")
    chosen = tuple(given.get(f"PILITO_EMBEDDING_{name}") for name in names)
    if is_usable():
        assert chosen == ("multilingual-e5-small", "384", "query", "passage")
    else:
        assert chosen == ("pilito-lexical", "1536", None, None)


def test_a_model_without_a_key_is_replaced_by_words(place: Place) -> None:
    """It is said before the service is ready."""
    with place.up(PILITO_EMBEDDING_MODEL="text-embedding-3-small") as up:
        up.read_until("ready")
        assert running(place.state_dir)["PILITO_EMBEDDING_DIMENSIONS"] == "1536"
        up.end(signal.SIGTERM)
    assert any(line.startswith("Texts are compared by their words, as text-emb") for line in up.lines)


def test_given_addresses_start_nothing(place: Place) -> None:
    """Only what has no address is started."""
    given = {
        "PILITO_DATABASE_URL": "postgresql+psycopg://elsewhere/pilito",
        "PILITO_TEMPORAL_ADDRESS": "elsewhere:7233",
        "OPENAI_API_KEY": "sk-given",
    }
    with place.up(**given) as up:
        assert up.read_until("ready").split()[1] == given["PILITO_DATABASE_URL"]
        assert set(up.children()) == {"worker", "bulk-worker", "api"}
        assert up.end(signal.SIGTERM) == 0
