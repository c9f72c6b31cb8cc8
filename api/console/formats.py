"""Numbers, prices and times as people of a language read them; the one place for all pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from persiantools.jdatetime import MONTH_NAMES_FA, JalaliDate

from api.console import reasons
from api.console.language import Language, text

ZONES: Mapping[Language, tzinfo] = {Language.PERSIAN: ZoneInfo("Asia/Tehran"), Language.ENGLISH: UTC}

_NUMBER = re.compile(r"\d{1,3}(,\d{3})+|\d{1,15}")
_CLOCK = re.compile(r"\d{1,2}:\d\d:\d\d(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_THOUSANDS = {Language.PERSIAN: "٬", Language.ENGLISH: ","}
_POINT = {Language.PERSIAN: "٫", Language.ENGLISH: "."}
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_CURRENCIES = {"IRT": "toman", "IRR": "rial", "IRHT": "thousand_toman", "IRHR": "thousand_rial"}


@dataclass(frozen=True, slots=True)
class Formats:
    """Formats of one language, at one moment."""

    language: Language
    now: datetime

    def digits(self, value: object) -> str:
        """Returns text with the digits of the language."""
        written = str(value)
        return written.translate(_PERSIAN_DIGITS) if self.language is Language.PERSIAN else written

    def number(self, value: int | float | Decimal | str | None, places: int | None = None) -> str:
        """Returns a number with separators; with `places`, rounded to so many. Nothing for None."""
        if value is None or value == "":
            return ""
        if isinstance(value, int) and places is None:
            return self.digits(f"{value:,}".replace(",", _THOUSANDS[self.language]))
        try:
            exact = Decimal(str(value))
        except InvalidOperation:
            return str(value)
        if not exact.is_finite():
            return str(value)
        written = f"{exact:,f}" if places is None else f"{exact:,.{places}f}"
        whole, _, fraction = written.partition(".")
        fraction = fraction.rstrip("0") if places is None else fraction
        joined = whole.replace(",", _THOUSANDS[self.language])
        return self.digits(f"{joined}{_POINT[self.language]}{fraction}" if fraction else joined)

    def percent(self, share: float) -> str:
        """Returns a share of 1 in percent."""
        sign = "٪" if self.language is Language.PERSIAN else "%"
        return f"{self.number(round(share * 100), 0)}{sign}"

    def price(self, amount: Decimal | str | None, currency: str | None) -> str:
        """Returns a price in the shop's own currency; nothing without an amount."""
        if amount is None or amount == "":
            return ""
        known = _CURRENCIES.get((currency or "").upper())
        unit = text(self.language, f"currency.{known}") if known else self._isolated(currency or "")
        return f"{self.number(amount)} {unit}".strip()

    def _isolated(self, code: str) -> str:
        """Returns a code so that it keeps its own direction in a Persian line."""
        return f"\u2066{code}\u2069" if code and self.language is Language.PERSIAN else code

    def time(self, moment: datetime | str | None) -> Markup:
        """Returns a `time` element: the moment in the calendar of the language, titled in ISO."""
        if not moment:
            return Markup("")
        at, iso = _in_utc(moment)
        return _element(iso, title=iso, said=self._written(at))

    def ago(self, moment: datetime | str | None) -> Markup:
        """Returns a `time` element that says how long ago a moment was."""
        if not moment:
            return Markup("")
        at, iso = _in_utc(moment)
        seconds = (self.now - at).total_seconds()
        words = text(
            self.language, "time.ago" if seconds >= 0 else "time.ahead", time=self.span(abs(seconds))
        )
        return _element(iso, title=self._written(at), said=words)

    def clock(self, at: datetime) -> str:
        """Returns the hour and minute of a moment."""
        return self.digits(at.astimezone(ZONES[self.language]).strftime("%H:%M"))

    def day(self, day: date) -> str:
        """Returns a day in the calendar of the language, without its year."""
        if self.language is Language.PERSIAN:
            jalali = JalaliDate(day)  # type: ignore[no-untyped-call]  # the library leaves it untyped
            return self.digits(f"{jalali.day} {MONTH_NAMES_FA[jalali.month]}")
        return day.strftime("%-d %b")

    def span(self, seconds: float | None) -> str:
        """Returns a length of time in its largest unit; parts of seconds below ten."""
        if seconds is None:
            return ""
        if seconds < 1:
            return text(self.language, "time.millisecond", n=self.number(round(seconds * 1000)))
        seconds = round(seconds, 1) if seconds < 10 else seconds
        if seconds < 10 and seconds != int(seconds):
            return text(self.language, "time.seconds", n=self.number(seconds))
        name, size = next((name, size) for name, size in _UNITS if seconds >= size)
        count = int(seconds // size)
        key = f"time.{name}" if count == 1 or self.language is Language.PERSIAN else f"time.{name}s"
        return text(self.language, key, n=self.number(count))

    def status(self, name: str) -> Markup:
        """Returns the status of an event or a sync, as a word with its colour."""
        said = text(self.language, f"status.{name}")
        return Markup(f'<span class="status status-{escape(name)}">{said}</span>')  # noqa: S704 - escaped

    def code(self, value: object) -> Markup:
        """Returns an id or a code, which keeps its own direction."""
        return Markup(f'<bdi class="code" dir="ltr">{escape(value)}</bdi>')  # noqa: S704 - escaped

    def reason(self, said: str | None) -> Markup:
        """Returns why something happened: a sentence of the service, in the language of the page.

        What has no translation stays English, marked as a technical message.
        """
        if not said:
            return Markup("")
        return escape(said) if self.language is Language.ENGLISH else _in_persian(said)

    def _value(self, said: str, is_number: bool) -> Markup:  # noqa: FBT001 - called by position only
        if is_number and _NUMBER.fullmatch(said):
            return Markup(self.number(said.replace(",", "")))  # noqa: S704 - digits and separators
        if _CLOCK.fullmatch(said):
            return Markup("<bdi>{}</bdi>").format(self.digits(said))
        if _MOMENT.fullmatch(said):
            return self.time(datetime.strptime(said, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC))
        return Markup("<bdi>{}</bdi>").format(said)

    def _technical(self, said: str) -> Markup:
        return Markup('<span class="technical">{} <bdi lang="en" dir="ltr">{}</bdi></span>').format(
            text(self.language, "reason.technical"), said
        )

    def _written(self, at: datetime) -> str:
        local = at.astimezone(ZONES[self.language])
        if self.language is Language.PERSIAN:
            jalali = JalaliDate(local.date())  # type: ignore[no-untyped-call]  # the library leaves it untyped
            day = f"{jalali.day} {MONTH_NAMES_FA[jalali.month]} {jalali.year}"
            return self.digits(f"{day}، {local:%H:%M:%S}")
        return local.strftime("%-d %b %Y, %H:%M:%S UTC")


@lru_cache(maxsize=500)
def _in_persian(reason: str) -> Markup:
    """Returns a reason in Persian; a log has the same ones many times."""
    of_any_moment = Formats(Language.PERSIAN, datetime.min)
    return reasons.persian(reason, value=of_any_moment._value, untranslated=of_any_moment._technical)


def _in_utc(moment: datetime | str) -> tuple[datetime, str]:
    """Returns a moment in UTC, and in ISO."""
    at = (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(UTC)
    return at, at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _element(iso: str, *, title: str, said: str) -> Markup:
    written = f'<time datetime="{iso}" title="{escape(title)}">{escape(said)}</time>'
    return Markup(written)  # noqa: S704 - its parts are escaped, and a log has many of them
