"""How long the API takes to acknowledge a webhook, compared with the bare start of a workflow.

No worker runs: only the acceptance of an event is measured.
"""

from functools import partial

from rich.progress import Progress

from bench.catalogue import product
from bench.results import Call, Row, Times, at_most, compared, in_lanes, ratio
from bench.shop import Bare, delivery, opened
from bench.system import Servers
from temporal.client import connect

QUEUE = "bench-acknowledgement"
LANES = {"one after the other": 1, "8 at a time": 8}
ROUNDS = 10
CALLS = 60
PRODUCT = product(1)


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    token = await servers.token()
    temporal = await connect(servers.temporal_address, "default")
    bare = Bare(temporal, token.store_id, task_queue=QUEUE)
    task = progress.add_task("acknowledgement", total=ROUNDS * len(LANES))
    times = {name: (Times(), Times()) for name in LANES}
    with servers.api(PILITO_TASK_QUEUE=QUEUE) as api:
        async with opened(temporal, api.port, token, max(LANES.values())) as shop:
            await in_lanes(Times(), [partial(shop.send, delivery(PRODUCT)) for _ in range(50)], 8)
            for number in range(ROUNDS):
                for name, lanes in LANES.items():
                    sends: list[Call] = [partial(shop.send, delivery(PRODUCT)) for _ in range(CALLS)]
                    starts: list[Call] = [
                        partial(bare.start, bare.event(delivery(PRODUCT))) for _ in range(CALLS)
                    ]
                    ours, theirs = times[name]
                    order = [(ours, sends), (theirs, starts)]
                    for taken, calls in order if number % 2 else reversed(order):
                        await in_lanes(taken, calls, lanes)
                    progress.advance(task)
    return [
        at_most(
            f"acknowledgement p{percent}, {name}, against a bare start",
            ratio(ours, theirs, percent),
            1.5 if percent == 50 else None,
            compared(ours, theirs, percent),
        )
        for name, (ours, theirs) in times.items()
        for percent in (50, 99)
    ]
