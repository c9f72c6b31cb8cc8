"""Open workflows of a product; workflows and schedules of task queues that may have no worker."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from temporalio.client import Client

from contracts.ids import event_inbox_id, event_retention_id, store_schedules_id, sync_schedule_id
from contracts.syncs import SyncMode
from workflows import WORKFLOWS

ANSWER_WITHIN = timedelta(seconds=1.5)
MOST_LISTED = 100

_UNSAFE = re.compile(r"[\"'\\]")
"""Characters of ids that the stores of Temporal's visibility compare differently."""


FAMILIES = {make("").rstrip("/") for make in (event_inbox_id, event_retention_id, store_schedules_id)}
"""How the ids of schedules begin; the task queue follows."""

STORE_FAMILIES = {sync_schedule_id("", 0, mode).partition("/")[0] for mode in SyncMode}
"""Likewise; the task queue and a store's id follow."""

TYPES = tuple(workflow.__name__.removesuffix("Workflow") for workflow in WORKFLOWS)
"""The names of our workflows in Temporal."""


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


async def open_product_events(client: Client, store_id: int, external_ids: Sequence[str]) -> list[str]:
    """Returns the ids of the open workflows of a product's events; raises errors of Temporal."""
    query = f"ExecutionStatus = 'Running' AND WorkflowType = 'ProductEvent' AND StoreId = '{store_id:d}'"
    if not any(_UNSAFE.search(external_id) for external_id in external_ids):
        query += f" AND ExternalId IN ({_listed(external_ids)})"
    found = client.list_workflows(query, limit=MOST_LISTED, rpc_timeout=ANSWER_WITHIN)
    return [
        workflow.id
        async for workflow in found
        if set(workflow.search_attributes.get("ExternalId", ())) & set(external_ids)
    ]


async def other_schedules(client: Client, task_queue: str) -> dict[str, list[str]]:
    """Returns task queue -> ids of our schedules for it, without the schedules of `task_queue`."""
    found: dict[str, list[str]] = {}
    async for schedule in await client.list_schedules(rpc_timeout=ANSWER_WITHIN):
        family, _, rest = schedule.id.partition("/")
        if family in STORE_FAMILIES:
            rest = rest.rpartition("/")[0]
        elif family not in FAMILIES:
            continue
        if rest and rest != task_queue:
            found.setdefault(rest, []).append(schedule.id)
    return found


async def other_queues(client: Client, known: Iterable[str], *, most: int = 10) -> dict[str, int]:
    """Returns task queue -> number of our open workflows in it, without the `known` queues."""
    found: dict[str, int] = {}
    excluded = [*known]
    while len(found) < most:
        query = f"ExecutionStatus = 'Running' AND WorkflowType IN ({_listed(TYPES)})"
        beyond = f"{query} AND TaskQueue NOT IN ({_listed(excluded)})"
        queue = None
        async for workflow in client.list_workflows(beyond, limit=1, rpc_timeout=ANSWER_WITHIN):
            queue = workflow.task_queue
        if queue is None or queue in excluded or _UNSAFE.search(queue):
            break
        counted = await client.count_workflows(
            f"{query} AND TaskQueue = '{queue}'", rpc_timeout=ANSWER_WITHIN
        )
        found[queue] = counted.count
        excluded.append(queue)
    return found
