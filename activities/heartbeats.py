"""Long steps tell Temporal all the while that their worker is alive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity

HEARTBEAT_SECONDS = 4.0
"""Well within the heartbeat timeouts, so that a dead worker's work moves on soon."""


class Heart:
    """Beats with what the next attempt is to know; at first that is what earlier ones left."""

    def __init__(self) -> None:
        self.details: tuple[Any, ...] = tuple(activity.info().heartbeat_details)

    def tell(self, *details: object) -> None:
        """Leave something to know, from now on."""
        self.details = details
        activity.heartbeat(*details)


@asynccontextmanager
async def heartbeating() -> AsyncIterator[Heart]:
    """Beat while within."""
    heart = Heart()

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat(*heart.details)

    beating = asyncio.create_task(beat())
    try:
        yield heart
    finally:
        beating.cancel()
