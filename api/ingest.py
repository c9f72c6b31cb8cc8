"""Accepts events: an event is stored in Temporal or in Postgres before the sender gets its response."""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.errors import json_response, unavailable
from api.i18n import in_language, message
from api.repeated import start_if_lost
from contracts.deliveries import ParsedDelivery
from contracts.events import ProductEvent
from contracts.ids import product_event_id
from database.engine import Database
from database.events import inbox
from temporal.client import start_product_event

logger = logging.getLogger("pilito.api")

ANSWER_WITHIN = 5.0

LONGEST_USER_AGENT = 500


class IngestResult(StrEnum):
    """Whether an event is new; `skipped` means that an event with its id was accepted before."""

    ACCEPTED = "accepted"
    SKIPPED = "skipped"


class StorageDown(Exception):
    """Temporal or Postgres does not answer."""


class EventIngest:
    """Stores events durably and recognises repeated ones."""

    def __init__(self, database: Database, temporal: Client, *, task_queue: str) -> None:
        self._database = database
        self._temporal = temporal
        self._task_queue = task_queue

    async def accept(self, event: ProductEvent) -> IngestResult:
        """Store an event; raises 503 where it can be stored nowhere."""
        try:
            if event.body_json is not None:
                return await self._accept_large(event)
            try:
                return await self._start(event)
            except StorageDown:
                logger.warning("Temporal does not answer: event kept in the inbox")
            return await self._store(event)
        except StorageDown:
            raise unavailable("The event could not be stored; please send it again") from None

    async def accept_unread(self, event: ProductEvent, reason: str) -> IngestResult:
        """Store an event that cannot be read as failed; raises 503 where it can be stored nowhere.

        While Postgres does not answer, its workflow holds it, and fails when it reads it.
        """
        try:
            try:
                return await self._store_unread(event, reason)
            except StorageDown:
                logger.warning("Postgres does not answer: an event that cannot be read gets a workflow")
            return await self._start(event)
        except StorageDown:
            raise unavailable("The event could not be stored; please send it again") from None

    async def _store_unread(self, event: ProductEvent, reason: str) -> IngestResult:
        try:
            async with self._database.transaction() as connection, asyncio.timeout(ANSWER_WITHIN):
                stored = await inbox.store_unread(connection, event, reason)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            raise StorageDown from error
        return IngestResult.ACCEPTED if stored else IngestResult.SKIPPED

    async def _accept_large(self, event: ProductEvent) -> IngestResult:
        try:
            result = await self._store(event)
        except StorageDown:
            logger.warning("Postgres does not answer: a large event travels inside its workflow")
            return await self._start(event)
        if result is IngestResult.ACCEPTED:
            try:
                await self._start(replace(event, body_json=None))
            except StorageDown:
                logger.warning("Temporal does not answer: event waits in the inbox")
        return result

    async def _start(self, event: ProductEvent) -> IngestResult:
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
            raise StorageDown from error
        return IngestResult.ACCEPTED

    async def _store(self, event: ProductEvent) -> IngestResult:
        workflow_id = product_event_id(self._task_queue, event.store_id, event.event_id)
        try:
            async with self._database.transaction() as connection, asyncio.timeout(ANSWER_WITHIN):
                stored = await inbox.store(connection, event, workflow_id=workflow_id)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            raise StorageDown from error
        return IngestResult.ACCEPTED if stored else IngestResult.SKIPPED


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
