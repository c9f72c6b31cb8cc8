"""Index the text of an event at once, and end the event together with its text."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, classified_errors, event_errors, failure_of, record_failure
from activities.events.first_tries import LONGEST, FirstTries
from activities.events.index import BUDGET_SPENT
from activities.events.save import Saved
from activities.events.stage import StagedText, Stager
from activities.indexing import Answer, Indexer, account_for
from activities.metrics import Counters
from activities.this_workflow import run_id, workflow_id
from contracts.errors import RowGone
from contracts.events import EventOutcome, EventStatus, EventText, FinishedEvent, TextVersion, TriedAtOnce
from contracts.retry import ROW_GONE, Failure, Retry
from contracts.wording.counted import indexed
from database.chunks import generations
from database.chunks.generations import MissingVector
from database.engine import Database
from database.events import write as events
from database.leases import Lease, holding

Opening = AbstractAsyncContextManager[AsyncConnection]
"""A transaction that is not open yet."""


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
        tried = await self.index(text)
        if tried.failure is not None and tried.failure.retry is Retry.FATAL:
            raise application_error(tried.failure)
        return tried

    async def index(self, text: EventText, saved: Saved | None = None) -> TriedAtOnce:
        """Like `index_at_once`, but the result holds a failure that is final, too. Raises RowGone's error.

        The content in `saved` is indexed, if it is there; otherwise the product is read.
        """
        row = text.version.event_row
        async with event_errors(self._database, row):
            staged = await self._stage(text.version, saved)
        if staged is None:
            return TriedAtOnce(is_outdated=True)
        if staged.is_over_budget:
            return TriedAtOnce(missing=BUDGET_SPENT)
        left = TriedAtOnce(missing=len(staged.missing))
        try:
            async with event_errors(self._database, row):
                return await self._continue(text.embedded(len(staged.missing)), staged, left)
        except ApplicationError as error:
            if error.type == ROW_GONE:
                raise
            return replace(left, failure=failure_of(error)) if error.non_retryable else left

    async def _stage(self, version: TextVersion, saved: Saved | None) -> StagedText | None:
        """Stage a text, with the lease to embed it unless there are no first tries for now."""
        to_embed = self._tries.are_open
        if saved is None or saved.content is None:
            return await self._stager.stage_stored(version, to_embed=to_embed)
        rows = await self._embedding.rows_of_content(saved.store_id, version, saved.content)
        return await self._stager.stage(version, rows, to_embed=to_embed)

    @activity.defn
    async def publish_event(self, text: EventText) -> EventOutcome | None:
        """Publish the staged chunks and end the event; returns its outcome, None if the text is outdated."""
        async with event_errors(self._database, text.version.event_row):
            return await self._publish(text, self._database.transaction())

    async def _continue(self, text: EventText, staged: StagedText, left: TriedAtOnce) -> TriedAtOnce:
        """Embed what has no vector, and publish; returns what is left where another step must embed."""
        if staged.taken is not None and staged.taken.keys:
            async with holding(self._database, staged.taken) as held:
                return await self._embed_and_publish(text, staged.missing, held, left)
        if staged.missing:
            return left
        return await self._published(text, left, self._database.transaction())

    async def _embed_and_publish(
        self, text: EventText, missing: Sequence[MissingVector], held: Lease, left: TriedAtOnce
    ) -> TriedAtOnce:
        """Embed and publish while no other event embeds this product.

        The vectors of the last answer are stored in the transaction that publishes. If that is rolled back,
        they are stored nevertheless, because they are paid for.
        """
        last = None
        if missing:
            with self._tries.place() as is_free:
                if not is_free:
                    return left
                try:
                    last = await self._embed(text.version, missing, held)
                except TimeoutError:
                    self._tries.failed()
                    return left
                except ApplicationError as error:
                    return replace(left, failure=failure_of(error))
        try:
            return await self._published(text, left, held.ending(), last)
        except (RowGone, SQLAlchemyError):
            if last is not None:
                await self._embedding.keep(held, text.version, last)
            raise

    async def _embed(
        self, version: TextVersion, missing: Sequence[MissingVector], held: Lease
    ) -> Answer | None:
        """Embed texts; see `Indexer.embed_until_last`. A failure that may pass closes the first tries.

        Raises TimeoutError where the service takes too long.
        """

        async def report(failure: Failure) -> None:
            if failure.retry is not Retry.FATAL:
                self._tries.failed(failure.pause)
            await record_failure(self._database, version.event_row, failure)

        async with (
            asyncio.timeout(LONGEST.total_seconds()),
            classified_errors(self._embedding.failure, log="embedding at once failed", report=report),
        ):
            last = await self._embedding.embed_until_last(held, version, missing)
        self._tries.succeeded()
        return last

    async def _published(
        self, text: EventText, left: TriedAtOnce, opening: Opening, last: Answer | None = None
    ) -> TriedAtOnce:
        """Publish a text; returns the outcome, or whether the text is outdated."""
        outcome = await self._publish(text, opening, last)
        if outcome is not None:
            return replace(left, outcome=outcome)
        async with self._database.reading() as connection:
            is_current = bool(await generations.wanted(connection, [text.version]))
        return replace(left, is_outdated=not is_current)

    async def _publish(
        self, text: EventText, opening: Opening, last: Answer | None = None
    ) -> EventOutcome | None:
        """Publish a text and end its event in one transaction; returns its outcome, None if it is outdated.

        Raises RowGone, and then nothing is written.
        """
        outcome = text.saved or EventOutcome(status=EventStatus.SUCCEEDED, reason=indexed(text.chunks))
        outcome = outcome.noted(text.note)
        async with opening as connection:
            seconds = await self._embedding.publish(connection, text.version, last)
            if seconds is not None:
                finished = FinishedEvent(event_row=text.version.event_row, outcome=outcome, saved=True)
                await events.finish(connection, finished, workflow_id=workflow_id(), run_id=run_id())
            if last is not None:
                await account_for(connection, text.version, last)
        if seconds is None:
            return None
        self._totals.searchable(seconds)
        return outcome
