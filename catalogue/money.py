"""Prices as integers of minor units of an ISO 4217 currency, and in the words of a shop.

Shops in Iran write prices in toman, which has no ISO code: a toman is ten rial. WooCommerce has codes for
toman, and for thousands of toman and of rial.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal, TypeAlias

from iso4217 import Currency

from catalogue.hygiene import line
from knowledge.currencies import RIALS, SPELLINGS

Language: TypeAlias = Literal["fa", "en"]

LARGEST_AMOUNT = 2**53 - 1
"""The largest integer that every JSON reader holds exactly; UCP allows no larger one."""

_CODE_CHARACTERS = 20
_EXACT = Context(prec=200)

_EXPONENTS = {one.value: one.exponent for one in Currency if one.exponent is not None}
"""ISO code -> decimals. Metals, units of account and test codes have none, and nothing is sold in them."""

_WORDS = {
    "IRR": ("ریال", "rial"),
    "IRT": ("تومان", "toman"),
    "IRHR": ("هزار ریال", "thousand rial"),
    "IRHT": ("هزار تومان", "thousand toman"),
    "AED": ("درهم امارات", "AED"),
    "AFN": ("افغانی", "AFN"),
    "CNY": ("یوان", "CNY"),
    "EUR": ("یورو", "EUR"),
    "GBP": ("پوند", "GBP"),
    "IQD": ("دینار عراق", "IQD"),
    "OMR": ("ریال عمان", "OMR"),
    "QAR": ("ریال قطر", "QAR"),
    "RUB": ("روبل", "RUB"),
    "SAR": ("ریال سعودی", "SAR"),
    "TRY": ("لیر ترکیه", "TRY"),
    "USD": ("دلار آمریکا", "USD"),
}
"""Code -> its words in Persian and in English; other currencies are written with their code."""

_PERSIAN_DIGITS = str.maketrans("0123456789,.", "۰۱۲۳۴۵۶۷۸۹٬٫")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency, such as 1999 USD for 19.99 dollars."""

    amount: int
    currency: str

    @property
    def units(self) -> Decimal:
        """The amount in whole units, with the decimals of the currency: 19.99."""
        return Decimal(self.amount).scaleb(-_EXPONENTS[self.currency], _EXACT)


def code_of(currency: str) -> str:
    """Returns the code that a shop's word for a currency means, in capitals; other words as they are."""
    written = " ".join(currency.replace("\u200c", " ").split())
    return SPELLINGS.get(written.casefold(), written.upper())


def iso_code(currency: str) -> str | None:
    """Returns the ISO 4217 code in which prices of a shop's currency are stated: `IRR` for `IRT`.

    Returns None for a currency without one.
    """
    code = code_of(currency)
    if code in RIALS:
        return "IRR"
    return code if code in _EXPONENTS else None


def has_iso(currency: str) -> bool:
    """Returns whether prices in a shop's currency can be stated in an ISO 4217 currency."""
    return iso_code(currency) is not None


def minor_units(amount: Decimal, currency: str) -> Money | None:
    """Returns an amount of a shop's currency in minor units: 1,250,000 toman is 1,250,000,000 IRR.

    The amount is exact wherever the currency has its decimals; smaller fractions are rounded half up. Returns
    None for a currency without an ISO code, a negative amount, one over `LARGEST_AMOUNT`, and one that would
    be rounded to zero, which would mean free.
    """
    iso = iso_code(currency)
    if iso is None or not amount.is_finite() or amount < 0 or (amount and amount.adjusted() > 20):
        return None
    exact = _EXACT.multiply(amount, RIALS.get(code_of(currency), 1)).scaleb(_EXPONENTS[iso], _EXACT)
    minor = int(exact.to_integral_value(ROUND_HALF_UP))
    if minor > LARGEST_AMOUNT or (minor == 0 and amount != 0):
        return None
    return Money(minor, iso)


def minor_limit(amount: Decimal, currency: str) -> int | None:
    """Returns a limit of prices in minor units, however large it is; None for a currency without an ISO code.

    It is rounded as prices are, so that a price at the limit is still at it.
    """
    iso = iso_code(currency)
    if iso is None:
        return None
    exact = _EXACT.multiply(amount, RIALS.get(code_of(currency), 1)).scaleb(_EXPONENTS[iso], _EXACT)
    return int(exact.to_integral_value(ROUND_HALF_UP))


def shop_amount(minor: int, iso: str, currency: str) -> Decimal | None:
    """Returns minor units of an ISO currency in a shop's own currency: 1,250,000,000 IRR is 1,250,000 toman.

    Returns None if prices in the shop's currency are stated in another one.
    """
    if iso_code(currency) != iso.upper():
        return None
    exact = Decimal(minor).scaleb(-_EXPONENTS[iso.upper()], _EXACT)
    return _EXACT.divide(exact, Decimal(RIALS.get(code_of(currency), 1))).normalize(_EXACT) + 0


def wording(amount: Decimal, currency: str, language: Language) -> str:
    """Returns a price as people write it: `۱٬۲۵۰٬۰۰۰ تومان`, `1,250,000 toman`, `19.99 USD`.

    A currency without a Persian word has its code and Latin digits in both languages. Without a currency it
    is the number alone.
    """
    code = code_of(currency)
    number = _number(amount, _EXPONENTS.get(code, 2))
    own = line(code, _CODE_CHARACTERS)
    persian, english = _WORDS.get(code, ("" if own.isascii() else own, own))
    if language == "fa" and (persian or not english):
        return f"{number.translate(_PERSIAN_DIGITS)} {persian}".strip()
    return f"{number} {english}".strip()


def _number(amount: Decimal, decimals: int) -> str:
    """Returns a number with thousands; a fraction has at least the decimals of its currency."""
    if amount == amount.to_integral_value():
        return f"{amount:,.0f}"
    fraction = -int(amount.normalize(_EXACT).as_tuple().exponent)
    return f"{amount:,.{max(decimals, fraction)}f}"
