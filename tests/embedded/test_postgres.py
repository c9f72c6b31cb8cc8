"""The embedded Postgres keeps committed data however it ends, and accepts only our connections."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from embedded.access import service_account
from embedded.children.processes import StartFailed, start_child
from embedded.postgres import EmbeddedPostgres, shared_buffers
from tests.support.waiting import gone

pytestmark = pytest.mark.usefixtures("programs")

START = """
import sys
from pathlib import Path
from embedded.postgres import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1])).start()
"""


@contextlib.contextmanager
def started(state_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(state_dir)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def connect(server: EmbeddedPostgres, **changes: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True, **changes)  # type: ignore[arg-type]  # its keywords are typed one by one


def remember(server: EmbeddedPostgres, number: int) -> None:
    with connect(server) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def remembered(server: EmbeddedPostgres) -> list[object]:
    with connect(server) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM kept ORDER BY number")]


def pid(server: EmbeddedPostgres) -> int:
    assert server.child
    return server.child.pid


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with started(tmp_path_factory.mktemp("postgres")) as server:
        yield server


def test_it_is_postgres_18_with_pgvector(server: EmbeddedPostgres) -> None:
    """Vectors can be stored and compared."""
    with connect(server) as connection:
        assert connection.info.server_version // 10000 == 18
        connection.execute("CREATE EXTENSION vector")
        found = connection.execute("SELECT '[1,0]'::vector <=> '[0,1]'::vector").fetchone()
    assert found == (1.0,)


def test_persian_punctuation_is_no_letter(server: EmbeddedPostgres) -> None:
    """Full text search sees the words of a Persian sentence."""
    with connect(server) as connection:
        found = connection.execute(
            "SELECT tsvector_to_array(to_tsvector('simple', 'کفش، «ورزشی»؟'))"
        ).fetchone()
    assert found == (["ورزشی", "کفش"],)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", "127.0.0.1"), ("jit", "off")],
)
def test_it_is_set_up(server: EmbeddedPostgres, setting: str, value: str) -> None:
    """A commit is on disk before it is acknowledged; the server listens only on this machine."""
    with connect(server) as connection:
        assert connection.execute(f"SHOW {setting}").fetchone() == (value,)


def test_a_password_is_asked_for(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Other users of this machine reach the port but not the data."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(server, password="guess")


def test_secrets_are_private(tmp_path: Path) -> None:
    """No other user can read password and data."""
    with started(tmp_path):
        pass
    for path in (tmp_path / "postgres", tmp_path / "postgres" / "password", tmp_path / "postgres" / "data"):
        assert path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to let another user pass")
def test_closed_directories_stay_closed_to_others(tmp_path: Path) -> None:
    """The way to the data opens for the one user that Postgres runs as."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with started(closed / "state") as server:
        remember(server, 1)
    assert closed.stat().st_mode & stat.S_IRWXO == 0


def test_data_and_address_survive_a_restart(tmp_path: Path) -> None:
    """The second start finds what the first one left, at the same address."""
    with started(tmp_path) as server:
        remember(server, 1)
        first = pid(server)
    gone(first)
    with started(tmp_path) as again:
        assert (again.url, remembered(again)) == (server.url, [1])


def test_data_survives_kill_9(tmp_path: Path) -> None:
    """What was committed is there after the main process was killed, again and again."""
    killed = [EmbeddedPostgres(tmp_path) for _ in range(3)]
    for number, server in enumerate(killed):
        server.start()
        remember(server, number)
        os.kill(pid(server), signal.SIGKILL)  # not waited for, so it stays as a zombie
    with started(tmp_path) as again:
        assert remembered(again) == [0, 1, 2]
    for server in killed:
        server.stop()


def test_the_next_start_recovers_from_a_kill_during_the_first(tmp_path: Path) -> None:
    """An incomplete data directory is replaced."""
    data = tmp_path / "postgres" / "draft" / "data"
    with subprocess.Popen([sys.executable, "-c", START, str(tmp_path)]) as first:
        while not data.exists():
            assert first.poll() is None
        first.kill()
    with started(tmp_path) as server:
        remember(server, 1)
        assert remembered(server) == [1]
    assert not data.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells where another process works")
def test_a_reused_pid_does_not_prevent_the_start(tmp_path: Path) -> None:
    """After a restart of the machine, any process may have the number in `postmaster.pid`."""
    with started(tmp_path) as server:
        remember(server, 1)
    stranger = start_child("stranger", ["/bin/sleep", "600"], state_dir=tmp_path, account=service_account())
    try:
        lines = [stranger.pid, tmp_path / "postgres" / "data", 1, 5432, "", "127.0.0.1", "1 1", "ready"]
        (tmp_path / "postgres" / "data" / "postmaster.pid").write_text("\n".join(map(str, lines)))
        with started(tmp_path) as again:
            assert remembered(again) == [1]
        assert stranger.exit_code is None
    finally:
        stranger.stop(5)


def test_a_taken_port_is_replaced(tmp_path: Path, server: EmbeddedPostgres) -> None:
    """Who finds its last port taken takes another one."""
    (tmp_path / "postgres").mkdir(mode=0o700)
    taken = server.url.rpartition(":")[2].partition("/")[0]
    (tmp_path / "postgres" / "port").write_text(taken)
    with started(tmp_path) as other:
        assert f":{taken}/" not in other.url
        remember(other, 1)


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    """It says what is wrong and what to do instead of failing in the middle."""
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartFailed, match="was made by Postgres 16"):
        EmbeddedPostgres(tmp_path).start()


@pytest.mark.parametrize(
    ("memory", "buffers"), [(2**28, "128MB"), (2**30, "256MB"), (2**31, "512MB"), (2**36, "512MB")]
)
def test_shared_buffers_are_a_quarter_of_the_memory(memory: int, buffers: str) -> None:
    """Up to what a machine that does other things can spare."""
    assert shared_buffers(memory) == buffers
