"""Whether this process can accept and store events, and whether someone processes them."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from api.security.stale_cache import Deadline
from contracts.errors import UNKNOWN_KEY
from contracts.storage import REASONS, StorageRefusal, storage_refusal
from crypto import SecretBox
from database import health
from database.clock import TOLERATED_SKEW
from database.connecting.problems import has_no_connection_left
from database.engine import Database
from database.migrations import revisions
from database.migrations.revisions import Tables
from temporal.client import missing_search_attributes
from temporal.queues import UNAVAILABLE, QueueReader, QueueState

ANSWER_WITHIN = 3.0

CHECK_EVERY = 1.0
"""Seconds for which an answer counts, however often it is asked for."""

PREPARED_EVERY = 30.0

WAITED_TOO_LONG = timedelta(minutes=1)

NEWER = "A newer version of this program made the tables: install that version."
NEWER_NOW = "The tables were migrated for a newer version while this process runs: replace it soon."


class PostgresState(StrEnum):
    """Whether Postgres stores events, or why not."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    READ_ONLY = "read_only"
    DISK_FULL = "disk_full"
    NOT_MIGRATED = "not_migrated"
    NEWER = "newer"


class TemporalState(StrEnum):
    """Whether Temporal starts workflows, or why not."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    NOT_PREPARED = "not_prepared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyState:
    """The state of the servers; `warnings` are sentences about what does not keep events from being stored.

    `is_processed` is whether workers take events up.
    """

    postgres: PostgresState
    temporal: TemporalState
    is_processed: bool
    warnings: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        return self.postgres is PostgresState.OK and self.temporal is TemporalState.OK


class Readiness:
    """Checks the servers at most once a second, and adds a row to Postgres every five seconds.

    Tables of a newer version are refused, unless they were ours when this process first saw them: then a
    newer version is rolled out, and the former one serves until it is replaced.
    """

    def __init__(
        self, database: Database, temporal: Client, queues: QueueReader, secret_box: SecretBox
    ) -> None:
        self._secret_box = secret_box
        self._database = database
        self._temporal = temporal
        self._queues = queues
        self._deadline = Deadline()
        self._checking = asyncio.Lock()
        self._state: ReadyState | None = None
        self._checked_at = 0.0
        self._written_at = -health.WRITE_EVERY.total_seconds()
        self._prepared_at = -PREPARED_EVERY
        self._compared_at = -PREPARED_EVERY
        self._had_own_tables = False
        self._tables: Tables | None = None

    async def check(self) -> ReadyState:
        """Returns the state of the servers, at most a second old."""
        async with self._checking:
            if self._state is None or time.monotonic() - self._checked_at >= CHECK_EVERY:
                self._state = await self._check()
                self._checked_at = time.monotonic()
            return self._state

    async def close(self) -> None:
        await self._deadline.close()

    async def _check(self) -> ReadyState:
        postgres, temporal = await asyncio.gather(self._check_postgres(), self._check_temporal())
        queues = await self._queues.read() if temporal is not TemporalState.UNREACHABLE else None
        events = queues[0] if queues else None
        warnings = [*_server_warnings(postgres, temporal), *_queue_warnings(queues or ())]
        if postgres is PostgresState.OK and self._tables is Tables.NEWER:
            warnings.append(NEWER_NOW)
        if self._secret_box.lacks_key:
            warnings.append(UNKNOWN_KEY)
        warnings += self._clock_warnings()
        return ReadyState(
            postgres=postgres,
            temporal=temporal,
            is_processed=events is None or not (events.is_deserted or _waits_too_long(events)),
            warnings=tuple(warnings),
        )

    async def _check_postgres(self) -> PostgresState:
        try:
            await self._deadline.wait(self._database.ping(), seconds=ANSWER_WITHIN)
            if not await self._has_tables():
                return PostgresState.NEWER if self._tables is Tables.NEWER else PostgresState.NOT_MIGRATED
            if time.monotonic() - self._written_at >= health.WRITE_EVERY.total_seconds():
                await self._check_writes()
                self._written_at = time.monotonic()
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            self._written_at = -health.WRITE_EVERY.total_seconds()
            refusal = storage_refusal(error)
            return PostgresState.UNREACHABLE if refusal is None else PostgresState(refusal)
        return PostgresState.OK

    async def _has_tables(self) -> bool:
        """Returns whether this program may use the tables; good ones count for some time."""
        if time.monotonic() - self._compared_at < PREPARED_EVERY:
            return True
        self._tables = await self._deadline.wait(self._compare(), seconds=ANSWER_WITHIN)
        self._had_own_tables |= self._tables is Tables.CURRENT
        is_usable = self._tables is Tables.CURRENT or (self._tables is Tables.NEWER and self._had_own_tables)
        if is_usable:
            self._compared_at = time.monotonic()
        return is_usable

    async def _compare(self) -> Tables:
        async with self._database.reading() as connection:
            return await revisions.tables(connection)

    async def _check_writes(self) -> None:
        try:
            await self._deadline.wait(health.check_writes(self._database), seconds=ANSWER_WITHIN)
        except SQLAlchemyError as error:
            if not has_no_connection_left(error):  # the pool has answered, and serves requests
                raise

    async def _check_temporal(self) -> TemporalState:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                if not await self._temporal.service_client.check_health():
                    return TemporalState.UNREACHABLE
                if time.monotonic() - self._prepared_at >= PREPARED_EVERY:
                    if await missing_search_attributes(self._temporal):
                        return TemporalState.NOT_PREPARED
                    self._prepared_at = time.monotonic()
        except UNAVAILABLE:
            return TemporalState.UNREACHABLE
        return TemporalState.OK

    def _clock_warnings(self) -> Iterator[str]:
        clocks = {
            "this process": self._database.clock.skew,
            "Temporal": temporal_skew(self._database, self._queues),
        }
        for name, skew in clocks.items():
            if skew is not None and is_off(skew):
                yield f"The clock of {name} is {described(skew)} that of Postgres."


def temporal_skew(database: Database, queues: QueueReader) -> timedelta | None:
    """Returns how far the clock of Temporal is ahead of Postgres; None if one of them is unknown."""
    here = queues.clock.now()
    there = database.clock.now()
    return None if here is None or there is None else here - there


def is_off(skew: timedelta) -> bool:
    """Returns whether people should know of a difference between two clocks."""
    return abs(skew.total_seconds()) > TOLERATED_SKEW


def described(skew: timedelta) -> str:
    """Returns a difference in words, such as `90 s behind`."""
    seconds = skew.total_seconds()
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"


def _waits_too_long(state: QueueState) -> bool:
    return state.backlog_seconds > WAITED_TOO_LONG.total_seconds()


def _server_warnings(postgres: PostgresState, temporal: TemporalState) -> Iterator[str]:
    for refusal in StorageRefusal:
        if postgres.value == refusal.value:
            yield REASONS[refusal]
    if postgres is PostgresState.NEWER:
        yield NEWER
    if temporal is TemporalState.NOT_PREPARED:
        yield "Temporal lacks search attributes, so it refuses events: run `pilito prepare-temporal`."


def _queue_warnings(queues: tuple[QueueState, ...]) -> Iterator[str]:
    for state in queues:
        if state.is_deserted:
            yield f"No worker listens on the task queue {state.queue}: start `pilito worker`."
        elif _waits_too_long(state):
            yield f"Work of the task queue {state.queue} has waited for {state.backlog_seconds:.0f} s."
