"""Start the events that were stored while Temporal did not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import database_errors
from contracts.events import ProductEvent
from contracts.ids import product_events_of
from database.engine import Database
from database.events import inbox

BATCH = 20
GRACE = timedelta(seconds=3)
"""How long the API has to start the workflow of a new row before the inbox does."""


class InboxActivities:
    """`start` starts an event's workflow in the task queue; it does nothing if the workflow runs already."""

    def __init__(
        self, database: Database, start: Callable[[ProductEvent], Awaitable[object]], *, task_queue: str
    ) -> None:
        self._database = database
        self._own = product_events_of(task_queue)
        self._start = start

    @activity.defn
    async def start_waiting(self) -> bool:
        """Start the oldest waiting events; returns whether there may be more."""
        with database_errors():
            async with self._database.reading() as connection:
                waiting = await inbox.unstarted(connection, own=self._own, grace=GRACE, limit=BATCH)
            if not waiting:
                return False
            await asyncio.gather(*(self._hand_over(row, event) for row, event in waiting))
            return len(waiting) == BATCH

    async def _hand_over(self, row: int, event: ProductEvent) -> None:
        if await self._started(row, event):
            async with self._database.transaction() as connection:
                await inbox.mark_started(connection, [row])

    async def _started(self, row: int, event: ProductEvent) -> bool:
        """Start one event; an event that Temporal rejects fails, so that it does not block the others."""
        try:
            await self._start(event)
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            async with self._database.transaction() as connection:
                await inbox.reject(connection, row, "Temporal rejected the start of the workflow.")
            return False
        return True
