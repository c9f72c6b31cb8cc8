"""Recovery of syncs: one with a workflow that ended without a result has failed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity
from temporalio.service import RPCError

from activities.events.endings import RUNNING, how_it_ended
from contracts.events import LatestRun
from contracts.syncs import SyncEnd, SyncStatus
from database.engine import Database
from database.sync import runs, stalled
from database.sync.stalled import UnfinishedSync

SYNCS_LOOKED_AT = 50

LatestRunOf = Callable[[str], Awaitable[LatestRun | None]]


async def settle_syncs(database: Database, latest_run: LatestRunOf, *, age: timedelta) -> None:
    """End syncs older than `age` that no workflow runs any more."""
    async with database.reading() as connection:
        unfinished = await stalled.unfinished(connection, age=age, limit=SYNCS_LOOKED_AT)
    await asyncio.gather(*(_settle(database, latest_run, sync) for sync in unfinished))


async def _settle(database: Database, latest_run: LatestRunOf, sync: UnfinishedSync) -> None:
    """A store's syncs share one workflow id, so a running workflow may be that of a later sync.

    That one ends the earlier syncs itself when it begins.
    """
    try:
        latest = await latest_run(sync.workflow_id)
    except RPCError as error:
        activity.logger.warning("%s cannot be looked at yet: %s", sync.workflow_id, error.status)
        return
    if latest and latest.status == RUNNING:
        return
    end = SyncEnd(
        sync_id=sync.id,
        status=SyncStatus.FAILED,
        reason=how_it_ended(latest.status) if latest else "Temporal has no workflow of this sync.",
    )
    async with database.transaction() as connection:
        if await stalled.lock(connection, sync.id):
            activity.logger.warning("sync %s has no running workflow", sync.id)
            await runs.finish(connection, end, workflow_id=sync.workflow_id)
