"""Which differences are findings: not while an event of the change may still arrive."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.sync.report import QUEUED_IN_SHOPS, is_on_its_way
from database.sync.diff import Difference, Verdict

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("verdict", "changed_at", "expected"),
    [
        (Verdict.NEW, NOW - A_MOMENT, True),
        (Verdict.NEWER, NOW - QUEUED_IN_SHOPS + A_MOMENT, True),
        (Verdict.RETURNED, NOW, True),
        (Verdict.NEWER, NOW - QUEUED_IN_SHOPS, False),
        (Verdict.NEW, None, False),
        (Verdict.RENAMED, NOW, False),
        (Verdict.OTHERWISE, NOW, False),
    ],
)
def test_a_change_of_the_last_minutes_may_be_on_its_way(
    verdict: Verdict, changed_at: datetime | None, *, expected: bool
) -> None:
    """By the shop's time of change; what sends no event is a finding at once."""
    difference = Difference(
        external_id="woo_1", verdict=verdict, shop_version=changed_at, stored_version=None
    )
    assert is_on_its_way(difference, requested_at=NOW) is expected
