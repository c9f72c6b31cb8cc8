"""Moments in filters, as people of a language write them and as pages show them.

Persian ones are Jalali in Tehran's time, English ones in UTC. Both languages take both calendars, which
differ in their years, and a moment with a zone as the API writes it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from persiantools import digits
from persiantools.jdatetime import JalaliDateTime

from api.console.formats import ZONES
from api.console.language import Language

FIRST_GREGORIAN = 1700
"""Years before it are Jalali: the year 1700 of that calendar is 2321 of the other."""

FIRST_JALALI = 1000

_MONTHS: Mapping[str, int] = {
    name: number
    for names in (
        "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "january february march april may june july august september october november december",
    )
    for number, name in enumerate(names.split(), start=1)
}

_TIME = r"(?:[T\s,،]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?(?P<utc>\s*UTC)?"
_NUMBERS = re.compile(
    rf"(?P<year>\d{{4}})(?P<sign>[/.-])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){_TIME}",
    re.IGNORECASE,
)
_WORDS = re.compile(rf"(?P<day>\d{{1,2}})\s+(?P<month>[^\W\d]+)\s+(?P<year>\d{{4}}){_TIME}", re.IGNORECASE)
_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)

_MARKS = re.compile("[\u200c\u200e\u200f\u2066-\u2069\ufeff]")
"""What steers the direction of text, and comes along when a person copies a time."""

EXPECTED = "expected a day such as 1405/09/05 or 2026-11-26, with or without a time such as 14:30"


def read(written: str, language: Language, *, whole_day: bool = False) -> datetime:
    """Returns the moment in UTC; with `whole_day`, a day without a time stands for its end.

    Raises ValueError for what is no moment, and for a day that the calendar does not have.
    """
    text = " ".join(_MARKS.sub("", digits.fa_to_en(digits.ar_to_fa(written))).split())
    try:
        if _WITH_ZONE.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        found = _NUMBERS.fullmatch(text) or _WORDS.fullmatch(text)
        if found is None:
            raise ValueError(EXPECTED)
        local = _local(found)
        if whole_day and found["hour"] is None:
            local += timedelta(days=1)
        zone = UTC if found["utc"] else ZONES[language]
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(EXPECTED) from None


def _local(found: re.Match[str]) -> datetime:
    """Returns the moment on the clock of its zone; raises ValueError."""
    year, day = int(found["year"]), int(found["day"])
    month = _MONTHS.get(found["month"].lower()) or int(found["month"])
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if year >= FIRST_GREGORIAN:
        return datetime(year, month, day, hour, minute, second)
    if year < FIRST_JALALI:
        raise ValueError(EXPECTED)
    jalali = JalaliDateTime(year, month, day, hour, minute, second)  # type: ignore[no-untyped-call]
    local: datetime = jalali.to_gregorian()  # type: ignore[no-untyped-call]  # the library is untyped
    return local


def write(moment: datetime | None, language: Language) -> str:
    """Returns a moment as a field of a form has it, to the second; empty for None.

    `read` returns the same moment for it. A moment that has no such form is written with its zone.
    """
    if moment is None:
        return ""
    at = moment.astimezone(UTC).replace(microsecond=0)
    try:
        written = _written(at, language)
        if read(written, language) == at:
            return written
    except (ValueError, OverflowError):
        pass
    return iso(at)


def _written(at: datetime, language: Language) -> str:
    local = at.astimezone(ZONES[language])
    clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    if language is not Language.PERSIAN:
        return f"{local.date().isoformat()}T{clock}"
    jalali = JalaliDateTime(local)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return digits.en_to_fa(f"{jalali.year:04}/{jalali.month:02}/{jalali.day:02} {clock}")


def iso(moment: datetime) -> str:
    """Returns a moment as addresses and the API have it, such as `2026-11-26T10:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
