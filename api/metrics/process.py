"""Metrics of one API process."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram

from api.middleware.request_log import CompletedRequest

NO_ROUTE = "(none)"
UNKNOWN = "unknown"
"""The topic of deliveries without a known topic, and the name of unknown tools; senders add no labels."""


class DeliveryResult(StrEnum):
    """What happened to a delivery."""

    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    IGNORED = "ignored"
    UNREAD = "unread"
    REFUSED = "refused"


class ToolOutcome(StrEnum):
    """How a call of a tool ended; `refused` are wrong arguments, `error` is ours."""

    OK = "ok"
    REFUSED = "refused"
    ERROR = "error"


@dataclass(slots=True)
class CountedCall:
    """A call of a tool that is being answered."""

    outcome: ToolOutcome = ToolOutcome.ERROR


@dataclass(slots=True)
class CountedDelivery:
    """A delivery that is being processed; `topic` is as the sender wrote it."""

    topic: object = None
    result: DeliveryResult = DeliveryResult.REFUSED


class ProcessMetrics:
    """Counters and histograms; every label has a bounded number of values."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._topics = frozenset(topics)
        self._received = Counter(
            "pilito_events_received_total",
            "Deliveries of shops.",
            ["source", "topic", "result"],
            registry=self.registry,
        )
        self._signatures = Counter(
            "pilito_signature_failures_total",
            "Deliveries with a missing or wrong signature.",
            ["source"],
            registry=self.registry,
        )
        self._limits = Counter(
            "pilito_rate_limit_total",
            "Requests checked against the limit of their token or user.",
            ["outcome"],
            registry=self.registry,
        )
        self._requests = Histogram(
            "pilito_http_request_duration_seconds",
            "Seconds from the first byte of a request to the last byte of its response.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._calls = Counter(
            "pilito_tool_calls_total",
            "Calls of the tools of the MCP server.",
            ["tool", "outcome"],
            registry=self.registry,
        )
        self._call_seconds = Histogram(
            "pilito_tool_call_duration_seconds",
            "Seconds from the arguments of a tool to its result.",
            ["tool"],
            registry=self.registry,
        )
        self._logins = Counter("pilito_login_failures_total", "Refused sign-ins.", registry=self.registry)

    def completed(self, request: CompletedRequest) -> None:
        labels = (request.route or NO_ROUTE, request.method, str(request.status))
        self._requests.labels(*labels).observe(request.seconds)

    @contextmanager
    def counting(self, source: str) -> Iterator[CountedDelivery]:
        """Count one delivery; it is counted as refused if the block raises."""
        delivery = CountedDelivery()
        try:
            yield delivery
        except Exception:
            delivery.result = DeliveryResult.REFUSED
            raise
        finally:
            self.delivered(source, delivery.topic, delivery.result)

    def delivered(self, source: str, topic: object, result: DeliveryResult) -> None:
        """Count one delivery, or one event of a batch."""
        label = topic if isinstance(topic, str) and topic in self._topics else UNKNOWN
        self._received.labels(source, label, result).inc()

    @contextmanager
    def calling(self, tool: str) -> Iterator[CountedCall]:
        """Count one call of a tool, or of `UNKNOWN`; it is an error unless the block says otherwise."""
        call = CountedCall()
        started = time.perf_counter()
        try:
            yield call
        finally:
            self._calls.labels(tool, call.outcome).inc()
            self._call_seconds.labels(tool).observe(time.perf_counter() - started)

    def signature_failed(self, source: str) -> None:
        self._signatures.labels(source).inc()

    def limited(self, *, refused: bool) -> None:
        self._limits.labels("refused" if refused else "allowed").inc()

    def login_failed(self) -> None:
        self._logins.inc()
