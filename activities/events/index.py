"""Chunk, embed, publish: a product's text becomes what search finds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.counters import Counters
from activities.errors import application_error, database_errors, event_errors, record_failure
from activities.heartbeat import heartbeating
from activities.indexing import Indexer
from contracts.events import TextVersion
from contracts.retry import Failure, Retry
from database.chunks import generations
from database.engine import Database
from database.locks import embedding_locks
from database.products import upsert as products

NOT_FAILING = ""
"""Said outright, for a heartbeat that says nothing leaves standing what the one before it said."""


def _failing_since() -> datetime | None:
    """When the first of the passing failures was that have followed each other up to now."""
    event_errors = "".join(activity.info().heartbeat_details)
    return datetime.fromisoformat(event_errors) if event_errors else None


class IndexingActivities:
    """Steps on chunks and vectors; `patience` is how long a passing failure may last."""

    def __init__(
        self, database: Database, embedding: Indexer, totals: Counters, *, patience: timedelta
    ) -> None:
        self._database = database
        self._embedding = embedding
        self._totals = totals
        self._patience = patience

    @activity.defn
    async def stage_chunks(self, version: TextVersion) -> int | None:
        """Lay the text's chunks beside the live ones; how many lack a vector, or None if it is outdated."""
        async with (
            event_errors(self._database, version.event_row),
            self._database.transaction() as connection,
        ):
            stored = await products.read(connection, [version.product_id])
            known = stored.get(version.product_id)
            if known is None or known.content_hash != version.content_hash:
                return None
            staged = await self._embedding.stage(connection, version, known)
        self._totals.reused(staged.reused)
        return staged.missing

    @activity.defn
    async def embed_chunks(self, version: TextVersion) -> bool:
        """Give every chunk that lacks one its vector; False where the text is outdated by now."""
        async with self._explained(version), heartbeating(), self._alone(version) as connection:
            if not await generations.wanted(connection, [version]):
                return False
            await self._embedding.embed(connection, version)
            return True

    @activity.defn
    async def publish_chunks(self, version: TextVersion) -> bool:
        """Swap the staged text in; False where it is outdated by now."""
        async with (
            event_errors(self._database, version.event_row),
            self._database.transaction() as connection,
        ):
            published = await self._embedding.publish(connection, version)
        for seconds in published.values():
            self._totals.searchable(seconds)
        return bool(published)

    @asynccontextmanager
    async def _alone(self, version: TextVersion) -> AsyncIterator[AsyncConnection]:
        """Embed a product for one event at a time, so that two never pay for the same text."""
        async with embedding_locks(self._database, [version.product_id]) as alone:
            if not alone.products:
                raise application_error(
                    Failure(
                        retry=Retry.RETRY,
                        reason="Another event of this product is being embedded.",
                        pause=timedelta(seconds=1),
                    )
                )
            yield alone.connection

    @asynccontextmanager
    async def _explained(self, version: TextVersion) -> AsyncIterator[None]:
        """Turn what a vendor raises into what it means, for Temporal and for the event log."""
        try:
            with database_errors():
                yield
        except ApplicationError:
            raise
        except Exception as error:  # the mapping is total
            failure = self._judged(self._embedding.failure(error))
            activity.logger.warning("embedding failed: %s", failure.reason)
            await record_failure(self._database, version.event_row, failure)
            raise application_error(failure) from None

    def _judged(self, failure: Failure) -> Failure:
        """A failure that should have passed long ago is final.

        The next attempt learns from the heartbeat when the first of a row of them was; what somebody must
        mend ends the row, so that waiting for them uses up no patience.
        """
        if failure.retry is not Retry.RETRY:
            activity.heartbeat(NOT_FAILING)
            return failure
        now = datetime.now(UTC)
        since = _failing_since() or now
        if now - since > self._patience:
            return Failure(retry=Retry.FATAL, reason=f"{failure.reason} Given up after {now - since}.")
        activity.heartbeat(since.isoformat())
        return failure
