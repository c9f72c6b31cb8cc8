"""Rate limit of each token and each user, shared by all API processes.

Postgres keeps a bucket for each; a process leases a small share of it and hands that out. While Postgres
does not answer, each process limits alone, and one request every two seconds tries Postgres again.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from api.errors import too_many
from api.security.stale_cache import Deadline
from database.access import rate_limits
from database.access.rate_limits import Holder
from database.engine import Database

logger = logging.getLogger("pilito.api")

BURST_SECONDS = 10.0
SHARE_SECONDS = 0.1
"""A share is what a bucket gains in this time, at least one request, so that small limits are exact."""

ANSWER_WITHIN = 0.25
RETRY_SECONDS = 2.0

TRACKED = 10_000


@dataclass(slots=True)
class _Share:
    """The leased requests that are left, or until when the bucket is empty."""

    left: int = 0
    empty_until: float = 0.0
    leasing: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimit:
    """Token buckets that refill steadily and allow a burst of some seconds' worth of requests.

    `holder` is the kind of ids that have a bucket.
    """

    def __init__(self, database: Database, per_minute: int, holder: Holder = Holder.TOKEN) -> None:
        rate = per_minute / 60
        capacity = max(1.0, rate * BURST_SECONDS)
        self._database = database
        self._holder = holder
        self._size = max(1, int(rate * SHARE_SECONDS))
        self._price = timedelta(seconds=self._size / rate)
        self._burst = timedelta(seconds=capacity / rate)
        self._local = TokenBuckets(rate=rate, capacity=capacity)
        self._shares: OrderedDict[int, _Share] = OrderedDict()
        self._local_until = 0.0
        self._deadline = Deadline()

    async def check(self, id_: int) -> None:
        """Take one request from the bucket of a holder; raises 429 with `Retry-After` where it is empty."""
        wait = await self._take(id_)
        if wait > 0:
            raise too_many(wait)

    async def close(self) -> None:
        await self._deadline.close()

    async def _take(self, id_: int) -> float:
        """Take one request. Returns 0, or the seconds to wait where the bucket is empty."""
        share = self._share(id_)
        if share.left <= 0:
            async with share.leasing:
                if share.left <= 0 and not await self._fill(id_, share):
                    return self._local.take(id_)
        if share.left <= 0:
            return max(share.empty_until - time.monotonic(), 0.001)
        share.left -= 1
        return 0.0

    def _share(self, id_: int) -> _Share:
        share = self._shares.setdefault(id_, _Share())
        self._shares.move_to_end(id_)
        if len(self._shares) > TRACKED:
            self._shares.popitem(last=False)
        return share

    async def _fill(self, id_: int, share: _Share) -> bool:
        """Lease another share unless the bucket is empty. Returns False where Postgres does not answer."""
        now = time.monotonic()
        if now < share.empty_until:
            return True
        if now < self._local_until:
            return False
        if self._local_until:
            self._local_until = now + RETRY_SECONDS  # this request tries Postgres, the others do not
        wait = await self._wait(id_)
        if wait is None:
            return False
        if self._local_until:
            self._local_until = 0.0
            logger.info("request limits are shared again")
        if wait > 0:
            share.empty_until = time.monotonic() + wait
        else:
            share.left += self._size
        return True

    async def _wait(self, id_: int) -> float | None:
        """Returns 0 for a leased share, the seconds until there is one, or None without an answer in time."""
        try:
            return await self._deadline.wait(self._lease(id_), seconds=ANSWER_WITHIN)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            self._limit_locally(type(error).__name__)
            return None

    async def _lease(self, id_: int) -> float:
        async with self._database.single() as connection:
            return await rate_limits.lease(
                connection, self._holder, id_, price=self._price, burst=self._burst
            )

    def _limit_locally(self, why: str) -> None:
        if not self._local_until:
            logger.warning("request limits are kept per process while Postgres does not answer: %s", why)
        self._local_until = time.monotonic() + RETRY_SECONDS


class TokenBuckets:
    """One bucket per key; it gains `rate` requests a second, up to `capacity`."""

    def __init__(self, *, rate: float, capacity: float) -> None:
        self._rate = rate
        self._capacity = capacity
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take one request. Returns 0, or the seconds until there is one."""
        left = self._left(key)
        if left < 1:
            return (1 - left) / self._rate
        self._keep(key, left - 1)
        return 0.0

    def give_back(self, key: Hashable) -> None:
        """Return a request that was taken."""
        self._keep(key, min(self._capacity, self._left(key) + 1))

    def reserve(self, key: Hashable) -> float:
        """Take one request, even if it is not there yet. Returns the seconds until it is there."""
        left = self._left(key) - 1
        self._keep(key, left)
        return max(0.0, -left / self._rate)

    def _left(self, key: Hashable) -> float:
        now = time.monotonic()
        left, then = self._buckets.get(key, (self._capacity, now))
        return min(self._capacity, left + (now - then) * self._rate)

    def _keep(self, key: Hashable, left: float) -> None:
        self._buckets[key] = (left, time.monotonic())
        self._buckets.move_to_end(key)
        if len(self._buckets) > TRACKED:
            self._buckets.popitem(last=False)
