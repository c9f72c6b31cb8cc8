"""The clock of an installation: that of Postgres, read by each process without a request.

A process's own clock may be wrong, so it is never compared with stored times. Each process measures how far
its monotonic clock is from the clock of Postgres.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from database.engine import Database

MEASURE_EVERY = 10.0
"""Seconds after which the offset is measured again."""

START_WITHIN = 3.0
"""Seconds a process waits for its first measurement before it starts without one."""

RETRY_AFTER = 1.0
"""Seconds until the next try while Postgres does not answer."""

SAMPLES = 3
JUMP = 1.0
"""Seconds by which wall clock and monotonic clock may drift apart before the offset is measured again."""

TOLERATED_SKEW = 2.0
"""Seconds by which a clock may differ from that of Postgres before people are warned."""

_TIME = text("SELECT extract(epoch FROM clock_timestamp())")

logger = logging.getLogger("pilito.clock")


def wall_clock() -> float:
    """Returns the seconds since the epoch by this process's own clock, which may be wrong."""
    return time.time()


def elapsed() -> float:
    """Returns seconds since some moment; they go on while the machine sleeps, and no one can set them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offset:
    """The seconds from the monotonic clock to the clock of Postgres are between `least` and `most`."""

    least: float
    most: float
    wall: float
    """Seconds from the monotonic clock to the wall clock of this process."""

    @property
    def seconds(self) -> float:
        return (self.least + self.most) / 2

    @property
    def width(self) -> float:
        return self.most - self.least


class DatabaseClock:
    """The time of Postgres; `wall` is the wall clock of this process, in seconds since the epoch.

    `now` and `estimate` return at once; `read` measures first if the last measurement is old.
    """

    def __init__(self, database: "Database", *, wall: Callable[[], float] = wall_clock) -> None:
        self._database = database
        self._wall = wall
        self._offset: _Offset | None = None
        self._measured_at = 0.0
        self._measuring = asyncio.Lock()
        self._jumped = asyncio.Event()

    def now(self) -> datetime | None:
        """Returns the time of Postgres; None if Postgres has not answered since the process started."""
        if self._offset is None:
            return None
        if abs(self._wall() - elapsed() - self._offset.wall) > JUMP:
            self._jumped.set()
        return datetime.fromtimestamp(elapsed() + self._offset.seconds, UTC)

    def estimate(self) -> datetime:
        """Like `now`; the wall clock of this process if Postgres has not answered yet.

        For limits and displays, not for the order of events.
        """
        return self.now() or datetime.fromtimestamp(self._wall(), UTC)

    async def read(self) -> datetime:
        """Returns the time of Postgres; raises an error of SQLAlchemy if Postgres never answered."""
        if self._is_old():
            try:
                await self.measure()
            except (SQLAlchemyError, OSError):
                if self._offset is None:
                    raise
        now = self.now()
        assert now is not None  # noqa: S101 - measured above
        return now

    @property
    def skew(self) -> timedelta | None:
        """How far the wall clock of this process is ahead of Postgres; None if Postgres never answered."""
        if self._offset is None:
            return None
        return timedelta(seconds=self._wall() - elapsed() - self._offset.seconds)

    async def measure(self) -> None:
        """Measure the offset, by the fastest of a few requests; raises errors of SQLAlchemy.

        A less exact measurement replaces a more exact one only if it contradicts it.
        """
        async with self._measuring:
            if not self._is_old():
                return
            self._jumped.clear()
            async with self._database.reading() as connection:
                samples = []
                for _ in range(SAMPLES):
                    sent = elapsed()
                    there = float((await connection.execute(_TIME)).scalar_one())
                    samples.append((elapsed() - sent, there - elapsed(), there - sent))
            _, least, most = min(samples)
            measured = _Offset(least=least, most=most, wall=self._wall() - elapsed())
            self._measured_at = elapsed()
            self._offset = self._better(measured)

    def _is_old(self) -> bool:
        if self._offset is None or self._jumped.is_set():
            return True
        return elapsed() - self._measured_at >= MEASURE_EVERY

    def _better(self, measured: _Offset) -> _Offset:
        known = self._offset
        if known is None or known.width > measured.width:
            return measured
        if not measured.least <= known.seconds <= measured.most:
            return measured
        return _Offset(least=known.least, most=known.most, wall=measured.wall)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measure at the start of the block, and every ten seconds or after a jump inside it."""
        with suppress(SQLAlchemyError, OSError, TimeoutError):  # `_run` goes on trying
            async with asyncio.timeout(START_WITHIN):
                await self.measure()
        measuring = asyncio.create_task(self._run())
        try:
            yield
        finally:
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                await measuring

    async def _run(self) -> None:
        while True:
            try:
                await self.measure()
            except (SQLAlchemyError, OSError) as error:
                logger.debug("the clock of Postgres cannot be read: %s", type(error).__name__)
                await asyncio.sleep(RETRY_AFTER)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(MEASURE_EVERY):
                    await self._jumped.wait()
