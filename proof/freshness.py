"""Edited → searchable: from the moment a shop sends a change until search has it in full.

The plugin's way is the route with a token. The native way is WooCommerce's own webhook: a signed variation,
which proves nothing about its product, so the service reads the whole product from the shop first. Both wait
for the debounce of 2 s. The plugin's own wait in the shop (5 s by default) comes before and is not included.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from bench.catalogue import product
from fakes.woocommerce import ShopServer
from proof.rows import Row, Target, failed, percentile
from proof.running.stack import DEFAULT_DEBOUNCE, Stack, Terms, running
from proof.running.store import Answer, Store, event, opened
from proof.running.traffic import at_rate, side_by_side

RATES = (1, 5, 10)
WAYS = ("token", "signed")
SECONDS = 25
LEAST_EVENTS = 30
PRODUCTS = 400
WARM_UP = 10
POLL = 0.01
SECONDS_TO_SETTLE = 60.0
TARGETS = {50: Target(most=2.5, unit=" s"), 95: Target(most=3, unit=" s"), 99: Target(most=5, unit=" s")}
NAMES = {"token": "the plugin's way", "signed": "WooCommerce's own webhook, confirmed by the shop"}


class Watch:
    """Notes when each title became searchable, from a thread that looks every 10 ms."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sent: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")

    def expect(self, title: str) -> None:
        """Begin to wait for a title; call it right before the request."""
        self._sent[title] = time.perf_counter()

    @contextmanager
    def looking(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(POLL):
            if missing := self.missing:
                now_searchable = self._store.searchable(missing)
                now = time.perf_counter()
                self._seconds |= {title: now - self._sent[title] for title in now_searchable}

    def wait(self) -> None:
        """Return when nothing is missing, or after a minute."""
        until = time.monotonic() + SECONDS_TO_SETTLE
        while self.missing and time.monotonic() < until:
            time.sleep(POLL)

    @property
    def missing(self) -> set[str]:
        return set(self._sent) - set(self._seconds)

    @property
    def seconds(self) -> list[float]:
        return list(self._seconds.values())


class Edits:
    """A shop with products, and edits of one after the other, sent in one of the two ways."""

    def __init__(self, store: Store, shop: ShopServer, way: str) -> None:
        self._store = store
        self._shop = shop
        self._way = way
        self._ids = [self._added(number) for number in range(1, PRODUCTS + 1)] if way == "signed" else []

    def _added(self, number: int) -> int:
        made = product(number)
        return self._shop.add(
            name=made["name"], description=made["description"], variations=[{"price": made["price"]}]
        )

    def edit(self, number: int, watch: Watch) -> Answer:
        """Edit one product and send the change."""
        made = product(number + 1)
        title = f"{made['name']} ویرایش {time.time_ns()}"
        if self._way == "token":
            watch.expect(title)
            return self._store.send(event({**made, "name": title}))
        id_ = self._ids[number % PRODUCTS]
        self._shop.change(id_, name=title)
        (variation,) = self._shop.products[id_]["variations"]
        body = {**self._shop.variations[variation], "type": "variation"}
        watch.expect(title)
        return self._store.deliver(body)


def measure_one(stack: Stack, way: str, rate: float, events: int) -> list[Row]:
    """Returns a row for each percentile at one rate."""
    command = f"freshness --rate {rate:g} --way {way}"
    name = f"{NAMES[way]}, {rate:g} a second"
    with ShopServer() as shop, opened(stack, shop if way == "signed" else None) as store:
        edits, watch = Edits(store, shop, way), Watch(store)
        warm = Watch(store)
        with warm.looking():
            side_by_side(lambda number: edits.edit(PRODUCTS - 1 - number, warm), range(WARM_UP))
            warm.wait()
        with watch.looking():
            calls: list[Callable[[], Answer]] = [
                partial(edits.edit, number, watch) for number in range(events)
            ]
            answers = at_rate(calls, rate)
            watch.wait()
        refused = sum(not answer.is_accepted for answer in answers)
        if watch.missing or refused:
            why = f"{len(watch.missing)} of {events} not searchable after {SECONDS_TO_SETTLE:.0f} s"
            return [failed(name, command, f"{why}, {refused} not accepted")]
    return [
        target.row(
            f"{name}: p{percent}",
            command,
            (value := percentile(watch.seconds, percent)),
            f"{value:.2f} s of {events} events, debounce {stack.terms.debounce_seconds:g} s",
        )
        for percent, target in TARGETS.items()
    ]


def measure(
    rates: "tuple[float, ...]" = RATES, ways: tuple[str, ...] = WAYS, events: int | None = None
) -> list[Row]:
    """Returns the rows of every rate and way, on one service."""
    rows: list[Row] = []
    with running(Terms(debounce_seconds=DEFAULT_DEBOUNCE)) as stack:
        for way in ways:
            for rate in rates:
                rows += measure_one(stack, way, rate, events or max(LEAST_EVENTS, round(rate * SECONDS)))
    return rows
