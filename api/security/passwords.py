"""Comparing and hashing passwords: few at a time, as each needs 64 MiB and all processors for a moment."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from pwdlib import PasswordHash

from api.errors import unavailable

AT_A_TIME = 2
"""Fewer than the free attempts of one user, so that simultaneous right sign-ins do not refuse each other."""

MOST_WAITING = 32
NICENESS = 5
RETRY_SECONDS = 2

LONGEST_PASSWORD = 1024

_hashing = PasswordHash.recommended()
_UNKNOWN_USER = _hashing.hash("the password of an unknown user")
"""Compared for unknown users, so that they take as long as known ones."""


def _yield_processors() -> None:
    """Lower the priority of this thread, and of the threads that it starts, below the event loop."""
    if sys.platform == "linux":  # elsewhere priorities belong to processes
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class Passwords:
    """Compares and hashes passwords in threads of its own; further sign-ins wait, up to a limit."""

    def __init__(self, *, at_a_time: int = AT_A_TIME, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(at_a_time, "passwords", initializer=_yield_processors)
        self._places = asyncio.Semaphore(at_a_time)
        self._most_waiting = most_waiting
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for the place of one computation and hold it in the block; raises 503 if too many wait."""
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise unavailable("Too many people sign in at the moment; please try again", RETRY_SECONDS)
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    async def matches(self, password: str, stored: str | None) -> bool:
        """Returns whether a password has a stored hash; None is the hash of an unknown user."""
        loop = asyncio.get_running_loop()
        is_right = await loop.run_in_executor(
            self._threads, _hashing.verify, password[:LONGEST_PASSWORD], stored or _UNKNOWN_USER
        )
        return is_right and stored is not None

    async def hash(self, password: str) -> str:
        """Returns the hash to store of a new password; the caller holds a place."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _hashing.hash, password)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
