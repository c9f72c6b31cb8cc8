"""Requests at a fixed rate, and requests of several senders at once."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

LANES = 8

Sent = TypeVar("Sent")
Result = TypeVar("Result")


def at_rate(calls: Sequence[Callable[[], Result]], per_second: float, *, lanes: int = 16) -> list[Result]:
    """Make the calls at their times, whether or not earlier ones were answered. Returns their results."""
    began = time.perf_counter()
    with ThreadPoolExecutor(lanes) as pool:
        waiting = []
        for number, call in enumerate(calls):
            time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            waiting.append(pool.submit(call))
        return [each.result() for each in waiting]


def side_by_side(call: Callable[[Sent], Result], sent: Iterable[Sent], *, lanes: int = LANES) -> list[Result]:
    """Make one call for each, from several senders. Returns the results in the order of `sent`."""
    with ThreadPoolExecutor(lanes) as pool:
        return list(pool.map(call, sent))
