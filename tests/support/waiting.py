"""Waiting for other processes."""

import time
from collections.abc import Callable

from embedded.children.processes import birth


def until(condition: Callable[[], object], *, what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


def gone(*pids: int) -> None:
    """Return when none of these processes runs any more."""
    until(lambda: not any(map(birth, pids)), what=f"the end of {pids}")
