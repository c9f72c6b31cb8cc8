"""Heartbeats of long activities."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity

HEARTBEAT_SECONDS = 4.0
"""Well below the heartbeat timeouts, so that a dead worker is noticed soon."""

UPDATE_SECONDS = 0.5
"""New details are sent at most this often; the SDK throttles them further."""


class Heartbeater:
    """Sends heartbeats; `details` are for the next attempt, and at first the previous attempt's."""

    def __init__(self) -> None:
        self.details: tuple[Any, ...] = tuple(activity.info().heartbeat_details)
        self._sent = self.details
        self._sent_at = -math.inf

    def update(self, *details: object) -> None:
        """Replace the details."""
        self.details = details
        if time.monotonic() - self._sent_at >= UPDATE_SECONDS:
            self.beat()

    def beat(self) -> None:
        activity.heartbeat(*self.details)
        self._sent, self._sent_at = self.details, time.monotonic()

    def flush(self) -> None:
        """Send details that were not sent yet."""
        if self._sent != self.details:
            self.beat()


@asynccontextmanager
async def heartbeating() -> AsyncIterator[Heartbeater]:
    """Send heartbeats inside the block."""
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
        heart.flush()
