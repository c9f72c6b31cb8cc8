"""Trim the payloads of events that ended long ago, and remove other old rows and, if asked, old events."""

from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities.errors import database_errors
from contracts.events import TrimmedPayloads
from database import questions
from database.engine import Database
from database.events import retention
from database.leases import forget_expired
from database.search import vocabulary
from database.usage import ledger

BATCH = 200
"""Payloads trimmed in one transaction; Postgres stores a large one as thousands of rows."""

BATCHES = 100

WORDS = 2_000
"""Words that are checked in one transaction."""

SWEEPS = 500
"""The most transactions of a run that check words; the rest is left for the next day."""


OLD_ROWS = 2_000
"""Questions of searches, or days of embedding, that are removed in one transaction of at most `SWEEPS`."""


class Forget(Protocol):
    """Removes at most `limit` old rows. Returns how many."""

    async def __call__(self, connection: AsyncConnection, /, *, limit: int) -> int: ...


EVENTS = 2_000
"""Events that are examined in one transaction, and removed if newer ones have replaced them."""


class RetentionActivities:
    """`keep` is how long an event keeps its payload after its end; None never trims.

    `questions_days` is how many days questions of searches are kept. `keep_events` is how long the rows of
    events are kept that newer ones have replaced; None keeps all.
    """

    def __init__(
        self,
        database: Database,
        *,
        keep: timedelta | None,
        questions_days: int = 30,
        keep_events: timedelta | None = None,
    ) -> None:
        self._database = database
        self._keep = keep
        self._questions_days = questions_days
        self._keep_events = keep_events

    @activity.defn
    async def trim_payloads(self) -> TrimmedPayloads:
        """Trim up to 20,000 payloads, the oldest first; a retry resumes after the last batch.

        Leases of processes that died, old questions and days of embedding, and words that no text has any
        more, are deleted before; events that newer ones have replaced, after the last payload.
        """
        with database_errors():
            async with self._database.single() as connection:
                await forget_expired(connection)
        await _forget(self._database, partial(questions.forget, days=self._questions_days))
        await _forget(self._database, ledger.forget)
        await self._sweep()
        trimmed = await self._trim()
        if not trimmed.more:
            await self._remove_events()
        return trimmed

    async def _trim(self) -> TrimmedPayloads:
        if self._keep is None:
            return TrimmedPayloads(count=0, more=False)
        since, trimmed = _so_far()
        for _ in range(BATCHES):
            with database_errors():
                async with self._database.transaction() as connection:
                    batch = await retention.trim(connection, age=self._keep, since=since, limit=BATCH)
            since, trimmed = batch.reached, trimmed + batch.count
            if batch.count < BATCH or since is None:
                return TrimmedPayloads(count=trimmed, more=False)
            activity.heartbeat(since.isoformat(), trimmed)
        return TrimmedPayloads(count=trimmed, more=True)

    async def _remove_events(self) -> None:
        """Examine every event that is old enough; a retry begins again, among the events that were left."""
        if self._keep_events is None:
            return
        last = retention.NOTHING
        while True:
            with database_errors():
                async with self._database.transaction() as connection:
                    last = await retention.remove(connection, age=self._keep_events, after=last, limit=EVENTS)
            if last.examined < EVENTS:
                return
            activity.heartbeat(*activity.info().heartbeat_details)

    async def _sweep(self) -> None:
        """Check words that were not checked for a day; a retry goes on after the last transaction."""
        for _ in range(SWEEPS):
            with database_errors():
                async with self._database.transaction() as connection:
                    swept = await vocabulary.sweep(connection, limit=WORDS)
            if swept.checked < WORDS:
                return
            activity.heartbeat(*activity.info().heartbeat_details)  # a retry still needs them


async def _forget(database: Database, forget: Forget) -> None:
    """Remove old rows until none is left, the oldest first."""
    for _ in range(SWEEPS):
        with database_errors():
            async with database.transaction() as connection:
                removed = await forget(connection, limit=OLD_ROWS)
        if removed < OLD_ROWS:
            return
        activity.heartbeat(*activity.info().heartbeat_details)  # a retry still needs them


def _so_far() -> tuple[datetime | None, int]:
    match activity.info().heartbeat_details:
        case [str(since), int(trimmed)]:
            return datetime.fromisoformat(since), trimmed
    return None, 0
