"""The workflows that other programs start: of an event, of a product's text, and of a sync."""

from dataclasses import replace

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from contracts.events import EventOutcome, EventStatus, ProductEvent, UnindexedProduct
from contracts.ids import SEARCH_ATTRIBUTES, catalog_sync_id, product_event_id, product_text_id
from contracts.syncs import SyncEnd, SyncRequest
from temporal.client import ANSWER_WITHIN
from temporal.summaries import summary
from workflows.catalog_sync import CatalogSyncWorkflow
from workflows.policies import BEHIND_EVENTS, IN_ORDER, of_store
from workflows.product_event import ProductEventWorkflow
from workflows.product_text import ProductTextWorkflow

_STORE_ID, _EXTERNAL_ID, _EVENT_TYPE, _EVENT_STATUS = map(SearchAttributeKey.for_keyword, SEARCH_ATTRIBUTES)


def _summary(event: ProductEvent) -> str:
    name = (event.body or {}).get("name")
    return summary(event.event_type, event.external_id, name if isinstance(name, str) else "")


async def start_product_event(
    client: Client,
    event: ProductEvent,
    *,
    task_queue: str,
    workflow_id: str | None = None,
    again: bool = False,
) -> WorkflowHandle[ProductEventWorkflow, EventOutcome]:
    """Start an event's workflow; `workflow_id` is that of its row if an earlier version recorded it.

    Raises WorkflowAlreadyStartedError if the event's workflow runs, or has ended without failing and is not
    to run `again`.
    """
    reuse = WorkflowIDReusePolicy
    return await client.start_workflow(
        ProductEventWorkflow.run,
        replace(event, in_one_step=True),
        id=workflow_id or product_event_id(task_queue, event.store_id, event.event_id),
        task_queue=task_queue,
        priority=of_store(event.store_id, BEHIND_EVENTS if event.is_bulk else IN_ORDER),
        id_reuse_policy=reuse.ALLOW_DUPLICATE if again else reuse.ALLOW_DUPLICATE_FAILED_ONLY,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(_STORE_ID, str(event.store_id)),
                SearchAttributePair(_EXTERNAL_ID, event.external_id),
                SearchAttributePair(_EVENT_TYPE, event.event_type.value),
                SearchAttributePair(_EVENT_STATUS, EventStatus.RECEIVED.value),
            ]
        ),
        static_summary=_summary(event),
        rpc_timeout=ANSWER_WITHIN,
    )


async def start_product_text(
    client: Client, product: UnindexedProduct, *, task_queue: str
) -> WorkflowHandle[ProductTextWorkflow, EventOutcome]:
    """Start indexing a product's current text; returns the running workflow if there is one."""
    return await client.start_workflow(
        ProductTextWorkflow.run,
        product.product_id,
        id=product_text_id(task_queue, product.product_id),
        task_queue=task_queue,
        priority=of_store(product.store_id),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(_STORE_ID, str(product.store_id)),
                SearchAttributePair(_EXTERNAL_ID, product.external_id),
            ]
        ),
        static_summary=summary("Index a product without its event", product.external_id),
        rpc_timeout=ANSWER_WITHIN,
    )


async def start_catalog_sync(
    client: Client, request: SyncRequest, *, task_queue: str
) -> WorkflowHandle[CatalogSyncWorkflow, SyncEnd]:
    """Start a store's sync; raises WorkflowAlreadyStartedError if one is running."""
    return await client.start_workflow(
        CatalogSyncWorkflow.run,
        args=[request, None],
        id=catalog_sync_id(task_queue, request.store_id),
        task_queue=task_queue,
        priority=of_store(request.store_id),
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        search_attributes=TypedSearchAttributes([SearchAttributePair(_STORE_ID, str(request.store_id))]),
        static_summary=f"{request.mode} sync of store {request.store_id}",
        rpc_timeout=ANSWER_WITHIN,
    )
