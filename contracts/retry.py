"""The retry decision for a failure of another system.

again       temporary: Temporal retries, after `Retry-After` if the answer has one
wait        an operator must act (pay, renew a key): retried at long intervals, without an end
never       the same request can never succeed: the event fails with the reason
"""

from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum


class Retry(StrEnum):
    """Whether a failed request is retried; the module's docstring describes the values."""

    RETRY = "again"
    BLOCKED = "wait"
    FATAL = "never"


ROW_GONE = "row gone"
"""The type of the final error of a step that finds no row of its workflow."""

WAIT_INTERVAL = timedelta(minutes=5)

LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure and its retry decision; `pause` overrides Temporal's backoff, `reason` is for people.

    An `expected` one is part of normal work or was logged already: Temporal logs no traceback for it.
    """

    retry: Retry
    reason: str
    pause: timedelta | None = None
    expected: bool = False


def seconds(value: str | None) -> float | None:
    """Returns the number in a header; None for anything else."""
    try:
        return float(value) if value else None
    except ValueError:
        return None


def bounded(asked: float | None) -> timedelta | None:
    """Returns a pause of at most `LONGEST_PAUSE`; None for a negative or missing one."""
    if asked is None or not asked >= 0:
        return None
    return min(timedelta(seconds=min(asked, 1e6)), LONGEST_PAUSE)


def retry_after(value: str | None, *, now: float) -> timedelta | None:
    """Returns the pause of a `Retry-After` header (seconds or a date); `now` is seconds since the epoch."""
    asked = seconds(value)
    if asked is None and value:
        try:
            asked = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return bounded(asked)
