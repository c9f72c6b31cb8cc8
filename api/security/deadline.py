"""Waiting no longer than one can: what is late is left to end by itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Deadline:
    """To cancel a statement would mean to wait for the very server that does not answer."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def wait(self, work: Coroutine[Any, Any, Result], *, seconds: float) -> Result:
        """What the work answers; TimeoutError where that takes too long."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._forget)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        return task.result()

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains that nobody did
