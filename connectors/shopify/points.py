"""The points a Shopify shop gives each app: a query takes what it may cost, and they come back steadily."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the shop said last, and when."""

    available: float
    most: float
    rate: float
    at: float


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9:
        return None
    return float(value)


class Points:
    """What is left as the shop told us; other processes take from it too, so it may be less."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: _Told | None = None
        self._costs: dict[str, float] = {}

    def told(self, query: str, cost: object) -> None:
        """Take in `extensions.cost` of an answer; what makes no sense in it is not believed."""
        if not isinstance(cost, Mapping):
            return
        requested = _number(cost.get("requestedQueryCost"))
        if requested is not None:
            self._costs[query] = requested
        status: Any = cost.get("throttleStatus")
        if not isinstance(status, Mapping):
            return
        available = _number(status.get("currentlyAvailable"))
        most = _number(status.get("maximumAvailable"))
        rate = _number(status.get("restoreRate"))
        if available is not None and most is not None and rate:
            self._told = _Told(available=available, most=most, rate=rate, at=self._clock())

    def wait(self, query: str) -> float | None:
        """Seconds until a query fits; None where the shop told nothing to reckon with.

        One point more than it takes, for the shop tells rounded numbers.
        """
        cost = self._costs.get(query)
        if self._told is None or cost is None:
            return None
        restored = (self._clock() - self._told.at) * self._told.rate
        missing = min(cost, self._told.most) - self._told.available - restored
        return (missing + 1) / self._told.rate if missing > 0 else 0.0
