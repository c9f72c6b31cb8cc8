"""The client of Temporal, the state of workflows, and the search attributes of the namespace."""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client, Interceptor, WorkflowExecutionStatus
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

from contracts.events import LatestRun
from contracts.ids import SEARCH_ATTRIBUTES

ANSWER_WITHIN = timedelta(seconds=3)
"""How long Temporal may take to acknowledge a start before it counts as down."""

RUNNING = WorkflowExecutionStatus.RUNNING.name

COMPRESS_ABOVE = 128 * 1024
_ENCODING = b"binary/zlib"
_LARGEST_DECODED = 64 * 1024 * 1024


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
