"""The steps that index a product: stage its chunks, embed them, publish them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from temporalio import activity

from activities.errors import application_error, classified_errors, event_errors, record_failure
from activities.events.stage import Stager
from activities.heartbeat import heartbeating
from activities.indexing import Indexer
from activities.metrics import Counters
from activities.retry_limits import attempt, within_deadline
from activities.this_workflow import workflow_id
from contracts.events import TextVersion
from contracts.retry import Failure, Retry
from database.chunks import generations
from database.engine import Database
from database.events import ownership
from database.leases import Lease, for_embedding, lease

BUDGET_SPENT = -1
"""What staging returns for a text that waits until its store may spend tokens again."""


class IndexingActivities:
    """Activities on chunks and vectors; `retry_deadline` is how long passing failures may last in a row."""

    def __init__(
        self, database: Database, embedding: Indexer, totals: Counters, *, retry_deadline: timedelta
    ) -> None:
        self._database = database
        self._embedding = embedding
        self._totals = totals
        self._retry_deadline = retry_deadline
        self._stager = Stager(database, embedding, totals)

    @activity.defn
    async def stage_chunks(self, version: TextVersion) -> int | None:
        """Stage the chunks of a text; returns how many need a vector, or None if the text is outdated.

        BUDGET_SPENT if some do and the store has spent its budget: the text is then left to the recovery.
        """
        async with event_errors(self._database, version.event_row):
            staged = await self._stager.stage_stored(version)
        if staged is None:
            return None
        return BUDGET_SPENT if staged.is_over_budget else len(staged.missing)

    @activity.defn
    async def embed_chunks(self, version: TextVersion) -> bool:
        """Embed the chunks that have no vector; returns False if the text is outdated.

        The first attempt fails with the failure of the try before it, if there was one, so that the pause it
        asks for is kept, and is seen in Temporal.
        """
        if version.failure is not None and attempt() == 1:
            raise application_error(within_deadline(version.failure, self._retry_deadline))
        async with self._embedding_errors(version), heartbeating(), self._alone(version) as held:
            async with self._database.reading() as connection:
                if not await generations.wanted(connection, [version]):
                    return False
            await self._embedding.embed(held, version)
            return True

    @activity.defn
    async def publish_chunks(self, version: TextVersion) -> bool:
        """Publish the staged chunks; returns False if the text is outdated."""
        async with (
            event_errors(self._database, version.event_row),
            self._database.transaction() as connection,
        ):
            await ownership.check(connection, version.event_row, workflow_id=workflow_id())
            published = await self._embedding.publish(connection, version)
        if published is None:
            return False
        self._totals.searchable(published)
        return True

    @asynccontextmanager
    async def _alone(self, version: TextVersion) -> AsyncIterator[Lease]:
        """Hold the product's lease for embedding, so that two events never pay for the same text."""
        async with lease(self._database, for_embedding([version.product_id])) as held:
            if not held.keys:
                raise application_error(
                    Failure(
                        retry=Retry.RETRY,
                        reason="Another event of this product is being embedded.",
                        pause=timedelta(seconds=1),
                        expected=True,
                    )
                )
            yield held

    def _embedding_errors(self, version: TextVersion) -> AbstractAsyncContextManager[None]:
        """Translate the errors of the embedding service, and record them in the event's row."""
        return classified_errors(
            lambda error: within_deadline(self._embedding.failure(error), self._retry_deadline),
            log="embedding failed",
            report=lambda failure: record_failure(self._database, version.event_row, failure),
        )
