"""Index the text of an event at once, and end the event together with its text."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import classified_errors, event_errors, failure_of, record_failure
from activities.events.first_tries import LONGEST, FirstTries
from activities.events.index import BUDGET_SPENT
from activities.events.stage import StagedText, Stager
from activities.indexing import Indexer
from activities.metrics import Counters
from activities.this_workflow import run_id, workflow_id
from contracts.events import EventOutcome, EventStatus, EventText, FinishedEvent, TextVersion, TriedAtOnce
from contracts.retry import Failure, Retry
from database.chunks.generations import MissingVector
from database.engine import Database
from database.events import ownership
from database.events import write as events
from database.leases import Taken, holding


class AtOnceActivities:
    """Activities that index a text and end its event."""

    def __init__(self, database: Database, embedding: Indexer, totals: Counters) -> None:
        self._database = database
        self._embedding = embedding
        self._totals = totals
        self._stager = Stager(database, embedding, totals)
        self._tries = FirstTries()

    @activity.defn
    async def index_at_once(self, text: EventText) -> TriedAtOnce:
        """Stage, embed and publish a text and end its event, as far as that takes a few seconds.

        Embedding is tried once, if this process has a place for it. What failed and may pass is left to the
        other steps: the result says how many chunks are staged, and why they could not be embedded. Raises a
        non-retryable error for what can never succeed.
        """
        row = text.version.event_row
        with self._tries.place() as is_free:
            async with event_errors(self._database, row):
                staged = await self._stager.stage_stored(text.version, to_embed=is_free)
            if staged is None:
                return TriedAtOnce()
            if staged.is_over_budget:
                return TriedAtOnce(missing=BUDGET_SPENT)
            left = TriedAtOnce(missing=len(staged.missing))
            try:
                if not await self._try_to_embed(text.version, staged) and staged.missing:
                    return left
            except ApplicationError as error:
                return replace(left, failure=failure_of(_unless_final(error)))
            try:
                return replace(left, outcome=await self.publish_event(text.embedded(len(staged.missing))))
            except ApplicationError as error:
                _unless_final(error)
                return left

    @activity.defn
    async def publish_event(self, text: EventText) -> EventOutcome | None:
        """Publish the staged chunks and end the event; returns its outcome, None if the text is outdated."""
        row = text.version.event_row
        indexed = f"Indexed; {text.chunks} chunks were embedded."
        outcome = text.saved or EventOutcome(status=EventStatus.SUCCEEDED, reason=indexed)
        outcome = outcome.noted(text.note)
        async with event_errors(self._database, row), self._database.transaction() as connection:
            await ownership.check(connection, row, workflow_id=workflow_id())
            published = await self._embedding.publish(connection, text.version)
            if not published:
                return None
            finished = FinishedEvent(event_row=row, outcome=outcome, saved=True)
            await events.finish(connection, finished, workflow_id=workflow_id(), run_id=run_id())
        for seconds in published.values():
            self._totals.searchable(seconds)
        return outcome

    async def _try_to_embed(self, version: TextVersion, staged: StagedText) -> bool:
        """Embed the texts without a vector; returns False if another step must do it."""

        async def report(failure: Failure) -> None:
            if failure.retry is not Retry.FATAL:
                self._tries.failed(failure.pause)
            await record_failure(self._database, version.event_row, failure)

        if staged.taken is None:
            return False
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                async with classified_errors(
                    self._embedding.failure, log="embedding at once failed", report=report
                ):
                    return await self._embed_alone(version, staged.missing, staged.taken)
        except TimeoutError:
            self._tries.failed()
            return False

    async def _embed_alone(
        self, version: TextVersion, missing: Sequence[MissingVector], taken: Taken
    ) -> bool:
        """Embed while no other event embeds this product; returns False if one does."""
        async with holding(self._database, taken) as held:
            if not held.keys:
                return False
            if missing:
                await self._embedding.embed(held, version, missing)
                self._tries.succeeded()
        return True


def _unless_final(error: ApplicationError) -> ApplicationError:
    """Returns an error that may pass; raises any other one."""
    if error.non_retryable:
        raise error
    return error
