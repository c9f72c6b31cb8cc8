"""What Postgres said last, for as long as it is down."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import unavailable
from database.engine import Database

REMEMBERED_FOR = 3600.0
"""Seconds an answer counts while Postgres is down."""

REMEMBERED = 10_000
ANSWER_WITHIN = 5.0

Key = TypeVar("Key")
Found = TypeVar("Found")


class Remembered(Generic[Key, Found]):
    """Asks Postgres each time; where it does not answer, its last answer within the hour counts, else 503."""

    def __init__(
        self,
        database: Database,
        look_up: Callable[[AsyncConnection, Key], Awaitable[Found | None]],
        *,
        unknown: str,
    ) -> None:
        self._database = database
        self._look_up = look_up
        self._unknown = unknown
        self._seen: OrderedDict[Key, tuple[float, Found]] = OrderedDict()

    async def ask(self, key: Key) -> Found | None:
        try:
            found = await self._asked(key)
        except (SQLAlchemyError, TimeoutError, OSError):
            return self._recall(key)
        if found is None:
            self._seen.pop(key, None)
            return None
        self._seen[key] = (time.monotonic(), found)
        self._seen.move_to_end(key)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return found

    async def _asked(self, key: Key) -> Found | None:
        """Ask Postgres, once more where it was restarted since the connection was made."""
        for attempt in (1, 2):
            try:
                async with self._database.reading() as connection, asyncio.timeout(ANSWER_WITHIN):
                    return await self._look_up(connection, key)
            except SQLAlchemyError as error:
                if attempt == 2 or not getattr(error, "connection_invalidated", False):
                    raise
        raise AssertionError("unreachable")

    def _recall(self, key: Key) -> Found:
        seen = self._seen.get(key)
        if seen is None or time.monotonic() - seen[0] > REMEMBERED_FOR:
            raise unavailable(self._unknown)
        return seen[1]
