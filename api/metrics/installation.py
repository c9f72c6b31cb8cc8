"""What Postgres knows of the whole installation, as metrics; each API process tells the same."""

import asyncio
import logging
import time
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from api.security.deadline import Deadline
from contracts.counters import FRESHNESS_BOUNDS, Counter, EmbeddingCount
from contracts.events import RUNNABLE, EventStatus
from database import counters
from database.counters import MetricsSnapshot
from database.engine import Database

logger = logging.getLogger("pilito.api")

READ_EVERY = 2.0
ANSWER_WITHIN = 2.0


class _Shown(Collector):
    """One reading of Postgres; None where it is down."""

    def __init__(self, standing: MetricsSnapshot | None) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "pilito_database_up", "Whether Postgres answered.", value=float(self._standing is not None)
        )
        if self._standing is not None:
            yield from self._embeddings(self._standing)
            yield self._freshness(self._standing)
            yield from self._events(self._standing)

    def _embeddings(self, standing: MetricsSnapshot) -> Iterator[Metric]:
        made = CounterMetricFamily(
            "pilito_embeddings_total",
            "Texts embedded, texts whose vector was kept, changes whose whole text was known.",
            labels=["outcome"],
        )
        for outcome in EmbeddingCount:
            made.add_metric([outcome], standing.totals.get((Counter.EMBEDDINGS, outcome), 0.0))
        yield made
        yield CounterMetricFamily(
            "pilito_embedding_tokens_total",
            "Tokens the embeddings API charged for.",
            value=standing.totals.get((Counter.EMBEDDING_TOKENS, ""), 0.0),
        )

    def _freshness(self, standing: MetricsSnapshot) -> Metric:
        bounds = [*map(str, FRESHNESS_BOUNDS), "+Inf"]
        counted = accumulate(standing.totals.get((Counter.FRESHNESS, bound), 0.0) for bound in bounds)
        return HistogramMetricFamily(
            "pilito_freshness_seconds",
            "From the shop's change, or else the arrival of its event, until search finds the text.",
            buckets=list(zip(bounds, counted, strict=True)),
            sum_value=standing.totals.get((Counter.FRESHNESS_SUM, ""), 0.0),
        )

    def _events(self, standing: MetricsSnapshot) -> Iterator[Metric]:
        events = GaugeMetricFamily(
            "pilito_events", "Events that have not ended, and those that failed.", labels=["status"]
        )
        for status in RUNNABLE:
            events.add_metric([status], standing.events.get(status, 0))
        yield events
        yield GaugeMetricFamily(
            "pilito_dead_letters",
            "Failed events: they wait for somebody to run them again.",
            value=standing.events.get(EventStatus.FAILED, 0),
        )
        yield GaugeMetricFamily(
            "pilito_oldest_unsynced_seconds",
            "Age of the oldest event that has not ended; 0 where all have.",
            value=standing.oldest_seconds,
        )


class Installation:
    """Asks Postgres at most every two seconds, however many scrape."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._deadline = Deadline()
        self._reading = asyncio.Lock()
        self._standing: MetricsSnapshot | None = None
        self._read_at = -READ_EVERY

    async def scrape(self, own: CollectorRegistry) -> bytes:
        """Everything there is to tell, in Prometheus' text format."""
        async with self._reading:
            if time.monotonic() - self._read_at >= READ_EVERY:
                self._standing = await self._read()
                self._read_at = time.monotonic()
        shown = CollectorRegistry()
        shown.register(_Shown(self._standing))
        return generate_latest(own) + generate_latest(shown)

    async def close(self) -> None:
        await self._deadline.close()

    async def _read(self) -> MetricsSnapshot | None:
        try:
            return await self._deadline.wait(self._ask(), seconds=ANSWER_WITHIN)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            logger.warning("metrics of the installation cannot be read: %s", type(error).__name__)
            return None

    async def _ask(self) -> MetricsSnapshot:
        async with self._database.reading() as connection:
            return await counters.read(connection)
