"""What one API process counts, in a registry of its own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram

from api.middleware.request_log import Answered

NO_ROUTE = "(none)"
UNKNOWN = "unknown"
"""The topic of what could not be read, or means nothing to us: nobody outside makes up labels."""


class Received(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(slots=True)
class Counted:
    """A delivery under way; `topic` is what the sender called it, whatever that is."""

    topic: object = None
    result: Received = Received.REFUSED


class Metrics:
    """Counters and histograms of this process; every label has a bounded number of values."""

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
            "Deliveries whose signature is missing or wrong.",
            ["source"],
            registry=self.registry,
        )
        self._limits = Counter(
            "pilito_rate_limit_total",
            "Requests held against their token's limit.",
            ["outcome"],
            registry=self.registry,
        )
        self._requests = Histogram(
            "pilito_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._logins = Counter(
            "pilito_login_failures_total", "Sign-ins that were refused.", registry=self.registry
        )

    def answered(self, told: Answered) -> None:
        labels = (told.route or NO_ROUTE, told.method, str(told.status))
        self._requests.labels(*labels).observe(told.seconds)

    @contextmanager
    def counting(self, source: str) -> Iterator["Counted"]:
        """Count one delivery, as refused where it ends in an error."""
        counted = Counted()
        try:
            yield counted
        except Exception:
            counted.result = Received.REFUSED
            raise
        finally:
            topic = counted.topic
            known = topic if isinstance(topic, str) and topic in self._topics else UNKNOWN
            self._received.labels(source, known, counted.result).inc()

    def signature_failed(self, source: str) -> None:
        self._signatures.labels(source).inc()

    def limited(self, *, refused: bool) -> None:
        self._limits.labels("refused" if refused else "allowed").inc()

    def login_failed(self) -> None:
        self._logins.inc()
