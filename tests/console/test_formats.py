"""Numbers, prices and times as people of a language read them."""

from datetime import UTC, datetime, timedelta

import pytest

from api.console.formats import Formats
from api.console.language import Language

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
PERSIAN, ENGLISH = Formats(Language.PERSIAN, NOW), Formats(Language.ENGLISH, NOW)


@pytest.mark.parametrize(
    ("value", "places", "persian", "english"),
    [
        (1250000, None, "۱٬۲۵۰٬۰۰۰", "1,250,000"),
        ("19.90", None, "۱۹٫۹", "19.9"),
        (0.5, 2, "۰٫۵۰", "0.50"),
        (-1200, None, "-۱٬۲۰۰", "-1,200"),
        (None, None, "", ""),
        ("", None, "", ""),
        ("no number", None, "no number", "no number"),
        ("NaN", None, "NaN", "NaN"),
    ],
)
def test_a_number_has_the_digits_and_separators_of_its_language(
    value: object, places: int | None, persian: str, english: str
) -> None:
    assert PERSIAN.number(value, places) == persian  # type: ignore[arg-type]  # also what is no number
    assert ENGLISH.number(value, places) == english  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("currency", "persian", "english"),
    [
        ("IRT", "۱٬۲۰۰ تومان", "1,200 toman"),
        ("IRR", "۱٬۲۰۰ ریال", "1,200 rial"),
        ("irht", "۱٬۲۰۰ هزار تومان", "1,200 thousand toman"),
        ("EUR", "۱٬۲۰۰ \u2066EUR\u2069", "1,200 EUR"),
        (None, "۱٬۲۰۰", "1,200"),
    ],
)
def test_a_price_names_its_currency(currency: str | None, persian: str, english: str) -> None:
    assert PERSIAN.price("1200", currency) == persian
    assert ENGLISH.price("1200", currency) == english
    assert PERSIAN.price(None, currency) == ""


@pytest.mark.parametrize(
    ("seconds", "persian", "english"),
    [
        (0.25, "۲۵۰ میلی‌ثانیه", "250 ms"),
        (1, "۱ ثانیه", "1 second"),
        (1.24, "۱٫۲ ثانیه", "1.2 seconds"),
        (3.99, "۴ ثانیه", "4 seconds"),
        (9.96, "۱۰ ثانیه", "10 seconds"),
        (61, "۱ دقیقه", "1 minute"),
        (7_300, "۲ ساعت", "2 hours"),
        (86_400, "۱ روز", "1 day"),
        (None, "", ""),
    ],
)
def test_a_span_is_in_its_largest_unit(seconds: float | None, persian: str, english: str) -> None:
    assert PERSIAN.span(seconds) == persian
    assert ENGLISH.span(seconds) == english


def test_a_moment_is_jalali_in_persian_and_keeps_its_iso_form() -> None:
    shown = PERSIAN.time(NOW)
    assert shown == (
        '<time datetime="2026-11-26T10:00:00Z" title="2026-11-26T10:00:00Z">۵ آذر ۱۴۰۵، ۱۳:۳۰:۰۰</time>'
    )
    assert ">26 Nov 2026, 10:00:00 UTC<" in ENGLISH.time("2026-11-26T10:00:00+00:00")
    assert PERSIAN.time(None) == ENGLISH.ago(None) == ""


def test_how_long_ago_a_moment_was_is_titled_with_the_moment() -> None:
    assert ">۲ ساعت پیش<" in PERSIAN.ago(NOW - timedelta(hours=2))
    assert 'title="۵ آذر ۱۴۰۵، ۱۱:۳۰:۰۰"' in PERSIAN.ago(NOW - timedelta(hours=2))
    assert ">in 5 minutes<" in ENGLISH.ago(NOW + timedelta(minutes=5))
