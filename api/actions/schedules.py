"""Bring the schedules of a store up to date after it changed."""

import logging

from temporalio.service import RPCError

from api.dependencies import Opened
from api.errors import DATABASE_DOWN
from connectors.registry import READABLE
from database.access import stores
from temporal.store_schedules import StoreSchedules

logger = logging.getLogger("pilito.api")


async def refresh_schedules(state: Opened, store_id: int, *, insist: bool = False) -> None:
    """Bring a store's schedules up to date; while Temporal is down, the periodic alignment does it later."""
    if state.temporal is None:
        return
    schedules = StoreSchedules(state.temporal, task_queue=state.settings.task_queue)
    try:
        async with state.database.reading() as connection:
            readable = await stores.readable(connection, READABLE, only=store_id)
        await schedules.set(store_id, readable[0] if readable else None, insist=insist)
    except (RPCError, RuntimeError, OSError, *DATABASE_DOWN) as error:
        logger.warning(
            "schedules of store %s are left to the next alignment: %s", store_id, type(error).__name__
        )
