"""Turns to ask a shop: taken several at a time where they are short, and before they are needed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

Turn = Callable[[], Coroutine[None, None, None]]
"""Returns once one may ask."""


def in_blocks(take: Callable[[int], Coroutine[None, None, None]], size: int) -> Turn:
    """Turns of which so many are taken at a time; those that nobody uses in the end are lost."""
    left = 0

    async def turn() -> None:
        nonlocal left
        if not left:
            await take(size)
            left += size
        left -= 1

    return turn


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
