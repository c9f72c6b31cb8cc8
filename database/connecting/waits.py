"""What `pilito migrate` waits for: other sessions that hold locks or old snapshots."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from psycopg.errors import LockNotAvailable
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

LOOK_EVERY = 2.0
"""Seconds between two looks at the sessions."""

LOOKS_PER_REPORT = 5
"""What did not change is reported again after so many looks."""

_WAITED_FOR = text("""
    SELECT DISTINCT
        blocker.pid, held.usename, held.application_name, held.backend_type, held.state,
        to_char(held.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since,
        to_char(held.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS query_since
    FROM pg_stat_activity AS waiting
    CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocker(pid)
    LEFT JOIN pg_stat_activity AS held ON held.pid = blocker.pid
    WHERE waiting.datname = current_database()
    AND right(waiting.application_name, length(:purpose)) = :purpose
    ORDER BY blocker.pid
""")

_CANCEL = text("""
    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND right(application_name, length(:purpose)) = :purpose
    AND cardinality(pg_blocking_pids(pid)) > 0
""")

_PROGRESS = text("""
    SELECT progress.phase, round(100.0 * progress.blocks_done / nullif(progress.blocks_total, 0)) AS percent
    FROM pg_stat_progress_create_index AS progress JOIN pg_stat_activity AS building USING (pid)
    WHERE building.datname = current_database()
    AND right(building.application_name, length(:purpose)) = :purpose
""")


class WaitedTooLong(Exception):
    """Other sessions kept what was waited for; the message names them and says what to do."""


class Watch:
    """Looks at what the sessions of one purpose wait for: those with an application name that ends with it.

    `waits_for` is what the last look found, for people; empty if nothing. Once `patience_seconds` were spent
    with waiting, the waiting statements are cancelled and `gave_up` is true.
    """

    def __init__(
        self, engine: Engine, purpose: str, *, report: Callable[[str], None], patience_seconds: float
    ) -> None:
        self._engine = engine
        self._purpose = purpose
        self._report = report
        self._patience = patience_seconds
        self._stopping = threading.Event()
        self._waited = 0.0
        self._reported = ""
        self._looks = 0
        self.waits_for = ""
        self.gave_up = False

    def run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            with suppress(SQLAlchemyError, OSError):  # the next look may succeed
                self._look()

    def stop(self) -> None:
        self._stopping.set()

    def too_long(self) -> WaitedTooLong:
        return WaitedTooLong(
            f"Gave up after {self._waited:.0f} s. {self.waits_for} End these sessions, for example with"
            " `SELECT pg_terminate_backend(pid)`, or wait until they end; then run `pilito migrate` again."
        )

    def _look(self) -> None:
        with self._engine.connect() as connection:
            sessions = connection.execute(_WAITED_FOR, {"purpose": self._purpose}).mappings().all()
            if sessions:
                self.waits_for = f"Waiting for {'; '.join(_described(**session) for session in sessions)}."
                self._say(self.waits_for)
                self._waited += LOOK_EVERY
                if self._waited >= self._patience:
                    self.gave_up = True
                    connection.execute(_CANCEL, {"purpose": self._purpose})
                return
            for phase, percent in connection.execute(_PROGRESS, {"purpose": self._purpose}):
                self._say(f"Vector index: {phase}{f', {percent} %' if percent is not None else ''}.")

    def _say(self, said: str) -> None:
        self._looks += 1
        if said != self._reported or self._looks >= LOOKS_PER_REPORT:
            self._report(said)
            self._reported, self._looks = said, 0


def _described(
    *,
    pid: int,
    usename: str | None,
    application_name: str | None,
    backend_type: str | None,
    state: str | None,
    since: str | None,
    query_since: str | None,
) -> str:
    """Returns a session in words; Postgres shows little of other users' sessions to an ordinary user."""
    if pid == 0:
        return "a prepared transaction (see pg_prepared_xacts)"
    kind = backend_type if backend_type not in (None, "client backend") else application_name
    facts = [
        kind,
        f"user {usename}" if usename else None,
        state,
        f"transaction since {since} UTC" if since else None,
        f"statement since {query_since} UTC" if query_since and query_since != since else None,
    ]
    return f"pid {pid} ({', '.join(fact for fact in facts if fact) or 'nothing more is shown'})"


def lock_not_available(error: DBAPIError) -> bool:
    """Returns whether a statement gave up because another session kept a lock."""
    return isinstance(error.orig, LockNotAvailable)


@contextmanager
def watched(
    engine: Engine, purpose: str, *, report: Callable[[str], None], patience_seconds: float
) -> Iterator[Watch]:
    """Report what the sessions of one purpose wait for, during the block.

    Raises WaitedTooLong where the block ends with an error because the watch gave up.
    """
    watch = Watch(engine, purpose, report=report, patience_seconds=patience_seconds)
    thread = threading.Thread(target=watch.run, name="waits", daemon=True)
    thread.start()
    try:
        yield watch
    except DBAPIError:
        if watch.gave_up:
            raise watch.too_long() from None
        raise
    finally:
        watch.stop()
        thread.join()
