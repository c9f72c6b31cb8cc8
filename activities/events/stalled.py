"""What was lost sight of: events whose run is gone, and texts that were left to such an event."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    """What is asked of Temporal.

    `status` names how a workflow's latest run stands, None where there is none; `start` starts an event's
    workflow and `make_known` a product's, and both answer quietly where it is running already.
    """

    status: Callable[[str], Awaitable[str | None]]
    start_event: Callable[[ProductEvent], Awaitable[object]]
    start_indexing: Callable[[UnindexedProduct], Awaitable[object]]


class StalledActivities:
    """`model` names the vectors search uses; an event is looked at `after` it should long have ended."""

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
        """Look at unfinished events beyond a row, and at texts nobody is making known.

        Answers the row to go on after; 0 to begin again.
        """
        with database_errors():
            async with self._database.reading() as connection:
                unfinished = await stalled.unfinished(
                    connection,
                    older_than=datetime.now(UTC) - self._after,
                    beyond=looked_at,
                    limit=BATCH,
                )
            await asyncio.gather(*(_quietly(self._recover(event)) for event in unfinished))
            async with self._database.reading() as connection:
                texts = await stalled.unindexed_products(connection, model=self._model, limit=BATCH)
            await asyncio.gather(*(_quietly(self._starter.start_indexing(one)) for one in texts))
        return unfinished[-1].row_id if len(unfinished) == BATCH else 0

    async def _recover(self, unfinished: UnfinishedEvent) -> None:
        """Start an event Temporal knows nothing of; fail one whose run ended without a word."""
        status = await self._starter.status(unfinished.workflow_id)
        if status == RUNNING:
            return
        if status is None:
            activity.logger.warning("%s is started again: Temporal lost it", unfinished.workflow_id)
            await self._starter.start_event(unfinished.event)
            return
        reason = ENDINGS.get(status, f"The workflow ended ({status}) without reporting a result.")
        async with self._database.transaction() as connection:
            await stalled.fail_event(connection, unfinished, reason)

    @activity.defn
    async def unindexed_version(self, product_id: int) -> TextVersion | None:
        """The text a product should have, where search does not know it and no event waits."""
        with database_errors():
            async with self._database.reading() as connection:
                return await stalled.unindexed_version(connection, product_id, model=self._model)

    @activity.defn
    async def abandon_indexing(self, version: TextVersion) -> None:
        """Leave a text to the product's next event."""
        with database_errors():
            async with self._database.single() as connection:
                await stalled.abandon(connection, version)


async def _quietly(work: Awaitable[object]) -> None:
    """What Temporal does not answer now is looked at again the next time."""
    try:
        await work
    except RPCError as error:
        activity.logger.warning("Temporal could not be asked for what was lost: %s", error.status)
