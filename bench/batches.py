"""How fast a catalogue is accepted in batches, compared with one product at a time.

No worker runs: only the acceptance of events is measured. Both ways send the same products, one request after
the other.
"""

import statistics
import time
from collections.abc import Sequence

import orjson
from rich.progress import Progress

from bench.catalogue import product
from bench.results import Row, at_least
from bench.shop import WEBHOOK, Connection, delivery
from bench.system import Servers
from contracts.deliveries import MOST_EVENTS

QUEUE = "bench-batches"
BATCH = "/api/integrations/woocommerce/batch/"
ROUNDS = 5
PRODUCTS = [product(number) for number in range(1, 5 * MOST_EVENTS + 1)]


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    token = await servers.token()
    task = progress.add_task("batches", total=2 * ROUNDS)
    times: dict[str, list[float]] = {WEBHOOK: [], BATCH: []}
    with servers.api(PILITO_TASK_QUEUE=QUEUE) as api:
        for number in range(ROUNDS):
            for path in sorted(times, reverse=number % 2 == 0):
                async with Connection(api.port, path=path, secret=token.secret) as connection:
                    bodies = _batches() if path == BATCH else [delivery(one) for one in PRODUCTS]
                    times[path].append(await _taken(connection, bodies))
                progress.advance(task)
    single, batched = (statistics.median(times[path]) for path in (WEBHOOK, BATCH))
    rates = " / ".join(f"{len(PRODUCTS) / seconds:.0f}" for seconds in (batched, single))
    made_of = f"{rates} a second, medians of {ROUNDS} rounds"
    return [
        at_least(
            f"acceptance of {len(PRODUCTS)} products in batches, against one by one",
            single / batched,
            8,
            made_of,
        )
    ]


def _batches() -> list[dict[str, object]]:
    events = [delivery(one) for one in PRODUCTS]
    return [{"events": events[start : start + MOST_EVENTS]} for start in range(0, len(events), MOST_EVENTS)]


async def _taken(connection: Connection, bodies: Sequence[dict[str, object]]) -> float:
    """Returns the seconds to send bodies one after the other."""
    raw = [orjson.dumps(body) for body in bodies]
    began = time.perf_counter()
    for body in raw:
        await connection.post(body, expect=202)
    return time.perf_counter() - began
