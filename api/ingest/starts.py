"""Start the workflows of acknowledged events, in the background and in turns of their stores."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context, copy_context

from database.events.inbox import StoredEvent

AT_A_TIME = 16
"""Starts that run at a time."""

WAITING = 256
"""Events that wait for their start or are being started; their bodies are in memory."""

PATIENCE = 1.0
"""Seconds that a request waits where as many wait; then the inbox starts its event."""

CLOSING = 3.0
"""Seconds for the starts that run when the process stops; the inbox starts the others."""

logger = logging.getLogger("pilito.api")


class NotStarted(Exception):
    """Temporal does not answer."""


class WorkflowStarts:
    """Events that are stored and acknowledged, on the way to their workflows.

    `start` starts the workflow of an event, and raises NotStarted. Nothing depends on this queue: an event
    that it loses is a row, which the inbox finds a few seconds later.
    """

    def __init__(self, start: Callable[[StoredEvent], Awaitable[None]]) -> None:
        self._start = start
        self._places = asyncio.Semaphore(WAITING)
        self._waiting: OrderedDict[int, deque[tuple[Context, StoredEvent]]] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()

    async def add(self, stored: StoredEvent) -> None:
        """Start the workflow of an event soon; waits for at most `PATIENCE` while many others wait."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            return
        self._waiting.setdefault(stored.event.store_id, deque()).append((copy_context(), stored))
        self._fill()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the starts that run at the end of the block end."""
        try:
            yield
        finally:
            self._waiting.clear()
            if self._running:
                await asyncio.wait(self._running, timeout=CLOSING)

    def _fill(self) -> None:
        while self._waiting and len(self._running) < AT_A_TIME:
            context, stored = self._next()
            task = asyncio.create_task(self._run(stored), context=context)
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _next(self) -> tuple[Context, StoredEvent]:
        """Returns the next event of the store that has its turn."""
        store_id, events = next(iter(self._waiting.items()))
        found = events.popleft()
        if events:
            self._waiting.move_to_end(store_id)
        else:
            del self._waiting[store_id]
        return found

    async def _run(self, stored: StoredEvent) -> None:
        try:
            await self._start(stored)
        except NotStarted:
            left = sum(map(len, self._waiting.values()))
            self._waiting.clear()
            for _ in range(left):
                self._places.release()
            logger.warning("Temporal does not answer; events left to the inbox: %d", left + 1)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._places.release()
        if not task.cancelled() and (error := task.exception()):
            logger.error("an event was not started, and waits in the inbox", exc_info=error)
        self._fill()
