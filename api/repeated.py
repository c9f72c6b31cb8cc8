"""Repeated events: an event that Temporal knows, and that a restored database has lost, runs again."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.events import ProductEvent
from contracts.ids import product_event_id
from database.engine import Database
from database.events import inbox
from temporal.client import RUNNING, status_of
from temporal.starts import start_product_event

LOOK_WITHIN = 2.0
"""Seconds that Postgres may take to show how an event ended."""

logger = logging.getLogger("pilito.api")


async def start_if_lost(
    database: Database, temporal: Client, event: ProductEvent, *, task_queue: str
) -> bool:
    """Start an event's workflow again if it has ended, and the event log does not know of its success.

    Returns whether it was started. A running workflow records the event itself, and while Postgres does not
    answer, Temporal is believed. Raises the errors of Temporal's client.

    The event log is read once more after Temporal's answer: a workflow ends after its row.
    """
    if await _is_settled(database, event):
        return False
    if await status_of(temporal, product_event_id(task_queue, event.store_id, event.event_id)) == RUNNING:
        return False
    if await _is_settled(database, event):
        return False
    try:
        await start_product_event(temporal, event, task_queue=task_queue, again=True)
    except WorkflowAlreadyStartedError:
        return False
    logger.warning("the event log lacks the success of an event that Temporal has processed: it runs again")
    return True


async def start_failed(database: Database, temporal: Client, event: ProductEvent, *, task_queue: str) -> bool:
    """Start a failed event again; returns False if it runs already. Raises errors of Temporal."""
    try:
        await start_product_event(temporal, event, task_queue=task_queue)
    except WorkflowAlreadyStartedError:
        return await start_if_lost(database, temporal, event, task_queue=task_queue)
    return True


async def _is_settled(database: Database, event: ProductEvent) -> bool:
    """Returns whether the event log knows of the event's success, or does not answer."""
    try:
        async with database.reading() as connection, asyncio.timeout(LOOK_WITHIN):
            return await inbox.is_settled(connection, event)
    except (SQLAlchemyError, TimeoutError, OSError):
        return True
