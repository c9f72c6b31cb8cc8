"""The client of Temporal, and the workflows that are started through it."""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client, Interceptor, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import PayloadCodec
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RetryConfig, RPCError, RPCStatusCode, TLSConfig

from contracts.events import EventOutcome, EventStatus, LatestRun, ProductEvent, UnindexedProduct
from contracts.ids import SEARCH_ATTRIBUTES, catalog_sync_id, product_event_id, product_text_id
from contracts.syncs import SyncEnd, SyncRequest
from temporal.summaries import summary
from workflows.catalog_sync import CatalogSyncWorkflow
from workflows.policies import BEHIND_EVENTS, IN_ORDER, of_store
from workflows.product_event import ProductEventWorkflow
from workflows.product_text import ProductTextWorkflow

ANSWER_WITHIN = timedelta(seconds=3)
"""How long Temporal may take to acknowledge a start before it counts as down."""

RUNNING = WorkflowExecutionStatus.RUNNING.name

COMPRESS_ABOVE = 128 * 1024
_ENCODING = b"binary/zlib"
_LARGEST_DECODED = 64 * 1024 * 1024

_STORE_ID, _EXTERNAL_ID, _EVENT_TYPE, _EVENT_STATUS = map(SearchAttributeKey.for_keyword, SEARCH_ATTRIBUTES)


class LargePayloadCodec(PayloadCodec):
    """Compresses payloads the UI could not show anyway, so that they fit Temporal's 2 MB."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            payload if len(payload.data) <= COMPRESS_ABOVE else await asyncio.to_thread(self._pack, payload)
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._unpack(payload) for payload in payloads]

    def _pack(self, payload: Payload) -> Payload:
        return Payload(
            metadata={"encoding": _ENCODING}, data=zlib.compress(payload.SerializeToString(), level=6)
        )

    def _unpack(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            return payload
        return Payload.FromString(zlib.decompressobj().decompress(payload.data, _LARGEST_DECODED))


_PROMPT = RetryConfig(initial_interval_millis=50, max_elapsed_time_millis=1_000, max_retries=3)
_DEFAULT = RetryConfig()


async def connect(
    address: str,
    namespace: str,
    *,
    prompt: bool = False,
    interceptors: Sequence[Interceptor] = (),
    tls: TLSConfig | bool = False,
    api_key: str | None = None,
) -> Client:
    """Returns a client; a `prompt` one connects with its first call, and fails within about a second."""
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=replace(pydantic_data_converter, payload_codec=LargePayloadCodec()),
        lazy=prompt,
        interceptors=interceptors,
        tls=tls,
        api_key=api_key,
        retry_config=_PROMPT if prompt else _DEFAULT,
    )


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


async def status_of(client: Client, workflow_id: str) -> str | None:
    """Returns the status of the latest run of a workflow, such as RUNNING; None if there is no workflow."""
    latest = await latest_run(client, workflow_id)
    return latest.status if latest else None


async def latest_run(client: Client, workflow_id: str) -> LatestRun | None:
    """Returns the latest run of a workflow; None if there is no workflow."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    attempt = described.raw_description.pending_workflow_task.attempt
    return LatestRun(status=described.status.name if described.status else None, refusals=max(0, attempt - 1))


async def missing_search_attributes(client: Client) -> list[str]:
    """Returns the search attributes that the namespace lacks; without them every start is refused."""
    request = ListSearchAttributesRequest(namespace=client.namespace)
    known = await client.operator_service.list_search_attributes(request, timeout=ANSWER_WITHIN)
    return [name for name in SEARCH_ATTRIBUTES if name not in known.custom_attributes]


async def register_search_attributes(client: Client) -> list[str]:
    """Register the search attributes that the namespace lacks; returns their names."""
    missing = await missing_search_attributes(client)
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes=dict.fromkeys(missing, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
            )
        )
    return missing


LOG = LoggingConfig(
    filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
    forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
)


def install(metrics_address: str | None = None) -> None:
    """Set up the runtime of this process, once, before its first client; metrics are served at host:port."""
    metrics = (
        PrometheusConfig(
            bind_address=metrics_address,
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
        )
        if metrics_address
        else None
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LOG, metrics=metrics)))
