"""How many requests one token may make, whichever API process it asks.

Postgres keeps the bucket; a process takes a small share of it at a time and gives that out. While Postgres
does not answer, each process limits by itself, and one request every few seconds asks whether it is back.
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
from api.security.deadline import Deadline
from database.access import shop_access
from database.engine import Database

logger = logging.getLogger("pilito.api")

BURST_SECONDS = 10.0
SHARE_SECONDS = 0.1
"""A share is what flows in meanwhile, and at least one request: a small limit is exact."""

ANSWER_WITHIN = 0.25
ASK_AGAIN_AFTER = 2.0


@dataclass(slots=True)
class _Share:
    """What is left to give out of a token's bucket, or until when that is empty."""

    left: int = 0
    empty_until: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimit:
    """Refills steadily, and lets some seconds' worth through at once."""

    def __init__(self, database: Database, per_minute: int) -> None:
        rate = per_minute / 60
        capacity = max(1.0, rate * BURST_SECONDS)
        self._database = database
        self._size = max(1, int(rate * SHARE_SECONDS))
        self._price = timedelta(seconds=self._size / rate)
        self._burst = timedelta(seconds=capacity / rate)
        self._own = Buckets(rate=rate, capacity=capacity)
        self._shares: OrderedDict[int, _Share] = OrderedDict()
        self._alone_until = 0.0
        self._deadline = Deadline()

    async def check(self, token_id: int) -> None:
        """Take one request from the token's bucket; 429 with `Retry-After` where it is empty."""
        wait = await self._take(token_id)
        if wait > 0:
            raise too_many(wait)

    async def close(self) -> None:
        await self._deadline.close()

    async def _take(self, token_id: int) -> float:
        """Take one and answer 0, or answer the seconds until it is worth asking again."""
        share = self._share(token_id)
        if share.left <= 0:
            async with share.asking:
                if share.left <= 0 and not await self._fill(token_id, share):
                    return self._own.take(token_id)
        if share.left <= 0:
            return max(share.empty_until - time.monotonic(), 0.001)
        share.left -= 1
        return 0.0

    def _share(self, token_id: int) -> _Share:
        share = self._shares.setdefault(token_id, _Share())
        self._shares.move_to_end(token_id)
        if len(self._shares) > TRACKED:
            self._shares.popitem(last=False)
        return share

    async def _fill(self, token_id: int, share: _Share) -> bool:
        """Ask for another share, unless it is known that there is none; False where nobody answers."""
        now = time.monotonic()
        if now < share.empty_until:
            return True
        if now < self._alone_until:
            return False
        if self._alone_until:
            self._alone_until = now + ASK_AGAIN_AFTER  # we ask, nobody else
        wait = await self._ask(token_id)
        if wait is None:
            return False
        if self._alone_until:
            self._alone_until = 0.0
            logger.info("request limits are shared again")
        if wait > 0:
            share.empty_until = time.monotonic() + wait
        else:
            share.left += self._size
        return True

    async def _ask(self, token_id: int) -> float | None:
        """Seconds until there is a share, 0 where we got it, None where Postgres did not say in time."""
        try:
            return await self._deadline.wait(self._lease(token_id), seconds=ANSWER_WITHIN)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            self._stay_alone(type(error).__name__)
            return None

    async def _lease(self, token_id: int) -> float:
        async with self._database.single() as connection:
            return await shop_access.lease(connection, token_id, price=self._price, burst=self._burst)

    def _stay_alone(self, why: str) -> None:
        if not self._alone_until:
            logger.warning("request limits are kept per process while Postgres does not answer: %s", why)
        self._alone_until = time.monotonic() + ASK_AGAIN_AFTER


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
