"""How long a shop's webhooks may be silent."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.webhooks import DeliveryPattern

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=300)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def habit(*, hours: int, usual: timedelta | None, silent_for: timedelta | None) -> DeliveryPattern:
    return DeliveryPattern(
        hours=hours, usual=usual, last_at=None if silent_for is None else NOW - silent_for, now=NOW
    )


@pytest.mark.parametrize(
    ("hours", "usual", "patience"),
    [
        (500, HOUR, DAY),
        (300, 12 * HOUR, 60 * HOUR),
        (20, DAY, 5 * DAY),
        (19, HOUR, 7 * DAY),
        (1, None, 7 * DAY),
        (0, None, 7 * DAY),
    ],
)
def test_patience_is_that_of_the_shop(hours: int, usual: timedelta | None, patience: timedelta) -> None:
    """Five times its usual pause, a day at least, a week where it has no habit."""
    assert habit(hours=hours, usual=usual, silent_for=None).silence_threshold == patience


def test_silence_begins_beyond_the_patience() -> None:
    """Not at it; and only where something was missed."""
    at = habit(hours=500, usual=HOUR, silent_for=DAY)
    beyond = habit(hours=500, usual=HOUR, silent_for=DAY + HOUR)
    assert at.silence(since=LONG_AGO, missed=1) is None
    assert beyond.silence(since=LONG_AGO, missed=1) == DAY + HOUR
    assert beyond.silence(since=LONG_AGO, missed=0) is None


def test_silence_counts_from_when_all_was_put_right() -> None:
    """What was disabled until an hour ago is silent for an hour."""
    late = habit(hours=500, usual=HOUR, silent_for=9 * DAY)
    assert late.silence(since=NOW - HOUR, missed=1) is None
    assert late.silence(since=NOW - 2 * DAY, missed=1) == 2 * DAY


def test_what_never_came_is_silent_too() -> None:
    """A week after it was registered."""
    never = habit(hours=0, usual=None, silent_for=None)
    assert never.silence(since=NOW - 7 * DAY, missed=1) is None
    assert never.silence(since=NOW - 8 * DAY, missed=1) == 8 * DAY
