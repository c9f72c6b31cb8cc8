"""Durable before acknowledged: an accepted event is in Temporal or in Postgres, whichever is there."""

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

from api.errors import answer, unavailable
from api.i18n import in_language, message
from contracts.deliveries import ParsedDelivery
from contracts.events import ProductEvent
from database.engine import Database
from database.events import inbox
from temporal.client import start_product_event

logger = logging.getLogger("pilito.api")

INLINE_BYTES = 256 * 1024
"""Bodies above this lie in the event's row, and only a reference travels through Temporal."""

ANSWER_WITHIN = 5.0

LONGEST_USER_AGENT = 500


class Taken(StrEnum):
    ACCEPTED = "accepted"
    SKIPPED = "skipped"


class Down(Exception):
    """One of the two places an event can be kept in does not answer."""


class Intake:
    """Takes an event once it is safe, and knows it again."""

    def __init__(self, database: Database, temporal: Client, *, task_queue: str) -> None:
        self._database = database
        self._temporal = temporal
        self._task_queue = task_queue

    async def take(self, event: ProductEvent, *, size: int) -> Taken:
        """Accept or skip an event whose body has `size` bytes; 503 where it can be kept nowhere."""
        if size > INLINE_BYTES:
            return await self._take_large(event)
        try:
            return await self._start(event)
        except Down:
            logger.warning("Temporal does not answer: event kept in the inbox")
        try:
            return await self._keep(event)
        except Down:
            raise unavailable("The event could be stored nowhere; please send it again") from None

    async def _take_large(self, event: ProductEvent) -> Taken:
        try:
            kept = await self._keep(event)
        except Down:
            logger.warning("Postgres does not answer: a large event travels inside its workflow")
            try:
                return await self._start(event)
            except Down:
                raise unavailable("The event could be stored nowhere; please send it again") from None
        if kept is Taken.ACCEPTED:
            try:
                await self._start(replace(event, body=None))
            except Down:
                logger.warning("Temporal does not answer: event waits in the inbox")
        return kept

    async def _start(self, event: ProductEvent) -> Taken:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await start_product_event(self._temporal, event, task_queue=self._task_queue)
        except WorkflowAlreadyStartedError:
            return Taken.SKIPPED
        except (
            RPCError,
            RuntimeError,
            TimeoutError,
            OSError,
        ) as error:  # a lazy client that cannot connect: RuntimeError
            raise Down from error
        return Taken.ACCEPTED

    async def _keep(self, event: ProductEvent) -> Taken:
        try:
            async with self._database.transaction() as connection, asyncio.timeout(ANSWER_WITHIN):
                kept = await inbox.store(connection, event)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            raise Down from error
        return Taken.ACCEPTED if kept else Taken.SKIPPED


def event_of(
    told: ParsedDelivery, *, store_id: int, received_at: datetime, address: str, user_agent: str
) -> ProductEvent:
    """An event as its workflow takes it."""
    return ProductEvent(
        store_id=store_id,
        event_id=told.event_id,
        event_type=told.event_type,
        external_id=told.external_id,
        parent=told.parent,
        version=told.version,
        received_at=received_at,
        source_address=address,
        user_agent=user_agent[:LONGEST_USER_AGENT],
        body=dict(told.payload),
        confirm=told.confirm,
    )


def received(request: Request, event: ProductEvent, taken: Taken, started: float) -> Response:
    """What a sender is told whose event is safe; `started` is when it began, by `perf_counter`."""
    wished = request.headers.get("accept-language")
    said: dict[str, object] = {
        "status": taken,
        "message": message(taken, wished),
        "event_id": event.event_id,
    }
    if taken is Taken.SKIPPED:
        return answer(200, said, in_language(wished))
    elapsed = round((time.perf_counter() - started) * 1000)
    return answer(202, {**said, "processing_time_ms": elapsed}, in_language(wished))
