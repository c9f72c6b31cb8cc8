"""A part of `pilito up`: a child process that is started again when it ends."""

import time
from collections.abc import Callable

from embedded.children.processes import Child, StartFailed

FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 30.0
SECONDS_OF_HEALTH = 60.0
"""A part that ran so long starts again without delay."""


class Part:
    """A child that is restarted when it ends, with a growing delay if it ends soon."""

    def __init__(self, start: Callable[[], Child]) -> None:
        self._start = start
        self._backoff = FIRST_BACKOFF
        self._again_at: float | None = None
        self.start()

    def start(self) -> None:
        self.child = self._start()
        self._began = time.monotonic()
        self._again_at = None

    def look(self) -> str | None:
        """Start it again if it is due. Returns the lines to print."""
        now = time.monotonic()
        if self._again_at is not None and now >= self._again_at:
            try:
                self.start()
            except StartFailed as failed:
                self._defer(now)
                return str(failed)
            return f"{self.child.name} runs again."
        if self._again_at is None and self.child.exit_code is not None:
            if now - self._began > SECONDS_OF_HEALTH:
                self._backoff = FIRST_BACKOFF
            ending, delay = self.child.ending, self._backoff
            self.child.stop(0)
            self._defer(now)
            return (
                f"{self.child.name} ended ({ending}); it is started again in {delay:.0f} s.\n"
                f"{self.child.tail()}"
            )
        return None

    def _defer(self, now: float) -> None:
        self._again_at = now + self._backoff
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
