"""Threads that embed steps of requests in turn, so that no request waits for the whole of another one."""

import asyncio
import contextlib
import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from embedded.embedding.e5 import Singles

NEWEST = 0.2
"""How much the newest step counts in the measured pace."""


class Busy(Exception):
    """The work that waits already would take too long; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Texts that are embedded in one call, which cannot be interrupted."""

    texts: tuple[str, ...]
    tokens: int


@dataclass(slots=True, eq=False)
class _Job:
    """The steps of a request: `begun` of them were taken up, and the finished ones have `answers`."""

    steps: Sequence[Step]
    embed: Callable[[Sequence[str]], Singles]
    future: asyncio.Future[list[Singles]]
    begun: int = 0
    answers: dict[int, Singles] = field(default_factory=dict)

    def settle(self, error: Exception | None) -> None:
        if self.future.done():
            return
        if error:
            self.future.set_exception(error)
        else:
            self.future.set_result([self.answers[place] for place in range(len(self.steps))])


class Lane:
    """So many threads that take turns at the waiting requests, one step each.

    Requests are refused while the waiting tokens would take more than `most_seconds` at the pace of late.
    `niceness` is how far the threads stand back behind other work of the machine, where the system can do it.
    """

    def __init__(
        self, *, threads: int, most_seconds: float, seconds_per_token: float, niceness: int = 0
    ) -> None:
        self._most_seconds = most_seconds
        self._seconds_per_token = seconds_per_token
        self._niceness = niceness
        self._threads = threads
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._waiting_tokens = 0
        for number in range(threads):
            threading.Thread(target=self._work, name=f"lane-{number}", daemon=True).start()

    @property
    def seconds_waiting(self) -> float:
        """Returns how long the work that has not ended will take."""
        return self._waiting_tokens * self._seconds_per_token / self._threads

    async def run(self, steps: Sequence[Step], embed: Callable[[Sequence[str]], Singles]) -> list[Singles]:
        """Returns what `embed` returns for each step. Raises Busy.

        A call that is cancelled begins no further step.
        """
        loop = asyncio.get_running_loop()
        job = _Job(steps, embed, loop.create_future())
        with self._changed:
            if self._waiting_tokens and self.seconds_waiting > self._most_seconds:
                raise Busy(max(1, math.ceil(self.seconds_waiting / 2)))
            self._waiting_tokens += sum(step.tokens for step in steps)
            self._jobs.append(job)
            self._changed.notify(len(steps))
        try:
            return await job.future
        finally:
            self._drop(job)

    def _drop(self, job: _Job) -> None:
        """Forget the steps of a job that were not begun."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
                self._waiting_tokens -= sum(step.tokens for step in job.steps[job.begun :])

    def _work(self) -> None:
        if self._niceness and sys.platform == "linux":
            with contextlib.suppress(OSError):  # where a thread has a priority of its own
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
        while True:
            self._one_step()

    def _one_step(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs)
            job = self._jobs.popleft()
            place = job.begun
            job.begun += 1
            if job.begun < len(job.steps):
                self._jobs.append(job)
        step, began, error = job.steps[place], time.monotonic(), None
        try:
            job.answers[place] = job.embed(step.texts)
        except Exception as problem:
            error = problem
        pace = (time.monotonic() - began) / max(1, step.tokens)
        with self._changed:
            self._waiting_tokens -= step.tokens
            self._seconds_per_token += NEWEST * (pace - self._seconds_per_token)
            is_over = error is not None or len(job.answers) == len(job.steps)
        if is_over:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server stops
                job.future.get_loop().call_soon_threadsafe(job.settle, error)
