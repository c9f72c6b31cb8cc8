"""Task queues as Temporal sees them: the workers that listen, and the work that waits for one."""

import asyncio
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    PollActivityTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from contracts.ids import bulk_queue

READ_EVERY = 5.0
"""Seconds for which a state counts; Temporal itself counts backlogs every five seconds."""

SEEN_WITHIN = timedelta(seconds=70)
"""A worker without work asks Temporal again every 60 s; one that has not is gone."""

ANSWER_WITHIN = timedelta(seconds=1.5)

CLOCK_EVERY = 60.0
_CLOCK_TRIES = 10

WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY

UNAVAILABLE = (RPCError, RuntimeError, TimeoutError, OSError)
"""What calls raise while Temporal does not answer; a client that cannot connect raises RuntimeError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """How many workers listen on a task queue, how many tasks wait there, and the oldest for how long."""

    queue: str
    workers: int
    backlog: int
    backlog_seconds: float
    is_bulk: bool = False

    @property
    def is_deserted(self) -> bool:
        """Whether no worker takes up work.

        A bulk worker that is busy with long steps asks for none, which matters only if work waits.
        """
        return not self.workers and (not self.is_bulk or self.backlog > 0)


async def describe(client: Client, queue: str, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
    """Returns the pollers and the backlog of one kind of tasks; raises one of `UNAVAILABLE`."""
    return await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=kind,
            report_stats=True,
        ),
        timeout=ANSWER_WITHIN,
    )


class TemporalClock:
    """The clock of the Temporal server, measured once a minute.

    Temporal has no call that returns its time. It notes when a poller asked last, so this class asks for work
    on a queue that never has any, and reads the note.
    """

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._queue = f"{task_queue}-clock"
        self._identity = f"clock-{uuid.uuid4().hex}"
        self._offset: float | None = None
        self._measured_at = -CLOCK_EVERY
        self._noted = 0.0  # the note of the last measurement, which must not be taken for the next one

    async def read(self) -> datetime | None:
        """Like `now`, measured again if the last measurement is old; raises one of `UNAVAILABLE`."""
        if time.monotonic() - self._measured_at >= CLOCK_EVERY:
            measured = await self._measure()
            if measured is not None:
                self._offset, self._measured_at = measured, time.monotonic()
        return self.now()

    def now(self) -> datetime | None:
        """Returns the time of Temporal, exact to about 0.1 s; None if it was never measured."""
        if self._offset is None:
            return None
        return datetime.fromtimestamp(self._offset + time.monotonic(), UTC)

    async def _measure(self) -> float | None:
        request = PollActivityTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._queue),
            identity=self._identity,
        )
        began = time.monotonic()
        asking = asyncio.ensure_future(
            self._client.workflow_service.poll_activity_task_queue(request, timeout=timedelta(seconds=30))
        )
        try:
            for _ in range(_CLOCK_TRIES):
                await asyncio.wait({asking}, timeout=0.02)
                described = await describe(self._client, self._queue, ACTIVITIES)
                for poller in described.pollers:
                    asked = _seconds(poller)
                    if poller.identity == self._identity and asked != self._noted:
                        self._noted = asked
                        return asked - began
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError, *UNAVAILABLE):
                await asking
        return None


def _seconds(poller: PollerInfo) -> float:
    return poller.last_access_time.ToDatetime(UTC).timestamp()


class QueueReader:
    """Reads the task queues of an installation, at most every five seconds."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._queues = {task_queue: (WORKFLOWS, ACTIVITIES), bulk_queue(task_queue): (ACTIVITIES,)}
        self.clock = TemporalClock(client, task_queue=task_queue)
        self._reading = asyncio.Lock()
        self._states: tuple[QueueState, ...] | None = None
        self._read_at = -READ_EVERY

    async def read(self) -> tuple[QueueState, ...] | None:
        """Returns the queue of events, then that of bulk work; None while Temporal does not answer."""
        async with self._reading:
            if time.monotonic() - self._read_at >= READ_EVERY:
                try:
                    async with asyncio.timeout(2 * ANSWER_WITHIN.total_seconds()):
                        now = await self.clock.read()
                        self._states = tuple(
                            [await self._state(queue, kinds, now) for queue, kinds in self._queues.items()]
                        )
                except UNAVAILABLE:
                    self._states = None
                self._read_at = time.monotonic()
            return self._states

    async def _state(
        self, queue: str, kinds: tuple[TaskQueueType.ValueType, ...], now: datetime | None
    ) -> QueueState:
        described = [await describe(self._client, queue, kind) for kind in kinds]
        waiting = [one.stats for one in described if one.stats.approximate_backlog_count]
        return QueueState(
            queue=queue,
            is_bulk=WORKFLOWS not in kinds,
            workers=listening(described[0].pollers, now),
            backlog=sum(stats.approximate_backlog_count for stats in waiting),
            backlog_seconds=max(
                (stats.approximate_backlog_age.ToTimedelta().total_seconds() for stats in waiting),
                default=0.0,
            ),
        )


def listening(pollers: Iterable[PollerInfo], now: datetime | None) -> int:
    """Returns how many processes asked for work lately, by the time of Temporal.

    Temporal keeps pollers for five minutes; all of them count if its time is unknown.
    """
    since = 0.0 if now is None else (now - SEEN_WITHIN).timestamp()
    return len({poller.identity for poller in pollers if _seconds(poller) >= since})
