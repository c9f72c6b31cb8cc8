"""Whether a worker embeds a text at once, while it holds the workflow task of its event."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

PLACES = 8
"""First tries at a time. They take places of database steps, so a frozen service must leave most of them."""

LONGEST = timedelta(seconds=4)
"""How long a first try may take; a worker that stops waits longer than that."""

CLOSED_FOR = timedelta(seconds=30)
"""How long there are no first tries after one has failed, or longer if the service asks for it."""


class FirstTries:
    """The places for first tries of one process.

    A try that fails closes them. When they open again, there is one place until a try has succeeded. So a
    service that is down, slow or asks for a pause gets its requests from the step that Temporal retries, and
    the events of other stores do not wait behind it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken = 0
        self._is_failing = False
        self._closed_until = clock()

    @property
    def are_open(self) -> bool:
        """Whether a try may be made now, if there is a place for it."""
        return self._clock() >= self._closed_until

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Yield whether there is a place, and hold it inside the block."""
        if not self.are_open or self._taken >= (1 if self._is_failing else PLACES):
            yield False
            return
        self._taken += 1
        try:
            yield True
        finally:
            self._taken -= 1

    def succeeded(self) -> None:
        """Note that the service has answered a first try."""
        self._is_failing = False

    def failed(self, pause: timedelta | None = None) -> None:
        """Close the places; `pause` is how long the service asked to be left alone."""
        self._is_failing = True
        closed_until = self._clock() + max(CLOSED_FOR, pause or timedelta()).total_seconds()
        self._closed_until = max(self._closed_until, closed_until)
