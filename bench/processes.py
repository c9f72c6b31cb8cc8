"""Helper processes of the benchmarks: `python -m bench.processes bare-worker|embeddings|shop [PRODUCTS]`.

`shop` prints its address. On SIGUSR1 it edits one product in a hundred; on SIGUSR2 it prints how many
requests it received since the last time.
"""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta

import uvloop

from bench.bare import STEPS, TASK_QUEUE, BareWorkflow
from fakes.openai import EmbeddingServer
from fakes.woocommerce import ShopServer
from settings import load
from temporal.client import connect
from worker import tuned

EDITED_EVERY = 100
STOP = {signal.SIGINT, signal.SIGTERM}


async def bare_worker() -> None:
    """Run the worker of the bare workflow, with the settings of the real worker."""
    settings = load()
    stopping = asyncio.Event()
    for number in STOP:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    client = await connect(settings.temporal_address or "", settings.temporal_namespace)
    async with tuned(client, task_queue=TASK_QUEUE, workflows=[BareWorkflow], activities=STEPS):
        await stopping.wait()


def embeddings() -> None:
    """Run an embedding service that answers at once."""
    with EmbeddingServer(instant=True) as server:
        print(server.base_url, flush=True)
        signal.sigwait(STOP)


def shop(count: int) -> None:
    """Run a WooCommerce shop with this number of products."""
    with ShopServer() as server:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        server.clock = lambda: yesterday
        ids = [server.add(name=f"کالای شماره {number}", sku=f"SKU-{number}") for number in range(count)]
        server.clock = lambda: datetime.now(UTC)
        print(server.base_url, flush=True)
        edits = 0
        while (received := signal.sigwait({*STOP, signal.SIGUSR1, signal.SIGUSR2})) not in STOP:
            if received == signal.SIGUSR1:
                edits += 1
                for id_ in ids[::EDITED_EVERY]:
                    server.change(id_, name=f"کالای {id_}، ویرایش {edits}")
                print("edited", flush=True)
            else:
                print(len(server.seen), flush=True)
                server.seen.clear()


def main(name: str, *arguments: str) -> None:
    if name == "bare-worker":
        uvloop.run(bare_worker())
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {*STOP, signal.SIGUSR1, signal.SIGUSR2})
    if name == "embeddings":
        embeddings()
    else:
        shop(int(arguments[0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
