"""Times as shops write them, in UTC; a zero date is no time."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.values.moments import moment, unix_time

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


def _compact(at: datetime) -> int:
    return int(at.strftime("%Y%m%d%H%M"))


PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T10:00:00",
        "2026-11-20 10:00:00",
        "2026-11-20T10:00:00Z",
        "2026-11-20t10:00:00z",
        "2026-11-20 10:00:00 UTC",
        "2026-11-20T13:30:00+03:30",
        "2026-11-20T13:30:00+0330",
        "2026-11-20 13:30:00 +0330",
        "2026-11-20 09:00:00 -01:00",
        "2026-11-20T10:00:00.000Z",
        "2026/11/20 10:00",
        "20261120100000",
        "202611201000",
        "20261120100000000",
        "20261120100000000000",
        "20261120T100000Z",
        "Fri, 20 Nov 2026 10:00:00 GMT",
        "Fri, 20 Nov 2026 10:00:00 +0000",
        "Fri, 20-Nov-2026 10:00:00 GMT",
        "20 Nov 2026 13:30 +0330",
        " \u200f2026-11-20T10:00:00\ufeff",
        "1795168800",
        "1795168800000",
        "1795168800.0",
        "1795168800000000",
        "1795168800000000000",
    ],
)
def test_every_spelling_of_one_time(written: str) -> None:
    assert moment(written) == TEN
    assert moment(written.translate(PERSIAN)) == TEN


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "0",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0000-00-00T00:00:00Z",
        "0000-00-00T00:00:00+00:00",
        "۰۰۰۰-۰۰-۰۰",
        "00/00/0000",
        "-0001-11-30T00:00:00",
        "-0001-11-30 00:00:00",
        "-001-11-30T00:00:00",
        "-1-11-30",
        "-0001-11-29T20:34:16+00:00",
        "30/11/-0001",
        "November 30, -0001",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+10:00",
        "1900-01-01",
        "1970-01-01T00:00:00",
        "-62169984000",
    ],
)
def test_a_zero_date_is_no_time(written: str) -> None:
    """WordPress, MySQL, PHP and .NET write an unset time in these ways."""
    assert moment(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "2026",
        "20-11-2026",
        "11/20/2026",
        "2026-13-20",
        "2026-00-00 00:00:00",
        "2026-11-20T25:00:00",
        "9999-12-31T23:59:59-10:00",
        "99999999999999999999",
        "12345",
        "202613201000",
        "202611202500",
        "202611201061",
        "20261132",
        "14050829",
        "140508291000",
        "123456789",
        "123456789012",
        "5000000000",
        "1.5.2026",
        "Fri, 31 Feb 2026 10:00:00 GMT",
        "2026-11-20T10:00:00" + " " * 300 + "Z",
    ],
)
def test_other_texts_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        moment(written)


@given(st.integers(0, 10**21) | st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1)).map(_compact))
def test_digits_are_a_time_of_their_own_or_of_a_plausible_unix_time(value: int) -> None:
    """Digits are never the time of another century."""
    try:
        read = moment(str(value))
    except ValueError:
        return
    if read is None:
        assert value == 0 or str(value).startswith(("19", "20"))
    elif str(value).startswith(f"{read.year:04}{read.month:02}{read.day:02}"):
        assert len(str(value)) in (8, 12, 14, 17, 20)
    else:
        assert 2000 <= read.year < 2100
        assert int(read.timestamp()) in (value // unit for unit in (1, 10**3, 10**6, 10**9))


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1)))
def test_digits_of_any_length_that_programs_write(at: datetime) -> None:
    written, at = at.strftime("%Y%m%d%H%M%S%f"), at.replace(tzinfo=UTC)
    assert moment(written) == at
    assert moment(written[:17]) == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert moment(written[:14]) == at.replace(microsecond=0)
    assert moment(written[:12]) == at.replace(second=0, microsecond=0)
    assert moment(written[:8]) == at.replace(hour=0, minute=0, second=0, microsecond=0)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 1, 1)),
    st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_what_programs_write_is_read_back(at: datetime, zone: timezone) -> None:
    there = at.replace(microsecond=0, tzinfo=UTC).astimezone(zone)
    assert moment(there.isoformat()) == there
    assert moment(there.isoformat(" ")) == there
    assert moment(there.strftime("%Y-%m-%d %H:%M:%S %z")) == there
    assert moment(format_datetime(there)) == there
    assert unix_time(int(there.timestamp())) == there
    assert unix_time(int(there.timestamp()) * 1000) == there
    assert moment(str(int(there.timestamp()) * 1000)) == there


@pytest.mark.parametrize("value", [0, -1, -62169984000, -62169984000000, -0.5])
def test_a_unix_time_up_to_zero_is_no_time(value: float) -> None:
    assert unix_time(value) is None


@pytest.mark.parametrize(
    "value",
    [5, 2026, 10**7, 2 * 10**8, 5 * 10**9, 2 * 10**10, 202611201000.0, 10**30, float("inf"), float("nan")],
)
def test_a_number_that_is_no_unix_time_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        unix_time(value)


@given(st.text(max_size=60) | st.text("0123456789-+:/. TZ", max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        read = moment(text)
    except ValueError:
        return
    assert read is None or (read.utcoffset() == timedelta(0) and read.year >= 1970)
