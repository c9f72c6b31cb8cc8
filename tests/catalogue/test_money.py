"""Prices in minor units, and in words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from catalogue.money import (
    LARGEST_AMOUNT,
    Language,
    Money,
    code_of,
    has_iso,
    iso_code,
    minor_units,
    shop_amount,
    wording,
)
from tests.support.plugins.examples import examples

IRAN = {"IRR": 1, "IRT": 10, "IRHR": 1_000, "IRHT": 10_000}
EXPONENTS = {one.value: one.exponent for one in Currency if one.exponent is not None}


@pytest.mark.parametrize("currency", ["IRT", "irt", "TOMAN", " toman ", "تومان", "تومن", "تومان ایران"])
def test_a_toman_is_ten_rial(currency: str) -> None:
    """A reader that takes 1,250,000 toman for rial is wrong tenfold."""
    assert minor_units(Decimal(1_250_000), currency) == Money(1_250_000_000, "IRR")
    assert shop_amount(1_250_000_000, "IRR", currency) == 1_250_000


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1250", "IRHT", Money(1_250_000_000, "IRR")),
        ("12500", "IRHR", Money(1_250_000_000, "IRR")),
        ("12500000", "ریال", Money(1_250_000_000, "IRR")),
        ("1250", "هزار تومان", Money(1_250_000_000, "IRR")),
        ("19.99", "USD", Money(1999, "USD")),
        ("19.9", "usd", Money(1990, "USD")),
        ("1980", "JPY", Money(1980, "JPY")),
        ("1.5", "KWD", Money(1500, "KWD")),
        ("0", "EUR", Money(0, "EUR")),
        ("1250.5", "IRT", Money(1_250_500, "IRR")),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str, currency: str, expected: Money) -> None:
    """Currencies have none, two, three or four."""
    assert minor_units(Decimal(amount), currency) == expected


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("10", ""),
        ("10", "BTC"),
        ("10", "XAU"),
        ("10", "XXX"),
        ("10", "ريال"),
        ("10", "﷼"),
        ("10", "$"),
        ("-1", "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("0.001", "USD"),
        (str(LARGEST_AMOUNT), "USD"),
        ("1e400", "JPY"),
    ],
)
def test_what_cannot_be_stated_is_not_stated(amount: str, currency: str) -> None:
    """An unknown or ambiguous currency, a negative or immense amount, and what would be rounded to free."""
    assert minor_units(Decimal(amount), currency) is None


def test_a_fraction_that_a_currency_does_not_have_is_rounded() -> None:
    """Half up, as a shop does in a cart."""
    assert minor_units(Decimal("12.345"), "EUR") == Money(1235, "EUR")
    assert minor_units(Decimal("99.4"), "JPY") == Money(99, "JPY")
    assert minor_units(Decimal("0E+50"), "JPY") == Money(0, "JPY")


@examples(300)
@given(st.sampled_from([*EXPONENTS, *IRAN]), st.integers(0, LARGEST_AMOUNT // 10_000))
def test_amounts_of_every_currency_come_back(currency: str, minor: int) -> None:
    """Exactly, from minor units to the shop's currency and back, in the ISO currency of the shop's."""
    iso = iso_code(currency)
    assert iso is not None
    assert has_iso(currency)
    amount = shop_amount(minor, iso, currency)
    assert amount is not None
    assert minor_units(amount, currency) == Money(minor, iso)
    assert amount * IRAN.get(currency, 1) == Money(minor, iso).units == Decimal(minor) / 10 ** EXPONENTS[iso]


def test_an_amount_of_another_currency_is_not_converted() -> None:
    """Rates are not known here."""
    assert shop_amount(1000, "USD", "IRT") is None
    assert shop_amount(1000, "EUR", "USD") is None
    assert shop_amount(1000, "USD", "") is None
    assert shop_amount(1000, "usd", "USD") == 10


def test_units_have_the_decimals_of_the_currency() -> None:
    """As a feed writes them."""
    assert str(Money(1990, "USD").units) == "19.90"
    assert str(Money(1980, "JPY").units) == "1980"
    assert str(Money(0, "KWD").units) == "0.000"


@pytest.mark.parametrize(
    ("amount", "currency", "persian", "english"),
    [
        ("1250000", "IRT", "۱٬۲۵۰٬۰۰۰ تومان", "1,250,000 toman"),
        ("12500000.00", "IRR", "۱۲٬۵۰۰٬۰۰۰ ریال", "12,500,000 rial"),
        ("1250", "IRHT", "۱٬۲۵۰ هزار تومان", "1,250 thousand toman"),
        ("19.9", "USD", "۱۹٫۹۰ دلار آمریکا", "19.90 USD"),
        ("20", "USD", "۲۰ دلار آمریکا", "20 USD"),
        ("12.345", "EUR", "۱۲٫۳۴۵ یورو", "12.345 EUR"),
        ("1980", "JPY", "1,980 JPY", "1,980 JPY"),
        ("0.5", "BTC", "0.50 BTC", "0.50 BTC"),
        ("3", "سکه", "۳ سکه", "3 سکه"),
        ("1000", "", "۱٬۰۰۰", "1,000"),
        ("0", "IRT", "۰ تومان", "0 toman"),
    ],
)
def test_prices_are_written_as_people_write_them(
    amount: str, currency: str, persian: str, english: str
) -> None:
    """In Persian digits, separators and words, or in Latin ones, and never in some of each."""
    assert wording(Decimal(amount), currency, "fa") == persian
    assert wording(Decimal(amount), currency, "en") == english


@examples(200)
@given(
    st.decimals(0, 10**12, places=3),
    st.sampled_from([*EXPONENTS, *IRAN, "BTC", ""]),
    st.sampled_from(["fa", "en"]),
)
def test_a_price_is_in_one_script(amount: Decimal, currency: str, language: Language) -> None:
    """A line of two scripts is shown in the wrong order by readers from right to left."""
    said = wording(amount, currency, language)
    assert said.isascii() or not any(character.isascii() and character.isalnum() for character in said)


def test_a_hostile_currency_is_one_short_line() -> None:
    """Any text may be a shop's currency."""
    assert wording(Decimal(1), "\u202e<b>x\n" * 100, "en") == "1 X X X X X X X X X X…"


def test_codes_are_read_from_words() -> None:
    """Others stay, in capitals."""
    assert [code_of(word) for word in ("هزار\u200cتومان", "Rial", "eur", "")] == ["IRHT", "IRR", "EUR", ""]
