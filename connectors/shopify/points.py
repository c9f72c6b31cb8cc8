"""Shopify's rate limit: a query reserves its cost in points, which restore at a fixed rate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reported:
    """The limits in the shop's last answer; `received` is by our clock."""

    available: float
    maximum: float
    rate: float
    received: float


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        return None
    return float(value)


class Points:
    """An estimate of the points that are left; other processes use them too, so there may be fewer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reported: _Reported | None = None
        self._costs: dict[str, float] = {}

    def record(self, query: str, cost: object) -> None:
        """Record `extensions.cost` of an answer; invalid values are ignored."""
        if not isinstance(cost, Mapping):
            return
        requested = _number(cost.get("requestedQueryCost"))
        if requested is not None:
            self._costs[query] = requested
        status: Any = cost.get("throttleStatus")
        if not isinstance(status, Mapping):
            return
        available = _number(status.get("currentlyAvailable"))
        maximum = _number(status.get("maximumAvailable"))
        rate = _number(status.get("restoreRate"))
        if available is not None and maximum is not None and rate:
            self._reported = _Reported(
                available=available, maximum=maximum, rate=rate, received=self._clock()
            )

    def wait(self, query: str) -> float | None:
        """Returns the seconds until a query fits; None if the shop has not reported its limits yet.

        One point is added, because the shop reports rounded numbers.
        """
        cost = self._costs.get(query)
        reported = self._reported
        if reported is None or cost is None:
            return None
        restored = (self._clock() - reported.received) * reported.rate
        missing = min(cost, reported.maximum) - reported.available - restored
        return (missing + 1) / reported.rate if missing > 0 else 0.0
