"""The worker of the bare workflow, tuned as the real one is: `python -m bench.bare_worker`."""

import asyncio
import signal

import uvloop

from bench.bare import STEPS, TASK_QUEUE, BareWorkflow
from settings import load
from temporal.client import connect
from worker import tuned


async def run() -> None:
    settings = load()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    client = await connect(settings.temporal_address or "", settings.temporal_namespace)
    async with tuned(client, task_queue=TASK_QUEUE, workflows=[BareWorkflow], activities=STEPS):
        await stopping.wait()


if __name__ == "__main__":
    uvloop.run(run())
