"""The check of the clocks of this machine and of Temporal against Postgres."""

from collections.abc import AsyncIterator
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.result import CheckResult
from database.clock import TOLERATED_SKEW
from database.connecting.address import InvalidAddress
from database.engine import Database, create_engine
from settings import Settings
from temporal.connecting import open_client
from temporal.queues import UNAVAILABLE, TemporalClock

SUBJECT = "Clocks"


async def check_clocks(settings: Settings) -> AsyncIterator[CheckResult]:
    """Yields the skews; nothing while Postgres does not answer."""
    if not settings.database_url:
        return
    try:
        database = Database(create_engine(settings.database_url, pool_size=1))
    except InvalidAddress:
        return
    try:
        await database.clock.measure()
    except (SQLAlchemyError, OSError):
        return
    finally:
        await database.close()
    skews = {"this machine": database.clock.skew, "Temporal": await _temporal(settings, database)}
    known = {name: skew.total_seconds() for name, skew in skews.items() if skew is not None}
    wrong = [name for name, seconds in known.items() if abs(seconds) > TOLERATED_SKEW]
    yield CheckResult(
        subject=SUBJECT,
        said=", ".join(f"{name} {seconds:+.1f} s" for name, seconds in known.items()) + " from Postgres",
        advice=f"Synchronise the clock of {' and '.join(wrong)} (NTP), or that of Postgres." if wrong else "",
    )


async def _temporal(settings: Settings, database: Database) -> timedelta | None:
    if not settings.temporal_address:
        return None
    try:
        client = await open_client(settings)
        there = await TemporalClock(client, task_queue=settings.task_queue).read()
    except (*UNAVAILABLE, ValueError):
        return None
    here = database.clock.now()
    return None if there is None or here is None else there - here
