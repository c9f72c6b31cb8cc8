"""Recovery: restart or fail events without a workflow, and index texts that such events left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity
from temporalio.service import RPCError

from activities.errors import database_errors
from contracts.events import ProductEvent, TextVersion, UnfinishedEvent, UnindexedProduct
from database.engine import Database
from database.events import stalled

BATCH = 50

RUNNING = "RUNNING"
ENDINGS = {"TERMINATED": "The workflow was terminated.", "CANCELED": "The workflow was cancelled."}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStarter:
    """The calls to Temporal that recovery needs.

    `status` returns the status of a workflow's latest run, None if there is none. `start_event` and
    `start_indexing` start the workflow of an event or a product; they do nothing if it runs already.
    """

    status: Callable[[str], Awaitable[str | None]]
    start_event: Callable[[ProductEvent], Awaitable[object]]
    start_indexing: Callable[[UnindexedProduct], Awaitable[object]]


class StalledActivities:
    """`model` labels the vectors of search; an event counts as stalled `after` this time."""

    def __init__(
        self,
        database: Database,
        starter: WorkflowStarter,
        *,
        model: str,
        after: timedelta = timedelta(minutes=5),
    ) -> None:
        self._database = database
        self._starter = starter
        self._model = model
        self._after = after

    @activity.defn
    async def recover_stalled(self, looked_at: int) -> int:
        """Recover unfinished events after a row, and texts that no event indexes.

        Returns the row to continue after; 0 to start from the beginning.
        """
        with database_errors():
            async with self._database.reading() as connection:
                unfinished = await stalled.unfinished(
                    connection,
                    age=self._after,
                    beyond=looked_at,
                    limit=BATCH,
                )
            await asyncio.gather(*(_logging_errors(self._recover(event)) for event in unfinished))
            async with self._database.reading() as connection:
                products = await stalled.unindexed_products(connection, model=self._model, limit=BATCH)
            await asyncio.gather(
                *(_logging_errors(self._starter.start_indexing(product)) for product in products)
            )
        return unfinished[-1].row_id if len(unfinished) == BATCH else 0

    async def _recover(self, unfinished: UnfinishedEvent) -> None:
        """Restart an event without a workflow; fail one with a workflow that ended without an outcome."""
        status = await self._starter.status(unfinished.workflow_id)
        if status == RUNNING:
            return
        if status is None:
            activity.logger.warning("%s is restarted: Temporal has no workflow of it", unfinished.workflow_id)
            await self._starter.start_event(unfinished.event)
            return
        reason = ENDINGS.get(status, f"The workflow ended ({status}) without reporting a result.")
        async with self._database.transaction() as connection:
            await stalled.fail_event(connection, unfinished, reason)

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
