"""Workers of one process, and the worker for bulk work."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker, WorkerDeploymentConfig


class Workers:
    """The workers of one process, started and stopped together."""

    def __init__(self, *workers: Worker) -> None:
        self._workers = workers
        self._running = AsyncExitStack()

    async def __aenter__(self) -> "Workers":
        for worker in self._workers:
            await self._running.enter_async_context(worker)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()


def bulk(
    client: Client,
    *,
    task_queue: str,
    activities: Sequence[Callable[..., Any]],
    steps: int,
    grace: timedelta,
    version: WorkerDeploymentConfig | None = None,
) -> Worker:
    """Returns a worker for so many long activities; `grace` is how long they may take to end.

    It polls for one at a time, so processes share them evenly.
    """
    return Worker(
        client,
        task_queue=task_queue,
        activities=activities,
        max_concurrent_activities=steps,
        max_concurrent_activity_task_polls=1,
        graceful_shutdown_timeout=grace,
        deployment_config=version,
    )
