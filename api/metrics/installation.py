"""Metrics of the whole installation, read from Postgres; every API process reports the same values."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from api.metrics.readiness import PostgresState, Readiness, TemporalState, temporal_skew
from api.security.stale_cache import Deadline
from contracts.events import RUNNABLE, EventStatus
from contracts.metrics import FRESHNESS_BOUNDS, Counter, EmbeddingCount
from database import metrics
from database.engine import Database
from database.metrics import MetricsSnapshot
from temporal.queues import QueueReader, QueueState

logger = logging.getLogger("pilito.api")

READ_EVERY = 2.0
ANSWER_WITHIN = 2.0


class SnapshotCollector(Collector):
    """The metrics of one snapshot; None while Postgres is down, `queues` is None while Temporal is.

    `skews` are the seconds by which the clocks of this process and of Temporal are ahead of Postgres. `parts`
    are the servers, and whether each can store events now.
    """

    def __init__(
        self,
        snapshot: MetricsSnapshot | None,
        *,
        queues: Sequence[QueueState] | None = (),
        skews: Mapping[str, timedelta | None] = {},
        parts: Mapping[str, bool] = {},
    ) -> None:
        self._parts = parts
        self._snapshot = snapshot
        self._queues = queues
        self._skews = skews

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "pilito_database_up", "Whether Postgres answered.", value=float(self._snapshot is not None)
        )
        ready = GaugeMetricFamily("pilito_ready", "Whether a server can store events.", labels=["part"])
        for part, is_ready in self._parts.items():
            ready.add_metric([part], float(is_ready))
        yield ready
        yield self._clocks()
        if self._queues is not None:
            yield from self._workers(self._queues)
        if self._snapshot is not None:
            yield from self._embeddings(self._snapshot)
            yield self._freshness(self._snapshot)
            yield from self._events(self._snapshot)
            yield from self._postgres(self._snapshot)

    def _clocks(self) -> Metric:
        skew = GaugeMetricFamily(
            "pilito_clock_skew_seconds",
            "Seconds by which a clock is ahead of Postgres: that of this process, or of Temporal.",
            labels=["clock"],
        )
        for clock, difference in self._skews.items():
            if difference is not None:
                skew.add_metric([clock], difference.total_seconds())
        return skew

    def _workers(self, queues: Sequence[QueueState]) -> Iterator[Metric]:
        families = (
            GaugeMetricFamily("pilito_workers", "Workers that listen on a task queue.", labels=["queue"]),
            GaugeMetricFamily("pilito_backlog", "Tasks that wait for a worker.", labels=["queue"]),
            GaugeMetricFamily(
                "pilito_backlog_seconds", "How long the oldest task has waited.", labels=["queue"]
            ),
        )
        for state in queues:
            values = (state.workers, state.backlog, state.backlog_seconds)
            for family, value in zip(families, values, strict=True):
                family.add_metric([state.queue], value)
        yield from families

    def _embeddings(self, snapshot: MetricsSnapshot) -> Iterator[Metric]:
        made = CounterMetricFamily(
            "pilito_embeddings_total",
            "Texts embedded, texts with a reused vector, changes without a new text.",
            labels=["outcome"],
        )
        for outcome in EmbeddingCount:
            made.add_metric([outcome], snapshot.totals.get((Counter.EMBEDDINGS, outcome), 0.0))
        yield made
        yield CounterMetricFamily(
            "pilito_embedding_tokens_total",
            "Tokens the embeddings API charged for.",
            value=snapshot.totals.get((Counter.EMBEDDING_TOKENS, ""), 0.0),
        )

    def _freshness(self, snapshot: MetricsSnapshot) -> Metric:
        bounds = [*map(str, FRESHNESS_BOUNDS), "+Inf"]
        counted = accumulate(snapshot.totals.get((Counter.FRESHNESS, bound), 0.0) for bound in bounds)
        return HistogramMetricFamily(
            "pilito_freshness_seconds",
            "Seconds from the change in the shop, or the arrival of its event, until search finds the text.",
            buckets=list(zip(bounds, counted, strict=True)),
            sum_value=snapshot.totals.get((Counter.FRESHNESS_SUM, ""), 0.0),
        )

    def _events(self, snapshot: MetricsSnapshot) -> Iterator[Metric]:
        events = GaugeMetricFamily("pilito_events", "Unfinished and failed events.", labels=["status"])
        for status in RUNNABLE:
            events.add_metric([status], snapshot.events.get(status, 0))
        yield events
        yield GaugeMetricFamily(
            "pilito_dead_letters",
            "Failed events, which can be retried.",
            value=snapshot.events.get(EventStatus.FAILED, 0),
        )
        yield GaugeMetricFamily(
            "pilito_oldest_unsynced_seconds",
            "Age of the oldest unfinished event, in Postgres or waiting in Temporal; 0 without one.",
            value=max(snapshot.oldest_seconds, self._queues[0].backlog_seconds if self._queues else 0.0),
        )

    def _postgres(self, snapshot: MetricsSnapshot) -> Iterator[Metric]:
        connections = GaugeMetricFamily(
            "pilito_database_connections",
            "Connections to the Postgres server: used by all programs, and allowed.",
            labels=["state"],
        )
        for state, number in snapshot.connections.items():
            connections.add_metric([state], number)
        yield connections
        yield GaugeMetricFamily(
            "pilito_shops_failing",
            "Shops that failed each visit for more than ten minutes.",
            value=snapshot.failing_shops,
        )


class InstallationMetrics:
    """Reads Postgres and Temporal at most every two seconds, however often it is scraped."""

    def __init__(self, database: Database, queues: QueueReader, readiness: Readiness) -> None:
        self._readiness = readiness
        self._database = database
        self._queues = queues
        self._deadline = Deadline()
        self._reading = asyncio.Lock()
        self._scraped = b""
        self._read_at: float | None = None

    async def scrape(self, process: CollectorRegistry) -> bytes:
        """Returns the metrics of the process and of the installation in the text format of Prometheus."""
        async with self._reading:
            if self._read_at is None or time.monotonic() - self._read_at >= READ_EVERY:
                snapshot, queues, ready = await asyncio.gather(
                    self._read(), self._queues.read(), self._readiness.check()
                )
                skews = {
                    "process": self._database.clock.skew,
                    "temporal": temporal_skew(self._database, self._queues),
                }
                registry = CollectorRegistry()
                parts = {
                    "postgres": ready.postgres is PostgresState.OK,
                    "temporal": ready.temporal is TemporalState.OK,
                }
                registry.register(SnapshotCollector(snapshot, queues=queues, skews=skews, parts=parts))
                self._scraped = generate_latest(process) + generate_latest(registry)
                self._read_at = time.monotonic()
            return self._scraped

    async def close(self) -> None:
        await self._deadline.close()

    async def _read(self) -> MetricsSnapshot | None:
        try:
            return await self._deadline.wait(self._query(), seconds=ANSWER_WITHIN)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            logger.warning("metrics of the installation cannot be read: %s", type(error).__name__)
            return None

    async def _query(self) -> MetricsSnapshot:
        async with self._database.reading() as connection:
            return await metrics.read(connection)
