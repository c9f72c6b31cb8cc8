"""Counters of the whole installation, as activities add to them."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from operator import add

from contracts.metrics import Counter, EmbeddingCount, Usage, freshness_bucket
from database import metrics
from database.engine import Database
from database.periodic_flush import PeriodicFlush
from database.usage.ledger import Account
from database.usage.waiting import WaitingUsage

logger = logging.getLogger("pilito.worker")


class Counters:
    """Adds up in memory what activities count, and writes it every two seconds.

    It goes to the table of totals; what needed no embedding goes to the ledger of embedding too.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._usage = WaitingUsage(database, logger)
        self._added = PeriodicFlush[tuple[str, str], float](
            self._write, merge=add, logger=logger, failure="totals could not be written yet"
        )

    def embedded(self, texts: int, *, tokens: int) -> None:
        """Count texts that were embedded, and the tokens the service billed for them."""
        self._add(Counter.EMBEDDINGS, EmbeddingCount.CREATED, texts)
        self._add(Counter.EMBEDDING_TOKENS, "", tokens)

    def reused(self, account: Account, texts: int, *, tokens: int) -> None:
        """Count texts that reuse a vector their product already has, and their estimated tokens."""
        self._add(Counter.EMBEDDINGS, EmbeddingCount.REUSED, texts)
        self._usage.add(account, Usage(saved_texts=texts, saved_tokens=tokens))

    def skipped(self, event_row: int) -> None:
        """Count an event that left the text as it is indexed."""
        self._add(Counter.EMBEDDINGS, EmbeddingCount.SKIPPED, 1)
        self._usage.skipped(event_row)

    def searchable(self, seconds: float) -> None:
        """Count a text that search finds, so many seconds after the shop changed it."""
        self._add(Counter.FRESHNESS, freshness_bucket(seconds), 1)
        self._add(Counter.FRESHNESS_SUM, "", seconds)

    def _add(self, name: str, label: str, value: float) -> None:
        if value:
            self._added.add((name, label), value)

    async def _write(self, added: Mapping[tuple[str, str], float]) -> None:
        async with self._database.single() as connection:
            await metrics.add(connection, added)

    async def write(self) -> None:
        """Write now what was counted since the last time."""
        await self._added.flush()
        await self._usage.flush()

    @asynccontextmanager
    async def written(self) -> AsyncIterator[None]:
        """Write in the background inside the block, and once more at its end."""
        async with self._added.running(), self._usage.counting():
            yield
