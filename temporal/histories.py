"""Histories of workflows in Temporal: deleted with their store, and kept for a time that a setting says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import WorkflowExecution as Run
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import SEARCH_ATTRIBUTES, sync_schedule_id
from contracts.syncs import SyncMode
from temporal.client import ANSWER_WITHIN

_STORE_ID = SearchAttributeKey.for_keyword(SEARCH_ATTRIBUTES[0])

AT_ONCE = 16
"""Workflows that are deleted at the same time."""

PASSES = 3
"""Temporal lists a workflow a moment after its start, so the list is read again while it has new ones."""

STORE_GONE = "The store is removed."

ExistingStores = Callable[[Collection[int]], Awaitable[Collection[int]]]
"""Returns which of these stores exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """How many workflows were deleted with their histories, and whether that were all."""

    workflows: int
    is_complete: bool


class Histories:
    """The workflows of one task queue; errors of Temporal are raised as RPCError."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def delete(self, store_ids: Sequence[int], *, within: float) -> Deleted:
        """Terminate the running workflows of stores, and delete all of them, for so many seconds at most."""
        runs: set[str] = set()
        try:
            async with asyncio.timeout(within):
                for store_id in store_ids:
                    await self._delete_all(partial(self._of_store, store_id), runs)
        except TimeoutError:
            return Deleted(workflows=len(runs), is_complete=False)
        return Deleted(workflows=len(runs), is_complete=True)

    async def delete_orphans(self, existing: ExistingStores) -> int:
        """Delete the workflows of stores that do not exist. Returns how many they were.

        A workflow is listed before its store is looked up, so the store of a new one is found.
        """
        runs: set[str] = set()

        async def orphans() -> AsyncIterator[WorkflowExecution]:
            batch: list[WorkflowExecution] = []
            async for found in self._client.list_workflows(f"TaskQueue = {_quoted(self._task_queue)}"):
                batch.append(found)
                if len(batch) == 10 * AT_ONCE:
                    for one in await _without_store(batch, existing):
                        yield one
                    batch = []
            for one in await _without_store(batch, existing):
                yield one

        await self._delete_all(orphans, runs)
        return len(runs)

    async def _delete_all(
        self, listing: Callable[[], AsyncIterator[WorkflowExecution]], runs: set[str]
    ) -> None:
        """Delete what is listed, and add its runs; read the list again while it has new ones."""
        for _ in range(PASSES):
            before, batch = len(runs), list[WorkflowExecution]()
            async for found in listing():
                if found.run_id not in runs:
                    batch.append(found)
                if len(batch) == AT_ONCE:
                    await self._delete_batch(batch, runs)
                    batch = []
            await self._delete_batch(batch, runs)
            if len(runs) == before:
                return

    async def _delete_batch(self, batch: Sequence[WorkflowExecution], runs: set[str]) -> None:
        await asyncio.gather(*(self._delete(found) for found in batch))
        runs.update(found.run_id for found in batch)

    async def _delete(self, found: WorkflowExecution) -> None:
        try:
            if found.status is WorkflowExecutionStatus.RUNNING:
                handle = self._client.get_workflow_handle(found.id, run_id=found.run_id)
                await handle.terminate(STORE_GONE, rpc_timeout=ANSWER_WITHIN)
            request = DeleteWorkflowExecutionRequest(
                namespace=self._client.namespace,
                workflow_execution=Run(workflow_id=found.id, run_id=found.run_id),
            )
            await self._client.workflow_service.delete_workflow_execution(
                request, retry=True, timeout=ANSWER_WITHIN
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    def _of_store(self, store_id: int) -> AsyncIterator[WorkflowExecution]:
        """Yields the workflows with the store's id, and its scheduled syncs, which have none."""
        scheduled = " OR ".join(
            f"WorkflowId STARTS_WITH {_quoted(sync_schedule_id(self._task_queue, store_id, mode) + '-')}"
            for mode in SyncMode
        )
        return self._client.list_workflows(
            f"TaskQueue = {_quoted(self._task_queue)} AND (StoreId = '{store_id:d}' OR {scheduled})"
        )


async def _without_store(
    batch: Sequence[WorkflowExecution], existing: ExistingStores
) -> list[WorkflowExecution]:
    stores = {found.run_id: store_id for found in batch if (store_id := _store_of(found)) is not None}
    there = await existing(set(stores.values()))
    return [found for found in batch if found.run_id in stores and stores[found.run_id] not in there]


def _store_of(found: WorkflowExecution) -> int | None:
    store_id = found.typed_search_attributes.get(_STORE_ID)
    return int(store_id) if store_id and store_id.isdecimal() else None


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def kept_for(client: Client) -> timedelta:
    """Returns how long the namespace keeps the history of a workflow after its end."""
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=ANSWER_WITHIN
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def keep_for(client: Client, days: int) -> bool:
    """Let the namespace keep histories for so many days. Returns whether that was a change."""
    wanted = timedelta(days=days)
    if await kept_for(client) == wanted:
        return False
    ttl = Duration()
    ttl.FromTimedelta(wanted)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=ttl)
        ),
        timeout=ANSWER_WITHIN,
    )
    return True
