"""Load held: as many events as the service ends, for a minute, and the memory of the worker."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

from bench.catalogue import product
from fakes.openai import EmbeddingServer
from proof.rows import Row, Target, failed
from proof.running.stack import Stack, Terms, running
from proof.running.store import Store, event, eventually, opened
from proof.running.traffic import side_by_side

SECONDS = 60.0
MANY_EVENTS = 10_000
SEVERAL_PRODUCTS = 500
BACKLOG = 64
BATCH = 16
SECONDS_TO_SETTLE = 60.0
SECONDS_AT_MOST = 1_200.0
RATE = Target(least=10, unit=" events/s")
FLAT = Target(most=1.1, unit="×")
WARM = 0.4
"""The part of the run after which memory has to be flat: pools, caches and buffers are filled by then."""


@dataclass(slots=True)
class Pumped:
    """How many events ended in how many seconds, and the worker's MiB after so many events."""

    events: int = 0
    seconds: float = 0.0
    memory: dict[int, float] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        """Returns the memory at the end by that of the warm worker."""
        warm = [mib for events, mib in self.memory.items() if events >= WARM * self.events]
        return self.memory[max(self.memory)] / warm[0]


def pump(
    stack: Stack, store: Store, products: Iterator[dict[str, Any]], is_over: Callable[[Pumped], bool]
) -> Pumped:
    """Send events so that a bounded number is under way, until `is_over`, and wait for the last ones."""
    found = Pumped()
    waiting: set[str] = set()
    began = time.monotonic()
    while not is_over(found):
        found.seconds = time.monotonic() - began
        if found.seconds > SECONDS_AT_MOST:
            raise TimeoutError(f"{found.events} events after {found.seconds:.0f} s")
        if len(waiting) < BACKLOG:
            events = [event(each) for each in islice(products, BATCH)]
            answers = side_by_side(store.send, events)
            pairs = zip(events, answers, strict=True)
            waiting |= {each["event_id"] for each, answer in pairs if answer.is_accepted}
        before = len(waiting)
        waiting = store.unfinished(waiting)
        found.events += before - len(waiting)
        if found.events >= max(found.memory, default=0) + BACKLOG:
            found.memory[found.events] = stack.parts["worker"].memory
    found.seconds = time.monotonic() - began
    found.memory[found.events] = stack.parts["worker"].memory
    eventually(
        lambda: not store.unfinished(waiting), seconds=SECONDS_TO_SETTLE, what="the end of the last events"
    )
    return found


def measure(seconds: float = SECONDS) -> list[Row]:
    """Returns the rate that is held, each event of another product, and the growth of the worker."""
    command = "load" if seconds == SECONDS else f"load --seconds {seconds:g}"
    name = f"events ended a second over {seconds:g} s, each of a new product"
    try:
        found = _pumped(map(product, count(1)), lambda so_far: so_far.seconds >= seconds)
    except TimeoutError as error:
        return [failed(name, command, str(error), str(RATE))]
    rate = found.events / found.seconds
    measured = f"{rate:.1f} events/s, {found.events} events in {found.seconds:.0f} s, {BACKLOG} under way"
    return [RATE.row(name, command, rate, measured), _memory_row(found, command)]


def measure_memory(events: int = MANY_EVENTS) -> list[Row]:
    """Returns the growth of the worker over many events, most of which change only a price."""
    command = "memory" if events == MANY_EVENTS else f"memory --events {events}"
    products = (product(1 + n % SEVERAL_PRODUCTS, price=1_000 + n) for n in count())
    try:
        found = _pumped(products, lambda so_far: so_far.events >= events)
    except TimeoutError as error:
        return [failed("memory of the worker", command, str(error), str(FLAT))]
    return [_memory_row(found, command)]


def _pumped(products: Iterator[dict[str, Any]], is_over: Callable[[Pumped], bool]) -> Pumped:
    with (
        EmbeddingServer(instant=True) as embeddings,
        running(Terms(embeddings_url=embeddings.base_url, debounce_seconds=0)) as stack,
        opened(stack) as store,
    ):
        return pump(stack, store, products, is_over)


def _memory_row(found: Pumped, command: str) -> Row:
    last, most = found.memory[max(found.memory)], max(found.memory.values())
    return FLAT.row(
        f"memory of the worker over {found.events:,} events, at the end against {WARM:.0%} of them",
        command,
        found.growth,
        f"{found.growth:.2f}×, {last:.0f} MiB at the end, {most:.0f} MiB at most",
    )
