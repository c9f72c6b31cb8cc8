"""What a failure of somebody else's system means to us.

again       it passes by itself: Temporal asks again, after `Retry-After` where one was named
wait        somebody must act (pay, renew a key): asked again at long intervals, without giving up
never       the same request can never succeed: the event fails and says why
"""

from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum


class Retry(StrEnum):
    RETRY = "again"
    BLOCKED = "wait"
    FATAL = "never"


WAIT_INTERVAL = timedelta(minutes=5)

LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a failure means; `pause` overrides Temporal's own backoff, `reason` is for people."""

    retry: Retry
    reason: str
    pause: timedelta | None = None


def seconds(value: str | None) -> float | None:
    """A header's number; None for anything else."""
    try:
        return float(value) if value else None
    except ValueError:
        return None


def bounded(asked: float | None) -> timedelta | None:
    """Never negative, and no longer than `LONGEST_PAUSE`."""
    if asked is None or not asked >= 0:
        return None
    return min(timedelta(seconds=min(asked, 1e6)), LONGEST_PAUSE)


def retry_after(value: str | None, *, now: float) -> timedelta | None:
    """A `Retry-After`: seconds or a date; `now` is seconds since the epoch."""
    asked = seconds(value)
    if asked is None and value:
        try:
            asked = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return bounded(asked)
