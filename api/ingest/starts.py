"""Start the workflows of acknowledged events, in the background and in turns of their stores."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from functools import partial
from itertools import islice

from database.events.inbox import StoredEvent

AT_A_TIME = 16
"""Starts that run at a time."""

WAITING = 256
"""Events that wait for their start or are being started; their bodies are in memory."""

BULK_AT_A_TIME = 8
"""Starts of events of batches that run at a time, while no single change waits."""

BULK_WAITING = 200
"""Events of batches that wait for their start or are being started; the inbox starts the others."""

PATIENCE = 1.0
"""Seconds that a request waits where as many wait; then the inbox starts its event."""

CLOSING = 3.0
"""Seconds for the starts that run when the process stops; the inbox starts the others."""

logger = logging.getLogger("pilito.api")


class NotStarted(Exception):
    """Temporal does not answer."""


class _Lane:
    """Events that wait for their start; their stores take turns."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, deque[tuple[Context, StoredEvent]]] = OrderedDict()
        self.running = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, stored: StoredEvent) -> None:
        self._waiting.setdefault(stored.event.store_id, deque()).append((copy_context(), stored))

    def next(self) -> tuple[Context, StoredEvent]:
        """Returns the next event of the store that has its turn."""
        store_id, events = next(iter(self._waiting.items()))
        found = events.popleft()
        if events:
            self._waiting.move_to_end(store_id)
        else:
            del self._waiting[store_id]
        return found

    def clear(self) -> int:
        """Leave all events to the inbox; returns how many waited."""
        left = len(self)
        self._waiting.clear()
        return left


class WorkflowStarts:
    """Events that are stored and acknowledged, on the way to their workflows.

    `start` starts the workflow of an event, and raises NotStarted. Nothing depends on this queue: an event
    that it loses is a row, which the inbox finds a few seconds later. Events of batches start while no single
    change waits.
    """

    def __init__(self, start: Callable[[StoredEvent], Awaitable[None]]) -> None:
        self._start = start
        self._places = asyncio.Semaphore(WAITING)
        self._singles, self._bulk = _Lane(), _Lane()
        self._running: set[asyncio.Task[None]] = set()

    async def add(self, stored: StoredEvent) -> None:
        """Start the workflow of an event soon; waits for at most `PATIENCE` while many others wait."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            return
        self._singles.add(stored)
        self._fill()

    def add_bulk(self, events: Iterable[StoredEvent]) -> None:
        """Start the workflows of events of a batch, as many as have a place; the inbox starts the others."""
        places = max(0, BULK_WAITING - len(self._bulk) - self._bulk.running)
        for stored in islice(events, places):
            self._bulk.add(stored)
        self._fill()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the starts that run at the end of the block end."""
        try:
            yield
        finally:
            self._singles.clear()
            self._bulk.clear()
            if self._running:
                await asyncio.wait(self._running, timeout=CLOSING)

    def _fill(self) -> None:
        while len(self._running) < AT_A_TIME:
            if self._singles:
                lane = self._singles
            elif self._bulk and self._bulk.running < BULK_AT_A_TIME:
                lane = self._bulk
            else:
                return
            context, stored = lane.next()
            lane.running += 1
            task = asyncio.create_task(self._run(stored), context=context)
            self._running.add(task)
            task.add_done_callback(partial(self._ended, lane))

    async def _run(self, stored: StoredEvent) -> None:
        try:
            await self._start(stored)
        except NotStarted:
            singles = self._singles.clear()
            for _ in range(singles):
                self._places.release()
            left = singles + self._bulk.clear()
            logger.warning("Temporal does not answer; events left to the inbox: %d", left + 1)

    def _ended(self, lane: _Lane, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        lane.running -= 1
        if lane is self._singles:
            self._places.release()
        if not task.cancelled() and (error := task.exception()):
            logger.error("an event was not started, and waits in the inbox", exc_info=error)
        self._fill()
