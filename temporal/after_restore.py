"""Workflows of a time that a restored database does not know."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.events import ProductEvent
from contracts.ids import SEARCH_ATTRIBUTES
from temporal.starts import start_product_event

_STORE_ID = SearchAttributeKey.for_keyword(SEARCH_ATTRIBUTES[0])

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWorkflow:
    """A workflow of the installation; `store_id` is None if it belongs to no store."""

    workflow_id: str
    run_id: str
    type: str
    store_id: int | None


class Installation:
    """The workflows of one task queue."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def running(self) -> list[FoundWorkflow]:
        """Returns the running workflows of stores."""
        found = [one async for one in self._list("ExecutionStatus = 'Running'")]
        return [one for one in found if one.store_id is not None]

    async def ended_events(self) -> AsyncIterator[list[FoundWorkflow]]:
        """Yields batches of the events that succeeded or failed, as long as Temporal keeps them."""
        batch = []
        ended = "WorkflowType = 'ProductEvent' AND ExecutionStatus IN ('Completed', 'Failed')"
        async for one in self._list(ended):
            batch.append(one)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def terminate(self, found: FoundWorkflow, *, reason: str) -> None:
        """End a running workflow."""
        handle = self._client.get_workflow_handle(found.workflow_id, run_id=found.run_id)
        await handle.terminate(reason)

    async def start_again(self, found: FoundWorkflow) -> bool:
        """Start an event again as it was accepted, with its time of arrival; returns False if it runs."""
        handle = self._client.get_workflow_handle(found.workflow_id, run_id=found.run_id)
        async for event in handle.fetch_history_events(page_size=1):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            [accepted] = await self._client.data_converter.decode(payloads, [ProductEvent])
            try:
                await start_product_event(
                    self._client,
                    replace(accepted, received_at=accepted.received_at or event.event_time.ToDatetime(UTC)),
                    task_queue=self._task_queue,
                    workflow_id=found.workflow_id,
                    again=True,
                )
            except WorkflowAlreadyStartedError:
                return False
            return True
        return False

    async def _list(self, condition: str) -> AsyncIterator[FoundWorkflow]:
        queue = self._task_queue.replace("'", "''")
        async for one in self._client.list_workflows(f"TaskQueue = '{queue}' AND {condition}"):
            yield FoundWorkflow(
                workflow_id=one.id, run_id=one.run_id, type=one.workflow_type, store_id=_store_of(one)
            )


def _store_of(found: WorkflowExecution) -> int | None:
    store_id = found.typed_search_attributes.get(_STORE_ID)
    return int(store_id) if store_id and store_id.isdecimal() else None
