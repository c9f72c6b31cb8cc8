"""Lookups in Postgres while it is slow or down: a stale-if-error cache, and a time limit."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import unavailable
from database.engine import Database

STALE_SECONDS = 3600.0
"""How old a value may be that is served while Postgres is down."""

CACHE_SIZE = 10_000
ANSWER_WITHIN = 5.0

Key = TypeVar("Key")
Value = TypeVar("Value")


class StaleIfErrorCache(Generic[Key, Value]):
    """Reads Postgres on every lookup, and serves the last value, up to an hour old, while Postgres is down.

    `read` returns None for an unknown key. `error` is the message of the 503 for a key without a last value.
    """

    def __init__(
        self,
        database: Database,
        read: Callable[[AsyncConnection, Key], Awaitable[Value | None]],
        *,
        error: str,
    ) -> None:
        self._database = database
        self._read = read
        self._error = error
        self._values: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    async def get(self, key: Key) -> Value | None:
        """Returns the value, None for an unknown key; raises 503."""
        try:
            value = await self._read_fresh(key)
        except (SQLAlchemyError, TimeoutError, OSError):
            return self._stale(key)
        if value is None:
            self._values.pop(key, None)
            return None
        self._values[key] = (time.monotonic(), value)
        self._values.move_to_end(key)
        if len(self._values) > CACHE_SIZE:
            self._values.popitem(last=False)
        return value

    async def _read_fresh(self, key: Key) -> Value | None:
        """Read Postgres, a second time if it was restarted since the connection was made."""
        for attempt in (1, 2):
            try:
                async with self._database.reading() as connection, asyncio.timeout(ANSWER_WITHIN):
                    return await self._read(connection, key)
            except SQLAlchemyError as error:
                if attempt == 2 or not getattr(error, "connection_invalidated", False):
                    raise
        raise AssertionError("unreachable")

    def _stale(self, key: Key) -> Value:
        read_at, value = self._values.get(key, (None, None))
        if read_at is None or value is None or time.monotonic() - read_at > STALE_SECONDS:
            raise unavailable(self._error)
        return value


Result = TypeVar("Result")


class Deadline:
    """Waits for a statement for a limited time, and lets a late one finish in the background.

    To cancel the statement would mean to wait for the server that does not answer.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def wait(self, work: Coroutine[Any, Any, Result], *, seconds: float) -> Result:
        """Returns the result of the work; raises `TimeoutError` if it takes longer."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        return task.result()

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, or else asyncio logs it
