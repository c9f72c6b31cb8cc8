"""When a store's shop is read by itself, told to Temporal as soon as it is decided."""

import logging

from temporalio.service import RPCError

from api.errors import DATABASE_DOWN
from api.state import State
from connectors.platforms import READERS
from database import store_schedules
from workflows.store_schedules import StoreSchedules

logger = logging.getLogger("pilito.api")


async def read_as_set(opened: State, store_id: int, *, insist: bool = False) -> None:
    """Bring a store's schedules up to date; where Temporal does not answer, the next alignment does."""
    schedules = StoreSchedules(opened.temporal, task_queue=opened.settings.task_queue)
    try:
        async with opened.database.reading() as connection:
            stores = await store_schedules.readable(connection, READERS, only=store_id)
        await schedules.set(store_id, stores[0] if stores else None, insist=insist)
    except (RPCError, RuntimeError, OSError, *DATABASE_DOWN) as error:
        logger.warning(
            "schedules of store %s are left to the next alignment: %s", store_id, type(error).__name__
        )
