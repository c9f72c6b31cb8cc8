"""The events of one fault: one held at every step, and a crowd that is out of order, doubled and retried."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.catalogue import product
from proof.running.store import Store, event

CROWD = "crowd"
"""The name of the events that no step holds."""

VERSIONS = 3
LANES = 6
TOO_MANY = 429
PAUSE_AFTER_REFUSAL = 0.5
SECONDS_TO_SEND = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A version of a product, and the step at which its event is held."""

    number: int
    version: int
    step: str
    body: dict[str, Any]

    @property
    def event_id(self) -> str:
        return str(self.body["event_id"])

    @property
    def title(self) -> str:
        return str(self.body["product"]["name"])

    @property
    def price(self) -> str:
        return str(self.body["product"]["price"])


def change(number: int, version: int, step: str, *, mark: str) -> Change:
    """Returns a version of a product; a higher version was made later in the shop."""
    made = product(number)
    changed = {
        "name": f"{made['name']} نسخه {version}",
        "description": f"{made['description']}<p>نشان {mark}</p>",
        "date_modified_gmt": _moment(version),
    }
    return Change(number=number, version=version, step=step, body=event({**made, **changed}, mark=mark))


def repriced(first: Change, version: int, step: str, *, mark: str) -> Change:
    """Returns a later version of a product with the same text and another price."""
    changed = {"price": str(1_000 + version), "date_modified_gmt": _moment(version)}
    body = event({**first.body["product"], **changed}, mark=mark)
    return Change(number=first.number, version=version, step=step, body=body)


def _moment(version: int) -> str:
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=version)
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def crowd(numbers: Iterable[int], source: random.Random, *, mark: str) -> list[Change]:
    """Returns three versions of each product, each of them twice, in random order."""
    made = [
        change(number, version, CROWD, mark=mark) for number in numbers for version in range(1, VERSIONS + 1)
    ]
    both = [*made, *made]
    source.shuffle(both)
    return both


@dataclass
class Traffic:
    """Sends changes as a shop does: again after a pause, with the same event id, until one is accepted."""

    store: Store
    accepted: list[Change] = field(default_factory=list)
    given_up: list[Change] = field(default_factory=list)
    refusals: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(LANES)
        self._sending: list[Future[None]] = []

    def send(self, changes: Iterable[Change]) -> None:
        """Send in the background."""
        self._sending += [self._pool.submit(self._send, each) for each in changes]

    def wait(self) -> None:
        """Return when everything was accepted or given up; raises what a sender raised."""
        for each in self._sending:
            each.result()
        self._sending.clear()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _send(self, change: Change) -> None:
        until = time.monotonic() + SECONDS_TO_SEND
        while not (answer := self.store.send(change.body)).is_accepted:
            if 400 <= answer.status < 500 and answer.status != TOO_MANY:
                raise RuntimeError(f"{change.event_id} was refused with {answer.status}")
            with self._lock:
                self.refusals += 1
            if time.monotonic() > until:
                with self._lock:
                    self.given_up.append(change)
                return
            time.sleep(PAUSE_AFTER_REFUSAL)
        with self._lock:
            self.accepted.append(change)

    @property
    def newest(self) -> dict[int, Change]:
        """Returns the newest accepted version of each product."""
        found: dict[int, Change] = {}
        for each in self.accepted:
            if each.number not in found or found[each.number].version < each.version:
                found[each.number] = each
        return found

    @property
    def by_step(self) -> dict[str, list[Change]]:
        found = defaultdict[str, list[Change]](list)
        for each in self.accepted:
            found[each.step].append(each)
        return found
