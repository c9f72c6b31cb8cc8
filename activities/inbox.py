"""The event table as an inbox: what Temporal could not take when it came."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.guard import database_errors
from contracts.events import ProductEvent
from database import events
from database.engine import Database

BATCH = 50
GRACE = timedelta(seconds=3)
"""How long whoever wrote a row has to start its workflow before the inbox does."""


class InboxActivities:
    """`start` starts an event's workflow, and answers quietly where it is running already."""

    def __init__(self, database: Database, start: Callable[[ProductEvent], Awaitable[object]]) -> None:
        self._database = database
        self._start = start

    @activity.defn
    async def start_waiting(self) -> bool:
        """Start the oldest waiting events; True where there may be more."""
        with database_errors():
            async with self._database.reading() as connection:
                waiting = await events.waiting_in_inbox(
                    connection, older_than=datetime.now(UTC) - GRACE, limit=BATCH
                )
            if not waiting:
                return False
            for _, event in waiting:
                await self._start(event)
            async with self._database.transaction() as connection:
                await events.handed_over(connection, [row for row, _ in waiting])
            return len(waiting) == BATCH
