"""Waiting for a condition in asynchronous tests."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE = 60.0
"""Seconds until a condition counts as failed; generous, for machines under load."""

Answer = TypeVar("Answer")


async def eventually(
    ask: Callable[[], Awaitable[Answer]],
    good: Callable[[Answer], bool] = bool,
    *,
    what: str = "",
    patience: float = PATIENCE,
) -> Answer:
    """Call `ask` until `good` accepts its answer. Returns the answer; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        answer = await ask()
        if good(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'it'} never came true; last seen: {answer!r}")
        await asyncio.sleep(0.02)
