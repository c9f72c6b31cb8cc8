"""Long steps tell Temporal all the while that their worker is alive."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity

HEARTBEAT_SECONDS = 4.0
"""Well within the heartbeat timeouts, so that a dead worker's work moves on soon."""

UPDATE_SECONDS = 0.5
"""Whatever there is to tell, the SDK is given it no more often, and passes it on less often still."""


class Heartbeater:
    """Beats with what the next attempt is to know; at first that is what earlier ones left."""

    def __init__(self) -> None:
        self.details: tuple[Any, ...] = tuple(activity.info().heartbeat_details)
        self._told = self.details
        self._told_at = -math.inf

    def tell(self, *details: object) -> None:
        """Leave something to know, from now on."""
        self.details = details
        if time.monotonic() - self._told_at >= UPDATE_SECONDS:
            self.beat()

    def beat(self) -> None:
        activity.heartbeat(*self.details)
        self._told, self._told_at = self.details, time.monotonic()

    def settle(self) -> None:
        """Tell what was not told yet."""
        if self._told != self.details:
            self.beat()


@asynccontextmanager
async def heartbeating() -> AsyncIterator[Heartbeater]:
    """Beat while within."""
    heart = Heartbeater()

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            heart.beat()

    beating = asyncio.create_task(beat())
    try:
        yield heart
    finally:
        beating.cancel()
        heart.settle()
