"""Clients of the benchmarks: a shop that sends events, and a client that starts bare workflows."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from api.ingest.accept import event_of
from bench.bare import TASK_QUEUE, BareWorkflow
from bench.exchange import Exchange
from connectors.envelope import open_envelope
from connectors.woocommerce.parse import parse
from contracts.events import EventOutcome, EventStatus, ProductEvent
from contracts.ids import SEARCH_ATTRIBUTES, product_event_id
from contracts.tokens import IssuedToken
from embedded.ports import LOOPBACK
from workflows.product_event import ProductEventWorkflow

WEBHOOK = "/api/integrations/woocommerce/webhook/"
SECONDS_TO_START = 120.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.5

_numbers = itertools.count(1)


def delivery(product: dict[str, Any]) -> dict[str, Any]:
    """Returns the body of a webhook with a new event id."""
    return {
        "event_id": f"bench-{next(_numbers):06}",
        "event_type": "product.updated",
        "timestamp": datetime.now(UTC).isoformat(),
        "product": product,
    }


class Connection(Exchange):
    """A connection that posts JSON to one address with a token."""

    def __init__(
        self, port: int, *, path: str, secret: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(port)
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nAuthorization: Bearer {secret}\r\n"
            f"{more}Content-Type: application/json\r\nContent-Length: "
        ).encode()

    async def post(self, body: bytes, *, expect: int) -> bytes:
        """Returns the body of the response to a body. Raises RuntimeError if its status is unexpected."""
        return await self.send(self._head + b"%d\r\n\r\n" % len(body) + body, expect=expect)


class Shop:
    """The connections of one token to the API."""

    def __init__(self, temporal: Client, store_id: int, connections: Sequence[Connection]) -> None:
        self._temporal = temporal
        self._store_id = store_id
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)

    async def send(self, event: dict[str, Any]) -> str:
        """Send an event as soon as a connection is free. Returns its id."""
        connection = await self._free.get()
        await connection.post(orjson.dumps(event), expect=202)
        self._free.put_nowait(connection)
        return str(event["event_id"])

    async def sync(self, event: dict[str, Any]) -> None:
        await self.ended(await self.send(event))

    async def ended(
        self, event_id: str, *, expected: tuple[EventStatus, ...] = (EventStatus.SUCCEEDED,)
    ) -> None:
        """Wait for the end of an event. Raises RuntimeError if its status is not `expected`."""
        handle: WorkflowHandle[ProductEventWorkflow, EventOutcome] = self._temporal.get_workflow_handle(
            product_event_id("pilito-sync", self._store_id, event_id), result_type=EventOutcome
        )
        outcome = await _result(handle)
        if outcome.status not in expected:
            raise RuntimeError(f"{event_id} ended as {outcome.status}: {outcome.reason}")


async def _result(handle: WorkflowHandle[ProductEventWorkflow, EventOutcome]) -> EventOutcome:
    """Returns the outcome of an event, which may be acknowledged and have no workflow yet."""
    until = time.monotonic() + SECONDS_TO_START
    pause = SHORTEST_PAUSE
    while True:
        try:
            return await handle.result()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or time.monotonic() > until:
                raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


@asynccontextmanager
async def opened(temporal: Client, port: int, token: IssuedToken, lanes: int) -> AsyncIterator[Shop]:
    """Open a shop with a connection for each lane."""
    connections = [Connection(port, path=WEBHOOK, secret=token.secret) for _ in range(lanes)]
    for connection in connections:
        await connection.__aenter__()
    try:
        yield Shop(temporal, token.store_id, connections)
    finally:
        for connection in connections:
            await connection.__aexit__(None, None, None)


class Bare:
    """Starts the bare workflow with the event and search attributes that the API uses."""

    def __init__(self, temporal: Client, store_id: int, *, task_queue: str = TASK_QUEUE) -> None:
        self._temporal = temporal
        self._store_id = store_id
        self._task_queue = task_queue

    def event(self, delivered: dict[str, Any]) -> ProductEvent:
        return event_of(
            open_envelope(delivered, parse),
            store_id=self._store_id,
            received_at=datetime.now(UTC),
            address="",
            user_agent="",
        )

    async def start(self, event: ProductEvent) -> str:
        """Start a workflow. Returns its id."""
        values = (str(event.store_id), event.external_id, event.event_type.value, "received")
        names = map(SearchAttributeKey.for_keyword, SEARCH_ATTRIBUTES)
        handle = await self._temporal.start_workflow(
            BareWorkflow.run,
            event,
            id=f"bare/{event.event_id}",
            task_queue=self._task_queue,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(name, value) for name, value in zip(names, values, strict=True)]
            ),
        )
        return handle.id

    async def ended(self, workflow_id: str) -> None:
        await self._temporal.get_workflow_handle(workflow_id).result()

    async def run(self, event: ProductEvent) -> None:
        await self.ended(await self.start(event))
