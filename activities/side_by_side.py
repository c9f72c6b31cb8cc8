"""A few things at a time, each of which is reported in the order they were begun."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from types import TracebackType


class SideBySide:
    """Runs up to `most` coroutines at once.

    Whatever fails, within the block or in one of them, those that were begun are let finish; only where the
    block is cancelled are they, too.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: deque[tuple[asyncio.Task[None], Callable[[], None]]] = deque()

    async def begin(self, work: Coroutine[None, None, None], then: Callable[[], None]) -> None:
        """Start one as soon as there is room; `then` is called once it and all before it have ended."""
        try:
            await self._settle(self._most - 1)
        except BaseException:
            work.close()
            raise
        self._under_way.append((asyncio.create_task(work), then))

    async def _settle(self, most: int) -> None:
        while len(self._under_way) > most:
            await self._under_way[0][0]
            self._under_way.popleft()[1]()

    async def __aenter__(self) -> "SideBySide":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._settle(0)
            elif isinstance(error, Exception):
                await asyncio.gather(*self._tasks(), return_exceptions=True)
                self._report()
        finally:
            for task in self._tasks():
                task.cancel()
            await asyncio.gather(*self._tasks(), return_exceptions=True)

    def _report(self) -> None:
        """Of what has ended, tell what comes before the first that failed."""
        while self._under_way and self._under_way[0][0].exception() is None:
            self._under_way.popleft()[1]()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for task, _ in self._under_way]
