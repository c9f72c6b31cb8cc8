"""What steps count, added up in memory and written every few seconds, in no product's transaction."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from contracts.counters import Counter, EmbeddingCount, freshness_bucket
from database import counters
from database.engine import Database

logger = logging.getLogger("pilito.worker")

WRITE_EVERY = 2.0


class Counters:
    """Kept for later where Postgres is down; a worker that is killed takes the last two seconds along."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._added: defaultdict[tuple[str, str], float] = defaultdict(float)

    def embedded(self, texts: int, *, tokens: int) -> None:
        """Texts that were embedded, and what they were billed as."""
        self._added[Counter.EMBEDDINGS, EmbeddingCount.CREATED] += texts
        self._added[Counter.EMBEDDING_TOKENS, ""] += tokens

    def reused(self, texts: int) -> None:
        """Texts whose vector their product had."""
        self._added[Counter.EMBEDDINGS, EmbeddingCount.REUSED] += texts

    def skipped(self) -> None:
        """A change whose text was known."""
        self._added[Counter.EMBEDDINGS, EmbeddingCount.SKIPPED] += 1

    def searchable(self, seconds: float) -> None:
        """A text that search finds, so long after the shop changed it."""
        self._added[Counter.FRESHNESS, freshness_bucket(seconds)] += 1
        self._added[Counter.FRESHNESS_SUM, ""] += seconds

    async def write(self) -> None:
        """Add what came up since the last time to the table."""
        added = {key: value for key, value in self._added.items() if value}
        self._added.clear()
        if not added:
            return
        try:
            async with self._database.single() as connection:
                await counters.add(connection, added)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("totals could not be written yet: %s", type(error).__name__)
            for key, value in added.items():
                self._added[key] += value

    @asynccontextmanager
    async def written(self) -> AsyncIterator[None]:
        """Write all the while, and once more at the end."""
        ended = asyncio.Event()
        writing = asyncio.create_task(self._keep_writing(ended))
        try:
            yield
        finally:
            ended.set()
            await writing

    async def _keep_writing(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), WRITE_EVERY)
            await self.write()
