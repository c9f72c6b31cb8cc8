"""Ctrl-C, `kill` and a closed terminal, handled between two steps instead of in the middle of one."""

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """One of the signals came."""


class Interruption:
    """While entered, a signal only makes `pause` raise `Interrupted`, from then on each time."""

    def __init__(self) -> None:
        self._came = False
        self._at_once = False
        self._read, self._write = os.pipe()

    def __enter__(self) -> "Interruption":
        wanted = [number for number in SIGNALS if not _set_aside(number)]
        self._before = {number: signal.signal(number, self._hear) for number in wanted}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def pause(self, seconds: float) -> None:
        """Sleep; raise `Interrupted` as soon as a signal came."""
        select.select([self._read], [], [], seconds)
        if self._came:
            raise Interrupted

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Within, a signal raises `Interrupted` at once, for code that does not call `pause`."""
        self.pause(0)
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def _hear(self, _: int, __: FrameType | None) -> None:
        if not self._came:
            self._came = True
            os.write(self._write, b"!")
        if self._at_once:
            raise Interrupted


def _set_aside(number: signal.Signals) -> bool:
    """Returns whether `nohup` made us ignore the end of the terminal."""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
