"""What a failure of somebody else's system means to us.

again       it passes by itself: Temporal asks again, after `Retry-After` where one was named
wait        somebody must act (pay, renew a key): asked again at long intervals, without giving up
never       the same request can never succeed: the event fails and says why
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Posture(StrEnum):
    AGAIN = "again"
    WAIT = "wait"
    NEVER = "never"


WAIT_INTERVAL = timedelta(minutes=5)

LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a failure means; `pause` overrides Temporal's own backoff, `reason` is for people."""

    posture: Posture
    reason: str
    pause: timedelta | None = None
