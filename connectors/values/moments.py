"""Times in every spelling of shops, in UTC."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.values.text import plain

FIRST_YEAR = 1971
"""No product was changed earlier: the zero dates of databases and platforms are 0000, 0001, 1900 and 1970."""

_BEFORE_CHRIST = re.compile(
    r"-[0-9]{1,4}-[0-9].*|(?:[a-z, ]*[0-9]{1,2}[a-z, ]*|[0-9]{1,2}[-/.][0-9]{1,2}[-/.])-0*1\b.*",
    re.IGNORECASE,
)
_ZEROS = re.compile(r"(?=.*0)[0\s:./TZ+-]+")
_DIGITS = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,9})?")
_COMPACT = re.compile("((?:19|20)[0-9]{6})(?:([0-9]{4})|([0-9]{6})([0-9]{3}|[0-9]{6}|))?")
_ISO = re.compile(
    r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})(?:[T ]+([0-9:.,]+))? ?(Z|UTC|GMT|[+-][0-9:]{2,8})?"
)
_RFC_2822 = re.compile(
    r"(?:[a-z]{3,9},? )?[0-9]{1,2}[ -][a-z]{3,9}[ -][0-9]{4} [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
    r"(?: (?:[+-][0-9]{4}|[a-z]{1,5}))?",
    re.IGNORECASE,
)

_LEAST, _MOST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2000, 2100))
_SCALES = (1, 10**3, 10**6, 10**9)
"""The parts of a second in which unix times are counted. From 2000 to 2100 they have no number in common."""

_EXPECTED = "expected a time such as 2026-11-20T10:00:00Z"


def moment(text: str) -> datetime | None:
    """Returns the time in a text, None for an empty one and for a zero date; raises ValueError.

    A text without a zone is in UTC, as WordPress writes it.
    """
    written = plain(text)
    if not written or _ZEROS.fullmatch(written) or _BEFORE_CHRIST.fullmatch(written):
        return None
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return _utc(_read(written))
    raise ValueError(f"{text.strip()[:40]!r} is not a time; {_EXPECTED}")


def unix_time(value: float) -> datetime | None:
    """Returns the time of a unix time in seconds or in a smaller unit, None up to 0; raises ValueError.

    The zero date of WordPress is a negative unix time. A number that is a time from 2000 to 2100 in no unit
    is no unix time.
    """
    if value <= 0:
        return None
    for divisor in _SCALES:
        if _LEAST * divisor <= value < _MOST * divisor:
            seconds, rest = divmod(value, divisor)
            return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=int(rest * 10**6 // divisor))
    raise ValueError(f"{str(value)[:40]} is not a unix time; {_EXPECTED}")


def _read(written: str) -> datetime | None:
    if found := _COMPACT.fullmatch(written):
        day, minute, second, fraction = found.groups(default="")
        return datetime.fromisoformat(f"{day}T{minute or second or '00'}{fraction and '.'}{fraction}")
    if _DIGITS.fullmatch(written):
        return unix_time(float(written) if "." in written else int(written))
    if found := _ISO.fullmatch(written.upper()):
        year, _, month, day, time, zone = found.groups()
        zone = "+00:00" if zone in ("Z", "UTC", "GMT") else zone
        return datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{time or '00:00'}{zone or ''}")
    if _RFC_2822.fullmatch(written):
        return parsedate_to_datetime(written)
    return datetime.fromisoformat(written)


def _utc(read: datetime | None) -> datetime | None:
    if read is None or read.year < FIRST_YEAR:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
