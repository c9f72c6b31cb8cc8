"""The workers of a process."""

from contextlib import AsyncExitStack

from temporalio.worker import Worker


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
