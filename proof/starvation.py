"""Starvation: a steady flow of events while other processes burn the CPU.

What is counted: workflow tasks that timed out, so that what a worker had done was thrown away, and the
slowest event. It is measured with the limit of concurrent workflow tasks as shipped and with the SDK's own.
"""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from statistics import median

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.catalogue import product
from fakes.openai import EmbeddingServer
from proof.rows import Row, Target, failed
from proof.running.burners import burning
from proof.running.stack import Stack, Terms, running
from proof.running.store import Answer, Store, event, eventually, opened
from proof.running.traffic import at_rate
from temporal.client import connect

BURNERS_PER_CORE = 8
RATE = 3.0
EVENTS = 120
SDK_TASKS = 100
SECONDS_AT_MOST = 240.0
SECONDS_TO_SETTLE = 150.0
TIMED_OUT = Target(most=1, unit=" % of workflows")
SLOWEST = Target(most=3, unit="× the median")


def measure(workflow_tasks: int | None = None, *, both: bool = True) -> list[Row]:
    """Returns the rows of one limit of concurrent workflow tasks (None as shipped), or of both."""
    rows = _measure(workflow_tasks)
    if both and workflow_tasks is None:
        others = _measure(SDK_TASKS)
        rows += [Row(name=row.name, command=row.command, measured=row.measured) for row in others]
    return rows


def _measure(workflow_tasks: int | None) -> list[Row]:
    as_shipped = workflow_tasks is None
    limit = "as shipped" if as_shipped else f"{workflow_tasks} workflow tasks at a time"
    command = "starvation --shipped" if as_shipped else f"starvation --tasks {workflow_tasks}"
    burners = BURNERS_PER_CORE * (os.cpu_count() or 1)
    circumstances = f"{RATE:g} events a second, {burners} processes burn CPU, {limit}"
    with (
        EmbeddingServer(instant=True) as embeddings,
        running(Terms(embeddings_url=embeddings.base_url, workflow_tasks=workflow_tasks)) as stack,
        opened(stack) as store,
    ):
        with burning(burners, seconds=SECONDS_AT_MOST):
            bodies = [event(product(number)) for number in range(1, EVENTS + 1)]
            calls: list[Callable[[], Answer]] = [partial(store.send, body) for body in bodies]
            answers = at_rate(calls, RATE)
            pairs = zip(bodies, answers, strict=True)
            ids = [body["event_id"] for body, answer in pairs if answer.is_accepted]
            what = "the end of all events"
            try:
                eventually(lambda: not store.unfinished(ids), seconds=SECONDS_TO_SETTLE, what=what)
            except TimeoutError as error:
                return [failed(circumstances, command, str(error), str(SLOWEST))]
        timed_out = asyncio.run(_timed_out(stack, store, ids))
        seconds = _seconds(store)
    share = 100 * timed_out / len(ids)
    slowest = max(seconds) / median(seconds)
    return [
        TIMED_OUT.row(
            f"workflow tasks that timed out; {circumstances}",
            command,
            share,
            f"{share:.1f} %, {timed_out} in {len(ids)} workflows",
        ),
        SLOWEST.row(
            f"slowest event; {circumstances}",
            command,
            slowest,
            f"{slowest:.1f}×, {max(seconds):.1f} s against {median(seconds):.1f} s",
        ),
    ]


async def _timed_out(stack: Stack, store: Store, event_ids: list[str]) -> int:
    """Returns how many workflow tasks of these events timed out, by their histories."""
    client: Client = await connect(stack.temporal_address, "default")
    found = 0
    for workflow_id in _workflows(store, event_ids):
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        found += sum(
            entry.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT for entry in history.events
        )
    return found


def _workflows(store: Store, event_ids: list[str]) -> list[str]:
    rows = store.rows(
        "SELECT workflow_id FROM events WHERE store_id = %(store)s AND event_id = ANY(%(ids)s)",
        store=store.id,
        ids=event_ids,
    )
    return [row["workflow_id"] for row in rows]


def _seconds(store: Store) -> list[float]:
    """Returns how long each event took from its arrival to its end."""
    rows = store.rows(
        "SELECT extract(epoch FROM finished_at - received_at)::float AS seconds"
        " FROM events WHERE store_id = %(store)s",
        store=store.id,
    )
    return [row["seconds"] for row in rows]
