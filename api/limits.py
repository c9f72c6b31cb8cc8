"""How many requests one token may make: a token bucket per integration token and API process."""

import math
import time
from collections import OrderedDict

from api.errors import Refused

BURST_SECONDS = 10.0
TRACKED = 10_000


class RateLimit:
    """Refills steadily, and lets ten seconds' worth through at once."""

    def __init__(self, per_minute: int) -> None:
        self._rate = per_minute / 60
        self._capacity = max(1.0, self._rate * BURST_SECONDS)
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()

    def check(self, token_id: int) -> None:
        """Take one request from the token's bucket; 429 with `Retry-After` where it is empty."""
        now = time.monotonic()
        left, then = self._buckets.get(token_id, (self._capacity, now))
        left = min(self._capacity, left + (now - then) * self._rate)
        if left < 1:
            seconds = math.ceil((1 - left) / self._rate)
            raise Refused(429, {"error": "Too many requests"}, {"Retry-After": str(seconds)})
        self._buckets[token_id] = (left - 1, now)
        self._buckets.move_to_end(token_id)
        if len(self._buckets) > TRACKED:
            self._buckets.popitem(last=False)
