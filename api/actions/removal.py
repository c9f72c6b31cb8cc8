"""Remove stores everywhere: in their shops, in Postgres, and in Temporal."""

import logging
from collections.abc import Sequence

from temporalio.service import RPCError

from api.actions.schedules import refresh_schedules
from api.actions.shop_webhooks import LeftWebhooks, remove_webhooks
from api.dependencies import Opened
from contracts.stores import Store
from database.access import stores
from temporal.histories import Deleted, Histories

API_WAITS = 5.0
"""Seconds that a request waits for the deletion of histories."""

PURGE = "`pilito store purge-histories` deletes them later"

logger = logging.getLogger("pilito.api")


async def remove_from_shop_and_database(state: Opened, store: Store) -> LeftWebhooks | None:
    """Remove a store with its tokens, events, products and knowledge, its schedules, and its webhooks.

    The shop's webhooks are first, because they need the key to the shop. Returns the webhooks that are left,
    and None if there is no such store any more.
    """
    left = await remove_webhooks(state, store)
    async with state.database.transaction() as connection:
        removed = await stores.remove(connection, store.id)
    if not removed:
        return None
    await refresh_schedules(state, store.id)
    return left


async def delete_histories(state: Opened, store_ids: Sequence[int], *, within: float) -> Deleted | None:
    """Delete the workflows of removed stores with their histories, for so many seconds at most.

    Returns None where Temporal does not answer, or none is set.
    """
    if state.temporal is None:
        return None
    histories = Histories(state.temporal, task_queue=state.settings.task_queue)
    try:
        deleted = await histories.delete(store_ids, within=within)
    except (RPCError, RuntimeError, OSError) as error:
        logger.warning("histories of removed stores are left (%s); %s", type(error).__name__, PURGE)
        return None
    if not deleted.is_complete:
        logger.warning("histories of removed stores are left; %s", PURGE)
    return deleted
