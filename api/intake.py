"""Durable before acknowledged: an accepted event is in Temporal or in Postgres, whichever is there."""

import asyncio
import logging
from dataclasses import replace
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.errors import unavailable
from contracts.events import ProductEvent
from database import inbox
from database.engine import Database
from workflows.client import start_product_event

logger = logging.getLogger("pilito.api")

INLINE_BYTES = 256 * 1024
"""Bodies above this lie in the event's row, and only a reference travels through Temporal."""

ANSWER_WITHIN = 5.0


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
                kept = await inbox.keep(connection, event)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            raise Down from error
        return Taken.ACCEPTED if kept else Taken.SKIPPED
