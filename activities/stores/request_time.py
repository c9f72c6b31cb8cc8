"""The time that the requests of one visit to a shop may take, without the waits of our own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from contracts.errors import ShopDown


class RequestTime:
    """Measures the requests of a visit: together they may take `longest`.

    The shop is not late while a request waits for its slot of our own rate limit; such waits together may
    take `longest_wait`.
    """

    def __init__(self, longest: timedelta, longest_wait: timedelta) -> None:
        self._left = longest.total_seconds()
        self._wait_left = longest_wait.total_seconds()
        self._limit: asyncio.Timeout | None = None

    @property
    def wait_left(self) -> timedelta:
        """How long the requests of the visit may still wait for slots."""
        return timedelta(seconds=max(0.0, self._wait_left))

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Let the requests of the block take the time that is left. Raises ShopDown once it is over."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._left) as self._limit:
                try:
                    yield
                finally:
                    self._left = (self._limit.when() or 0.0) - loop.time()
        except TimeoutError:
            if self._limit and self._limit.expired():
                raise ShopDown("The shop did not answer in time.") from None
            raise
        finally:
            self._limit = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Stop the time of the requests while one of them waits for its slot."""
        loop = asyncio.get_running_loop()
        limit, began = self._limit, loop.time()
        is_running = limit is not None and not limit.expired()
        left = ((limit.when() or began) if limit else began) - began
        if limit and is_running:
            limit.reschedule(None)
        try:
            yield
        finally:
            now = loop.time()
            self._wait_left -= now - began
            if limit and is_running:
                limit.reschedule(now + left)
