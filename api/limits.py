"""How much one token, or one address, may ask: a token bucket for each, per API process."""

import math
import time
from collections import OrderedDict
from collections.abc import Hashable

from api.errors import Refused

BURST_SECONDS = 10.0
TRACKED = 10_000


class RateLimit:
    """Refills steadily, and lets some seconds' worth through at once."""

    def __init__(self, per_minute: int, *, burst_seconds: float = BURST_SECONDS) -> None:
        self._rate = per_minute / 60
        self._capacity = max(1.0, self._rate * burst_seconds)
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def check(self, who: Hashable) -> None:
        """Take one request from a bucket; 429 with `Retry-After` where it is empty."""
        now = time.monotonic()
        left, then = self._buckets.get(who, (self._capacity, now))
        left = min(self._capacity, left + (now - then) * self._rate)
        if left < 1:
            seconds = math.ceil((1 - left) / self._rate)
            raise Refused(429, {"error": "Too many requests"}, {"Retry-After": str(seconds)})
        self._buckets[who] = (left - 1, now)
        self._buckets.move_to_end(who)
        if len(self._buckets) > TRACKED:
            self._buckets.popitem(last=False)
