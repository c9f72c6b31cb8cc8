"""A store that a route works on, and its sync schedules in Temporal."""

import logging

from temporalio.service import RPCError

from api.dependencies import State
from api.errors import DATABASE_DOWN, Refused
from connectors.registry import READABLE
from contracts.stores import Store
from database.access import stores
from temporal.store_schedules import StoreSchedules

logger = logging.getLogger("pilito.api")


async def found_store(opened: State, store_id: int) -> Store:
    """The store with this id; raises 404 where there is none."""
    async with opened.database.reading() as connection:
        store = await stores.read(connection, store_id)
    if store is None:
        raise Refused(404, {"error": "No such store"})
    return store


async def refresh_schedules(opened: State, store_id: int, *, insist: bool = False) -> None:
    """Bring a store's schedules up to date; where Temporal does not answer, the next alignment does."""
    schedules = StoreSchedules(opened.temporal, task_queue=opened.settings.task_queue)
    try:
        async with opened.database.reading() as connection:
            readable = await stores.readable(connection, READABLE, only=store_id)
        await schedules.set(store_id, readable[0] if readable else None, insist=insist)
    except (RPCError, RuntimeError, OSError, *DATABASE_DOWN) as error:
        logger.warning(
            "schedules of store %s are left to the next alignment: %s", store_id, type(error).__name__
        )
