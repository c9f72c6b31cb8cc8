"""Accepts events: an event is stored in Postgres, or in Temporal, before the sender gets its response."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from fastapi import Request, Response
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.errors import json_response, unavailable
from api.i18n import in_language, message
from api.ingest.starts import NotStarted, WorkflowStarts
from api.repeated import start_if_lost
from contracts.deliveries import ParsedDelivery
from contracts.events import ProductEvent
from contracts.ids import product_event_id
from database.engine import Database
from database.events import inbox
from database.events.inbox import StoredEvent, UnreadEvent
from database.periodic_flush import PeriodicFlush
from temporal.starts import start_product_event

logger = logging.getLogger("pilito.api")

ANSWER_WITHIN = 5.0

STORE_WITHIN = 2.0
"""Seconds in which Postgres must store an event that Temporal could hold."""

TEMPORAL_FIRST = 5.0
"""Seconds for which workflows are started first after Postgres did not answer."""

LONGEST_USER_AGENT = 500


class IngestResult(StrEnum):
    """Whether an event is new; `skipped` means that an event with its id was accepted before."""

    ACCEPTED = "accepted"
    SKIPPED = "skipped"


class StorageDown(Exception):
    """Temporal or Postgres does not answer."""


class EventIngest:
    """Stores events durably and recognises repeated ones.

    An event is acknowledged when its row is committed; its workflow is started in the background. While
    Postgres does not answer, the workflow is started first, and holds the event.
    """

    def __init__(self, database: Database, temporal: Client, *, task_queue: str) -> None:
        self._database = database
        self._temporal = temporal
        self._task_queue = task_queue
        self._starts = WorkflowStarts(self._start_stored)
        self._started = PeriodicFlush[int, None](
            self._mark_started,
            merge=lambda first, _: first,
            logger=logger,
            failure="started events could not be marked yet",
        )
        self._temporal_first_until = -math.inf

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the workflows of accepted events inside the block."""
        async with self._started.running(), self._starts.running():
            yield

    async def accept(self, event: ProductEvent) -> IngestResult:
        """Store an event; raises 503 where it can be stored nowhere."""
        ways = [self._accept_row, self._start]
        if event.body_json is None and time.monotonic() < self._temporal_first_until:
            ways.reverse()
        return await self._first_of(ways, event)

    async def accept_batch(
        self, events: Sequence[ProductEvent], unread: Sequence[UnreadEvent] = ()
    ) -> frozenset[str]:
        """Store events of one store with different ids in one transaction; returns the ids of those to run.

        Unread events are stored as failed. Raises StorageDown, with the error of Postgres as its cause; then
        nothing is stored.
        """
        async with self._storing(ANSWER_WITHIN) as connection:
            stored = await inbox.store_all(connection, events, unread, workflow_id=self._workflow_id)
        self._starts.add_bulk(_without_body(one) for one in stored)
        return frozenset(one.event.event_id for one in stored)

    async def accept_unread(self, event: ProductEvent, reason: str) -> IngestResult:
        """Store an event that cannot be read as failed; raises 503 where it can be stored nowhere.

        While Postgres does not answer, its workflow holds it, and fails when it reads it.
        """
        return await self._first_of([partial(self._store_unread, reason=reason), self._start], event)

    async def _first_of(
        self, ways: Sequence[Callable[[ProductEvent], Awaitable[IngestResult]]], event: ProductEvent
    ) -> IngestResult:
        for way in ways:
            try:
                return await way(event)
            except StorageDown as error:
                logger.warning("%s: an event is stored elsewhere", error)
        raise unavailable("The event could not be stored; please send it again")

    async def _accept_row(self, event: ProductEvent) -> IngestResult:
        """Store an event in its row, and have its workflow started."""
        is_large = event.body_json is not None
        async with self._storing(ANSWER_WITHIN if is_large else STORE_WITHIN) as connection:
            stored = await inbox.store(connection, event, workflow_id=self._workflow_id(event))
        if stored is None:
            return IngestResult.SKIPPED
        await self._starts.add(_without_body(stored))
        return IngestResult.ACCEPTED

    def _workflow_id(self, event: ProductEvent) -> str:
        return product_event_id(self._task_queue, event.store_id, event.event_id)

    async def _store_unread(self, event: ProductEvent, *, reason: str) -> IngestResult:
        async with self._storing(ANSWER_WITHIN) as connection:
            stored = await inbox.store_unread(connection, event, reason)
        return IngestResult.ACCEPTED if stored else IngestResult.SKIPPED

    @asynccontextmanager
    async def _storing(self, seconds: float) -> AsyncIterator[AsyncConnection]:
        """Open a transaction; raises StorageDown where Postgres does not answer in so many seconds.

        Temporal is asked first for a while then, so that a Postgres that hangs delays few answers.
        """
        try:
            async with asyncio.timeout(seconds), self._database.transaction() as connection:
                yield connection
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            if not isinstance(error, DataError | IntegrityError):
                self._temporal_first_until = time.monotonic() + TEMPORAL_FIRST
            raise StorageDown("Postgres does not answer") from error

    async def _start(self, event: ProductEvent) -> IngestResult:
        """Start the workflow of an event, which holds it."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                try:
                    await start_product_event(self._temporal, event, task_queue=self._task_queue)
                except WorkflowAlreadyStartedError:
                    started = await start_if_lost(
                        self._database, self._temporal, event, task_queue=self._task_queue
                    )
                    return IngestResult.ACCEPTED if started else IngestResult.SKIPPED
        except (
            RPCError,
            RuntimeError,
            TimeoutError,
            OSError,
        ) as error:  # a lazy client that cannot connect: RuntimeError
            raise StorageDown("Temporal does not answer") from error
        return IngestResult.ACCEPTED

    async def _start_stored(self, stored: StoredEvent) -> None:
        try:
            result = await self._start(stored.event)
        except StorageDown:
            raise NotStarted from None
        if result is IngestResult.ACCEPTED:
            self._started.add(stored.row_id, None)

    async def _mark_started(self, rows: Mapping[int, None]) -> None:
        async with self._database.single() as connection:
            await inbox.mark_started(connection, list(rows))


def _without_body(stored: StoredEvent) -> StoredEvent:
    """Returns a stored event without a body as text, which its row holds."""
    return replace(stored, event=replace(stored.event, body_json=None))


def event_of(
    delivery: ParsedDelivery, *, store_id: int, received_at: datetime | None, address: str, user_agent: str
) -> ProductEvent:
    """Returns a parsed delivery as the input of its workflow; see `ProductEvent` for `received_at`."""
    return ProductEvent(
        store_id=store_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        external_id=delivery.external_id,
        parent=delivery.parent,
        version=delivery.version,
        received_at=received_at,
        source_address=address,
        user_agent=user_agent[:LONGEST_USER_AGENT],
        body=dict(delivery.payload) if delivery.payload_json is None else None,
        body_json=delivery.payload_json,
        confirm=delivery.confirm,
    )


def ingest_response(request: Request, event: ProductEvent, result: IngestResult, started: float) -> Response:
    """Returns the response to a sender; `started` is the time of `perf_counter` when the request came."""
    preferred = request.headers.get("accept-language")
    content: dict[str, object] = {
        "status": result,
        "message": message(result, preferred),
        "event_id": event.event_id,
    }
    if result is IngestResult.SKIPPED:
        return json_response(200, content, in_language(preferred))
    elapsed = round((time.perf_counter() - started) * 1000)
    return json_response(202, {**content, "processing_time_ms": elapsed}, in_language(preferred))
