"""Long steps tell Temporal all the while that their worker is alive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

HEARTBEAT_SECONDS = 4.0
"""Well within the heartbeat timeouts, so that a dead worker's work moves on soon."""


@asynccontextmanager
async def heartbeating() -> AsyncIterator[None]:
    """Beat while within, each time with what earlier attempts left to know."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat(*activity.info().heartbeat_details)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
