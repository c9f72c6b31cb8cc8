"""Places for visits to shops in one process: shops that answer slowly, or not at all, hold few of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from activities.errors import application_error
from contracts.retry import Failure, Retry

SLOW_AFTER = 2.0
"""Seconds without an answer after which a visit needs a place for slow shops."""

BUSY = Failure(
    retry=Retry.RETRY,
    reason="The worker is reading as many shops as it may at a time.",
    pause=timedelta(seconds=1),
    expected=True,
)
SLOW = Failure(
    retry=Retry.RETRY,
    reason="The shop is slow, and the worker is reading as many slow shops as it may at a time.",
    pause=timedelta(seconds=5),
    expected=True,
)


class Places:
    """Admits visits; `quick` and `slow` are how many there may be of each kind.

    A visit is quick until one of its requests takes longer than `SLOW_AFTER`. Then it becomes slow, or is
    given up if all places for slow shops are taken. The next visit of that shop is slow from the start. A
    visit that waits so long for a slot of our rate limit needs a place for slow shops too. A shop has one
    slow place at most, and `of_one_shop` quick ones once it has answered quickly.
    """

    def __init__(self, *, quick: int, slow: int, of_one_shop: int, slow_after: float = SLOW_AFTER) -> None:
        self._quick_places, self._slow_places = quick, slow
        self._of_one_shop = of_one_shop
        self._slow_after = slow_after
        self._quick: Counter[int] = Counter()
        self._slow: set[int] = set()
        self._answer_quickly: set[int] = set()
        self._answer_slowly: set[int] = set()

    @contextmanager
    def visit(self, store_id: int, *, is_failing: bool) -> Iterator["Visit"]:
        """Hold a place; raises a retryable error if there is none for this shop."""
        visit = Visit(self, store_id, self._slow_after)
        if is_failing or store_id in self._answer_slowly:
            if not self._take_slow(store_id):
                raise application_error(SLOW)
            visit.is_slow = True
        else:
            limit = self._of_one_shop if store_id in self._answer_quickly else 1
            if self._quick.total() >= self._quick_places or self._quick[store_id] >= limit:
                raise application_error(BUSY)
            self._quick[store_id] += 1
        try:
            yield visit
        finally:
            self._leave(visit)

    def _take_slow(self, store_id: int) -> bool:
        if store_id in self._slow or len(self._slow) >= self._slow_places:
            return False
        self._slow.add(store_id)
        return True

    def _leave(self, visit: "Visit") -> None:
        if visit.is_slow:
            self._slow.discard(visit.store_id)
        else:
            self._quick[visit.store_id] -= 1
            self._quick += Counter()  # removes the shops with a count of 0

    def became_slow(self, visit: "Visit") -> bool:
        """Move a quick visit to a place for slow shops; returns False if none is free."""
        self._answer_slowly.add(visit.store_id)
        self._answer_quickly.discard(visit.store_id)
        return self.hold_slow(visit)

    def can_hold_slow(self, visit: "Visit") -> bool:
        """Returns whether a visit has a place for slow shops, or would find one."""
        free = len(self._slow) < self._slow_places and visit.store_id not in self._slow
        return visit.is_slow or free

    def hold_slow(self, visit: "Visit") -> bool:
        """Move a visit to a place for slow shops, unless it has one; returns False if none is free."""
        if not visit.is_slow:
            if not self._take_slow(visit.store_id):
                return False
            self._leave(visit)
            visit.is_slow = True
        return True

    def was_quick(self, store_id: int) -> None:
        self._answer_quickly.add(store_id)
        self._answer_slowly.discard(store_id)


class Visit:
    """A visit to a shop that holds a place."""

    def __init__(self, places: Places, store_id: int, slow_after: float) -> None:
        self.store_id = store_id
        self.is_slow = False
        self._places = places
        self._slow_after = slow_after

    def may_wait_long(self) -> bool:
        """Returns whether there is a place in which the visit may wait for longer than `SLOW_AFTER`."""
        return self._places.can_hold_slow(self)

    def wait_long(self) -> bool:
        """Take that place, which quick shops do not miss; returns False if there is none any more."""
        return self._places.hold_slow(self)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Measure one request; raises a retryable error if it is slow and has no place for slow shops."""
        loop = asyncio.get_running_loop()
        is_late = False
        try:
            async with asyncio.timeout(None) as limit:

                def is_slow() -> None:
                    nonlocal is_late
                    is_late = True
                    if not self._places.became_slow(self):
                        limit.reschedule(loop.time())

                timer = loop.call_later(self._slow_after, is_slow)
                try:
                    yield
                finally:
                    timer.cancel()
        except TimeoutError:
            if limit.expired():
                raise application_error(SLOW) from None
            raise
        if not is_late:
            self._places.was_quick(self.store_id)
