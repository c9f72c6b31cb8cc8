"""The faults: a process killed, frozen for a minute, or a minute behind the others."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from proof.running.part import Part

SECONDS_TO_NOTICE = 1.0
"""As long as `pilito up` waits before it starts a part that has ended."""

SECONDS_FROZEN = 60.0
SECONDS_BEHIND = 60
CLOCK = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault; `befall` calls `release` once it has begun, and returns once the part serves again."""

    name: str
    title: str
    befall: Callable[[Part, Callable[[], None], float], None]


def _kill(part: Part, release: Callable[[], None], _: float) -> None:
    part.kill()
    release()
    time.sleep(SECONDS_TO_NOTICE)
    part.start()


def _freeze(part: Part, release: Callable[[], None], seconds: float) -> None:
    part.freeze()
    try:
        release()
        threading.Event().wait(seconds)
    finally:
        part.thaw()


def _clock(part: Part, release: Callable[[], None], _: float) -> None:
    if part.clock is None:
        raise LookupError(f"the clock of {part.name} cannot be moved")
    part.clock.set(-SECONDS_BEHIND)
    time.sleep(SECONDS_TO_NOTICE)  # libfaketime reads the file again after a second
    release()


FAULTS = {
    fault.name: fault
    for fault in (
        Fault(name="kill", title="kill -9", befall=_kill),
        Fault(name="freeze", title="SIGSTOP 60 s", befall=_freeze),
        Fault(name=CLOCK, title="clock −60 s", befall=_clock),
    )
}
