"""Chunk, embed, publish: a product's text becomes what search finds."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import embedding_failure
from activities.guard import application_error, database_errors, tell, told
from activities.totals import Totals
from connectors.embeddings import MAX_INPUTS_PER_REQUEST, MAX_TOKENS_PER_REQUEST, Embedder
from contracts.events import KnowledgeVersion
from contracts.failures import Failure, Posture
from contracts.naming import embedding_label
from database import knowledge, products
from database.engine import Database
from database.knowledge import ChunkRow
from knowledge.chunks import pack, split
from knowledge.document import render
from knowledge.normalise import search_form

HEARTBEAT_SECONDS = 4.0
"""Well within EMBEDDING's heartbeat timeout, so that a dead worker's calls move on soon."""


NOT_FAILING = ""
"""Said outright, for a heartbeat that says nothing leaves standing what the one before it said."""


def _failing_since() -> datetime | None:
    """When the first of the passing failures was that have followed each other up to now."""
    told = "".join(activity.info().heartbeat_details)
    return datetime.fromisoformat(told) if told else None


@asynccontextmanager
async def _heartbeating() -> AsyncIterator[None]:
    """Tell Temporal all the while that this worker is alive, and what earlier attempts left to know."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat(*activity.info().heartbeat_details)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


class KnowledgeActivities:
    """Steps on chunks and vectors; `patience` is how long a passing failure may last."""

    def __init__(
        self, database: Database, embedder: Embedder, totals: Totals, *, patience: timedelta
    ) -> None:
        self._database = database
        self._totals = totals
        self._embedder = embedder
        self._patience = patience
        self._model = embedding_label(embedder.model, embedder.dimensions)

    @activity.defn
    async def stage_chunks(self, version: KnowledgeVersion) -> int | None:
        """Lay the text's chunks beside the live ones; how many lack a vector, or None if it is outdated."""
        async with told(self._database, version.event_row), self._database.transaction() as connection:
            stored = await products.read(connection, version.product_id)
            if stored is None or stored.product is None or stored.content_hash != version.content_hash:
                return None
            chunks = [
                ChunkRow(
                    position=chunk.position,
                    text=chunk.text,
                    text_hash=chunk.text_hash,
                    tokens=chunk.tokens,
                    words=search_form(chunk.text),
                )
                for chunk in split(render(stored.product, stored.variations))
            ]
            staged = await knowledge.stage(connection, version, self._model, chunks)
        self._totals.reused(staged.reused)
        return staged.missing

    @activity.defn
    async def embed_chunks(self, version: KnowledgeVersion) -> bool:
        """Give every chunk that lacks one its vector; False where the text is outdated by now.

        Vectors are written after each request, so a repeated attempt embeds only what is left.
        """
        async with self._explained(version), _heartbeating(), self._alone(version) as connection:
            if not await knowledge.is_wanted(connection, version):
                return False
            missing = await knowledge.missing_vectors(connection, version, self._model)
            for request in pack(
                [(chunk, chunk.tokens) for chunk in missing],
                max_tokens=MAX_TOKENS_PER_REQUEST,
                max_items=MAX_INPUTS_PER_REQUEST,
            ):
                embedded = await self._embedder.embed([missing.text for missing in request])
                self._totals.embedded(len(request), tokens=embedded.tokens)
                hashes = (missing.text_hash for missing in request)
                vectors = list(zip(hashes, embedded.vectors, strict=True))
                await knowledge.fill_vectors(connection, version, self._model, vectors)
            return True

    @activity.defn
    async def publish_chunks(self, version: KnowledgeVersion) -> bool:
        """Swap the staged text in; False where it is outdated by now."""
        async with told(self._database, version.event_row), self._database.transaction() as connection:
            seconds = await knowledge.publish(connection, version, self._model)
        if seconds is not None:
            self._totals.searchable(seconds)
        return seconds is not None

    @asynccontextmanager
    async def _alone(self, version: KnowledgeVersion) -> AsyncIterator[AsyncConnection]:
        """Embed a product for one event at a time, so that two never pay for the same text."""
        async with knowledge.embedding_lock(self._database, version.product_id) as connection:
            if connection is None:
                raise application_error(
                    Failure(
                        posture=Posture.AGAIN,
                        reason="Another event of this product is being embedded.",
                        pause=timedelta(seconds=1),
                    )
                )
            yield connection

    @asynccontextmanager
    async def _explained(self, version: KnowledgeVersion) -> AsyncIterator[None]:
        """Turn what a vendor raises into what it means, for Temporal and for the event log."""
        try:
            with database_errors():
                yield
        except ApplicationError:
            raise
        except Exception as error:  # the mapping is total
            failure = self._judged(embedding_failure(error, now=time.time()))
            activity.logger.warning("embedding failed: %s", failure.reason)
            await tell(self._database, version.event_row, failure)
            raise application_error(failure) from None

    def _judged(self, failure: Failure) -> Failure:
        """A failure that should have passed long ago is final.

        The next attempt learns from the heartbeat when the first of a row of them was; what somebody must
        mend ends the row, so that waiting for them uses up no patience.
        """
        if failure.posture is not Posture.AGAIN:
            activity.heartbeat(NOT_FAILING)
            return failure
        now = datetime.now(UTC)
        since = _failing_since() or now
        if now - since > self._patience:
            return Failure(posture=Posture.NEVER, reason=f"{failure.reason} Given up after {now - since}.")
        activity.heartbeat(since.isoformat())
        return failure
