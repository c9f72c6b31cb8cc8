"""Counts that are added up in memory and written every two seconds, outside of other transactions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

FLUSH_SECONDS = 2.0

Key = TypeVar("Key")
Value = TypeVar("Value")


class PeriodicFlush(Generic[Key, Value]):
    """Values by key, kept in memory until `write` has stored them.

    `merge` adds two values of one key. Where Postgres does not answer, `failure` is logged with the kind of
    error and the values wait for the next flush. A process that is killed loses its last two seconds.
    """

    def __init__(
        self,
        write: Callable[[Mapping[Key, Value]], Awaitable[None]],
        *,
        merge: Callable[[Value, Value], Value],
        logger: logging.Logger,
        failure: str,
    ) -> None:
        self._write = write
        self._merge = merge
        self._logger = logger
        self._failure = failure
        self._pending: dict[Key, Value] = {}

    def add(self, key: Key, value: Value) -> Value:
        """Returns the sum of this value and the pending values of its key."""
        merged = self._merge(self._pending[key], value) if key in self._pending else value
        self._pending[key] = merged
        return merged

    async def flush(self) -> None:
        """Write what was added since the last flush; put it back where Postgres does not answer."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            await self._write(pending)
        except (SQLAlchemyError, OSError) as error:
            self._logger.warning("%s: %s", self._failure, type(error).__name__)
            for key, value in pending.items():
                self.add(key, value)

    async def run(self, stopping: asyncio.Event) -> None:
        """Flush every two seconds until `stopping` is set, and once more then."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), FLUSH_SECONDS)
                break
            await self.flush()
        await self.flush()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Flush in the background inside the block, and once more at its end."""
        stopping = asyncio.Event()
        flushing = asyncio.create_task(self.run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await flushing
