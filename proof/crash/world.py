"""The running service of a crash matrix: a store for events, and shops with syncs."""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from proof.crash.steps import MOMENTS, PAGE, SYNC_STEPS, Holds
from proof.crash.syncs import shops
from proof.crash.traffic import CROWD, Change, change, repriced
from proof.running.stack import Stack, Terms, running
from proof.running.store import admin_of, eventually, opened

DIMENSIONS = 256
CROWD_PRODUCTS = 30
SECONDS_TO_SETTLE = 150.0


class World:
    """A running service with a store for events and one for each step of a sync."""

    def __init__(
        self,
        stack: Stack,
        contexts: ExitStack,
        *,
        crowd_products: int = CROWD_PRODUCTS,
        sync_steps: Sequence[str] = (PAGE, *SYNC_STEPS),
    ) -> None:
        self.stack = stack
        self.crowd_products = crowd_products
        self.store = contexts.enter_context(opened(stack))
        self.holds = Holds(stack.holds)
        self.source = random.Random(19)
        self._number = 0
        self._version = 1
        admin = contexts.enter_context(admin_of(stack))
        self.shops = shops(stack, admin, sync_steps, contexts)
        self.indexed = [change(number, 1, CROWD, mark="warm") for number in self.numbers(len(MOMENTS))]
        self._warm_up()

    def numbers(self, count: int) -> list[int]:
        """Returns numbers of new products."""
        first = self._number + 1
        self._number += count
        return list(range(first, first + count))

    def next_version(self) -> int:
        self._version += 1
        return self._version

    def _warm_up(self) -> None:
        """Let every activity of an event run once, so that it can be held."""
        self.holds.refuse_call("warmrefused")
        (number,) = self.numbers(1)
        refused = change(number, 1, CROWD, mark="warmrefused")
        for each in (*self.indexed, refused):
            self._complete(each)
        for each in self.indexed:
            self._complete(repriced(each, self.next_version(), CROWD, mark="warm"))

    def _complete(self, change: Change) -> None:
        self.store.send(change.body)
        eventually(
            lambda: not self.store.unfinished([change.event_id]),
            seconds=SECONDS_TO_SETTLE,
            what="the end of one of the first events",
        )


@contextmanager
def running_world(movable: str) -> Iterator[World]:
    with ExitStack() as contexts:
        stack = contexts.enter_context(running(Terms(dimensions=DIMENSIONS, movable=movable, holds=True)))
        yield World(stack, contexts)
