"""Times of calls, taken in alternating rounds so that a noisy moment hits both sides."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Call = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Times:
    """Seconds of every call of one kind."""

    seconds: list[float] = field(default_factory=list)

    async def take(self, call: Call) -> None:
        began = time.perf_counter()
        await call()
        self.seconds.append(time.perf_counter() - began)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]

    def __str__(self) -> str:
        return f"{self.percentile(50) * 1000:.1f} ms"


async def sequentially(times: Times, calls: Sequence[Call]) -> None:
    for call in calls:
        await times.take(call)


async def in_lanes(times: Times, calls: Sequence[Call], lanes: int) -> None:
    """Make all calls, so many at a time."""
    left = iter(calls)

    async def lane() -> None:
        for call in left:
            await times.take(call)

    await asyncio.gather(*(lane() for _ in range(lanes)))


def ratio(ours: Times, theirs: Times, percent: int) -> float:
    return ours.percentile(percent) / theirs.percentile(percent)


def compared(ours: Times, theirs: Times, percent: int) -> str:
    mine, other = ours.percentile(percent) * 1000, theirs.percentile(percent) * 1000
    return f"{mine:.1f} ms / {other:.1f} ms, {len(ours.seconds)} calls each"
