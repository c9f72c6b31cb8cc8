"""Recovery: restart or fail events without a workflow, and index texts that such events left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity
from temporalio.service import RPCError

from activities.errors import database_errors
from activities.events.endings import COMPLETED, RUNNING, how_it_ended
from activities.events.stalled_syncs import settle_syncs
from contracts.events import (
    EventStatus,
    LatestRun,
    ProductEvent,
    TextVersion,
    UnfinishedEvent,
    UnindexedProduct,
)
from database.engine import Database
from database.events import stalled
from database.events import write as events
from database.products import filling

BATCH = 50

FILLED, FILLED_BATCHES = 500, 40
"""Products that are filled in one transaction, and transactions of one round."""

STALLED_AFTER = timedelta(minutes=1)
"""How old an event is before Temporal is asked about its workflow."""

MANY_REFUSALS = 5
"""How often in a row a workflow could not be continued before its event says so."""

REFUSED = "No worker can continue the workflow; the worker's log says why. It is tried again."


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStarter:
    """The calls to Temporal that recovery needs.

    `latest_run` returns the latest run of a workflow, None if there is none. `start_event` starts an event's
    workflow by its id, even if an earlier run has ended, and `start_indexing` that of a product; they do
    nothing if it runs already.
    """

    latest_run: Callable[[str], Awaitable[LatestRun | None]]
    start_event: Callable[[ProductEvent, str], Awaitable[object]]
    start_indexing: Callable[[UnindexedProduct], Awaitable[object]]


class StalledActivities:
    """`model` labels the vectors of search."""

    def __init__(
        self,
        database: Database,
        starter: WorkflowStarter,
        *,
        model: str,
    ) -> None:
        self._database = database
        self._starter = starter
        self._model = model

    @activity.defn
    async def recover_stalled(self, looked_at: int) -> int:
        """Recover unfinished events after a row, syncs without a workflow, and texts that no event indexes.

        Products that an older version saved get what they lack. Returns the row to continue after; 0 to start
        from the beginning.
        """
        with database_errors():
            async with self._database.reading() as connection:
                unfinished = await stalled.unfinished(
                    connection,
                    age=STALLED_AFTER,
                    beyond=looked_at,
                    limit=BATCH,
                )
            await asyncio.gather(*(_logging_errors(self._recover(event)) for event in unfinished))
            await settle_syncs(self._database, self._starter.latest_run, age=STALLED_AFTER)
            async with self._database.reading() as connection:
                products = await stalled.unindexed_products(connection, model=self._model, limit=BATCH)
            await asyncio.gather(
                *(_logging_errors(self._starter.start_indexing(product)) for product in products)
            )
            await self._fill()
        return unfinished[-1].row_id if len(unfinished) == BATCH else 0

    async def _fill(self) -> None:
        for _ in range(FILLED_BATCHES):
            async with self._database.transaction() as connection:
                if not await filling.fill(connection, limit=FILLED):
                    return

    async def _recover(self, unfinished: UnfinishedEvent) -> None:
        """Restart an event without a workflow; fail one with a workflow that ended without an outcome.

        A workflow that succeeded has written its outcome into the row. A row that does not show it is from a
        restored database, and the event runs again.
        """
        latest = await self._starter.latest_run(unfinished.workflow_id)
        status = latest.status if latest else None
        if latest and status == RUNNING:
            await self._report_refusals(unfinished, latest.refusals)
            return
        if status in (None, COMPLETED):
            async with self._database.reading() as connection:
                if not await stalled.is_unfinished(connection, unfinished):
                    return  # it has ended since
            activity.logger.warning("%s is restarted: it has no running workflow", unfinished.workflow_id)
            await self._starter.start_event(unfinished.event, unfinished.workflow_id)
            return
        reason = how_it_ended(status)
        async with self._database.transaction() as connection:
            await stalled.fail_event(connection, unfinished, reason)

    async def _report_refusals(self, unfinished: UnfinishedEvent, refusals: int) -> None:
        if refusals >= MANY_REFUSALS:
            async with self._database.single() as connection:
                await events.update_status(
                    connection,
                    unfinished.row_id,
                    EventStatus.RETRYING,
                    REFUSED,
                    workflow_id=unfinished.workflow_id,
                )

    @activity.defn
    async def unindexed_version(self, product_id: int) -> TextVersion | None:
        """Returns the current text of a product if it is not indexed and no event is pending."""
        with database_errors():
            async with self._database.reading() as connection:
                return await stalled.unindexed_version(connection, product_id, model=self._model)

    @activity.defn
    async def abandon_indexing(self, version: TextVersion) -> None:
        """Leave the text to the product's next event."""
        with database_errors():
            async with self._database.single() as connection:
                await stalled.abandon(connection, version)


async def _logging_errors(work: Awaitable[object]) -> None:
    """Log an error of Temporal; the next round tries again."""
    try:
        await work
    except RPCError as error:
        activity.logger.warning("stalled work could not be recovered yet: %s", error.status)
