"""How long an answer asks us to wait, however it spells that."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from contracts.failures import LONGEST_PAUSE


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
