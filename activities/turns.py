"""Turns to ask a shop, the next of which is waited for while the shop still answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

Turn = Callable[[], Coroutine[None, None, None]]
"""Returns once one may ask."""


@asynccontextmanager
async def ahead(turn: Turn) -> AsyncIterator[Turn]:
    """The same turns; in the end, one more than were used may have been taken."""
    taken: list[asyncio.Task[None]] = []

    async def following() -> None:
        await (taken.pop() if taken else asyncio.create_task(turn()))
        if not taken:
            taken.append(asyncio.create_task(turn()))

    try:
        yield following
    finally:
        for unused in taken:
            unused.cancel()
        await asyncio.gather(*taken, return_exceptions=True)
