"""The clock of Postgres as processes read it, however wrong their own clocks are."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from database import clock as clocks
from database.clock import DatabaseClock
from database.engine import Database, create_engine
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.network.cable import Cable


@asynccontextmanager
async def database_of(url: str, *, ahead: float = 0.0) -> AsyncIterator[Database]:
    """A process with a clock that is so many seconds ahead."""
    opened = Database(create_engine(url, pool_size=2), wall=lambda: time.time() + ahead)
    yield opened
    await opened.close()


async def postgres_time(database: Database) -> datetime:
    async with database.reading() as connection:
        moment: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return moment


@pytest.mark.parametrize("ahead", [-90.0, -6.0, 0.0, 7200.0])
async def test_a_wrong_clock_reads_the_time_of_postgres(configure: Configure, ahead: float) -> None:
    """The time lies between two of Postgres, and the skew is known to the second."""
    async with database_of(configure().database_url or "", ahead=ahead) as database:
        assert (database.clock.now(), database.clock.skew) == (None, None)
        await database.clock.measure()
        before = await postgres_time(database)
        now = database.clock.now()
        after = await postgres_time(database)
        assert now is not None
        exact = timedelta(milliseconds=500)
        assert before - exact <= now <= after + exact
        assert database.clock.skew is not None
        assert abs(database.clock.skew.total_seconds() - ahead) < 1


async def test_the_estimate_is_the_own_clock_until_postgres_answered(configure: Configure) -> None:
    """It serves limits and displays, which cannot wait for Postgres."""
    async with database_of(configure().database_url or "", ahead=7200) as database:
        assert database.clock.estimate() > datetime.now(UTC) + timedelta(hours=1)
        assert await database.clock.read() < datetime.now(UTC) + timedelta(hours=1)
        assert database.clock.estimate() < datetime.now(UTC) + timedelta(hours=1)


async def test_the_time_goes_on_while_postgres_is_down(configure: Configure) -> None:
    """A process that measured once knows the time; one that never did raises an error."""
    url = make_url(configure().database_url or "")
    async with Cable(url.host or "", url.port or 0) as postgres:
        here = url.set(host="127.0.0.1", port=postgres.port).render_as_string(hide_password=False)
        async with database_of(here) as measured, database_of(here) as late:
            first = await measured.clock.read()
            await postgres.cut()
            measured.clock._measured_at -= clocks.MEASURE_EVERY
            assert await measured.clock.read() > first
            with pytest.raises(SQLAlchemyError):
                await late.clock.read()
            async with late.clock.running():
                await postgres.restore()
                await eventually(lambda: _now(late.clock), lambda now: now is not None, what="a time")


async def _now(clock: DatabaseClock) -> datetime | None:
    return clock.now()


async def test_a_jump_of_the_clock_measures_again(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a move of the machine; ten seconds would be long."""
    monkeypatch.setattr(clocks, "MEASURE_EVERY", 3600.0)
    behind = [0.0]
    opened = Database(
        create_engine(configure().database_url or "", pool_size=2), wall=lambda: time.time() - behind[0]
    )
    async with opened.clock.running():

        async def skew() -> float:
            opened.clock.now()
            measured = opened.clock._offset
            return 0.0 if measured is None else measured.wall

        before = await skew()
        behind[0] = 60.0
        await eventually(skew, lambda now: before - now > 30, what="a new measurement")
    await opened.close()


def test_a_slow_measurement_does_not_replace_an_exact_one(configure: Configure) -> None:
    """Unless it contradicts it: then the clock of Postgres was set, or another server answers."""
    clock = Database(create_engine(configure().database_url or "")).clock

    def offset(least: float, most: float) -> clocks._Offset:
        return clocks._Offset(least=least, most=most, wall=0.0)

    clock._offset = offset(10.0, 10.1)
    assert clock._better(offset(9.0, 12.0)).seconds == pytest.approx(10.05)
    assert clock._better(offset(10.02, 10.04)).seconds == pytest.approx(10.03)
    assert clock._better(offset(20.0, 25.0)).seconds == pytest.approx(22.5)
