"""Token buckets of this process alone: what limits requests while nothing shared can be asked."""

import time
from collections import OrderedDict
from collections.abc import Hashable

TRACKED = 10_000


class Buckets:
    """One bucket per key; `rate` a second flow in, and `capacity` is let through at once."""

    def __init__(self, *, rate: float, capacity: float) -> None:
        self._rate = rate
        self._capacity = capacity
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take one and answer 0, or answer the seconds until there is one."""
        now = time.monotonic()
        left, then = self._buckets.get(key, (self._capacity, now))
        left = min(self._capacity, left + (now - then) * self._rate)
        if left < 1:
            return (1 - left) / self._rate
        self._buckets[key] = (left - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > TRACKED:
            self._buckets.popitem(last=False)
        return 0.0
