"""Events from start to end, one by one and 500 at once, compared with bare workflows; and peak memory."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from rich.progress import Progress

from bench.catalogue import product
from bench.results import Row, Times, at_least, at_most, compared, count, peak_memory, ratio, sequentially
from bench.shop import Bare, Shop, delivery, opened
from bench.system import Servers
from temporal.client import connect

LANES = 16
ALONE_ROUNDS = 6
ALONE = 15
ROUNDS = 3
EVENTS = 500

Sent = TypeVar("Sent")


async def _per_second(
    start: Callable[[Sent], Awaitable[str]], ended: Callable[[str], Awaitable[None]], events: Sequence[Sent]
) -> float:
    """Start all events and wait for their ends. Returns events per second."""
    began = time.perf_counter()
    left = iter(events)
    ids: list[str] = []

    async def lane() -> None:
        for event in left:
            ids.append(await start(event))  # noqa: PERF401 - the lanes share the list

    await asyncio.gather(*(lane() for _ in range(LANES)))
    await asyncio.gather(*map(ended, ids))
    return len(events) / (time.perf_counter() - began)


class Sides:
    """Both sides of the comparison; each gets new products every time."""

    def __init__(self, shop: Shop, bare: Bare) -> None:
        self._shop = shop
        self._bare = bare
        self._seen = 0

    def _new(self, number: int) -> list[dict[str, Any]]:
        first = self._seen + 1
        self._seen += number
        return [delivery(product(each)) for each in range(first, first + number)]

    async def alone(self, ours: Times, theirs: Times, number: int) -> None:
        syncs = [partial(self._shop.sync, event) for event in self._new(number)]
        runs = [partial(self._bare.run, self._bare.event(event)) for event in self._new(number)]
        await sequentially(ours, syncs)
        await sequentially(theirs, runs)

    async def ours(self) -> float:
        return await _per_second(self._shop.send, self._shop.ended, self._new(EVENTS))

    async def theirs(self) -> float:
        events = [self._bare.event(event) for event in self._new(EVENTS)]
        return await _per_second(self._bare.start, self._bare.ended, events)


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    token = await servers.token()
    temporal = await connect(servers.temporal_address, "default")
    task = progress.add_task("end to end", total=ALONE_ROUNDS)
    with (
        servers.instant_embeddings() as base_url,
        servers.api(OPENAI_BASE_URL=base_url) as api,
        servers.worker(OPENAI_BASE_URL=base_url) as worker,
        servers.bare_worker(),
    ):
        async with opened(temporal, api.port, token, LANES) as shop:
            sides = Sides(shop, Bare(temporal, token.store_id))
            await sides.alone(Times(), Times(), ALONE)
            ours, theirs = Times(), Times()
            for _ in range(ALONE_ROUNDS):
                await sides.alone(ours, theirs, ALONE)
                progress.advance(task)
            rates: list[tuple[float, float]] = []
            task = progress.add_task(f"{EVENTS} events over {EVENTS} products", total=ROUNDS)
            for _ in range(ROUNDS):
                rates.append((await sides.ours(), await sides.theirs()))
                progress.advance(task)
        memory = [("API", peak_memory(api.process.pid)), ("worker", peak_memory(worker.pid))]
    medians = [statistics.median(side) for side in zip(*rates, strict=True)]
    return [
        *(
            at_most(
                f"end to end p{percent}, no debounce, against a bare workflow",
                ratio(ours, theirs, percent),
                2.5 if percent == 50 else None,
                compared(ours, theirs, percent),
            )
            for percent in (50, 95)
        ),
        at_least(
            f"throughput of {EVENTS} events over {EVENTS} products, against bare workflows",
            statistics.median(mine / other for mine, other in rates),
            0.7,
            f"{medians[0]:.0f} / {medians[1]:.0f} events a second, medians of {ROUNDS} rounds each; the"
            " ratio is the median of the rounds' ratios",
        ),
        *(
            count(f"peak memory of the {name} process, MiB", mebibytes, f"after {ROUNDS * EVENTS:,} events")
            for name, mebibytes in memory
        ),
    ]
