"""Amounts of money in questions: ۵ میلیون تومان, یک و نیم میلیون, 300k, $50."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

_DIGITS = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)([^\W\d_]*)")
_SIGNS = {"$": "usd", "€": "eur", "£": "gbp", "﷼": "irr"}


def _listed(words: str) -> list[str]:
    return words.split()


_ONES = _listed("یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده سیزده چهارده پانزده شانزده هفده هجده نوزده")
_TENS = _listed("بیست سی چهل پنجاه شصت هفتاد هشتاد نود")
_HUNDREDS = _listed("صد دویست سیصد چهارصد پانصد ششصد هفتصد هشتصد نهصد")
_ENGLISH = _listed("one two three four five six seven eight nine ten")
_SPOKEN = {"یه": 1, "چار": 4, "شیش": 6, "پونزده": 15, "شونزده": 16, "هیفده": 17, "هیجده": 18, "پونصد": 500}

_WORDS: dict[str, Decimal] = {
    **{word: Decimal(number) for number, word in enumerate(_ONES, start=1)},
    **{word: Decimal(number * 10) for number, word in enumerate(_TENS, start=2)},
    **{word: Decimal(number * 100) for number, word in enumerate(_HUNDREDS, start=1)},
    **{word: Decimal(number) for number, word in enumerate(_ENGLISH, start=1)},
    **{word: Decimal(number) for word, number in _SPOKEN.items()},
}
_HALVES = {"نیم": Decimal("0.5"), "half": Decimal("0.5")}

_SCALES: dict[str, Decimal] = {
    **dict.fromkeys(("هزار", "هزارتا", "thousand", "k"), Decimal(1_000)),
    **dict.fromkeys(("میلیون", "ملیون", "میلیونی", "ملیونی", "million", "mln", "m"), Decimal(1_000_000)),
    **dict.fromkeys(("میلیارد", "ملیارد", "billion", "bn"), Decimal(1_000_000_000)),
}
_CURRENCIES = {
    **dict.fromkeys(("تومان", "تومن", "تومانی", "تومنی", "toman", "tomans", "irt"), "IRT"),
    **dict.fromkeys(("ریال", "ریالی", "rial", "rials", "irr"), "IRR"),
    **dict.fromkeys(("دلار", "دلاری", "dollar", "dollars", "usd"), "USD"),
    **dict.fromkeys(("یورو", "یورویی", "euro", "euros", "eur"), "EUR"),
    **dict.fromkeys(("پوند", "pound", "pounds", "gbp"), "GBP"),
    **dict.fromkeys(("درهم", "dirham", "dirhams", "aed"), "AED"),
    **dict.fromkeys(("لیر", "lira", "try"), "TRY"),
}

_UNITS: dict[str, tuple[Decimal | None, str | None]] = {
    **{scale + name: (value, code) for scale, value in _SCALES.items() for name, code in _CURRENCIES.items()},
    **{scale: (value, None) for scale, value in _SCALES.items()},
    **{name: (None, code) for name, code in _CURRENCIES.items()},
}
"""What is said after a number, joined as in هزارتومان or alone."""

_LETTERS = frozenset(("k", "m"))
"""They are a thousand and a million of money only: a resolution is 8k, and a cable 5 m."""

_MEASURES = frozenset(
    word
    for words in (
        "میلی آمپر امپر میلیآمپر میلیامپر آمپرساعت امپرساعت لومن لوکس کیلومتر کیلو کیلوگرم لیتر وات",
        "ولت هرتز کلوین پیکسل مگاپیکسل گیگ گیگابایت ترابایت مگ مگابایت دور نفر نفره عدد دانه قطعه تکه",
        "سیکل بار کلمه دیپیای",
        "mah ah mm cm km kg gr gb tb mb wh kw watt watts volt volts hz khz mhz rpm dpi lm lumen",
        "lumens lux nits kelvin pixel pixels megapixel megapixels mile miles meter meters metre",
        "metres kilometer kilometers kilometre kilometres liter liters litre litres gram grams karat",
        "carat piece pieces page pages pcs people person persons years hours days cycles steps words",
        "times points btu",
    )
    for word in words.split()
)
"""Words after which a number is no money; ones that begin names as well, such as ساعت, are left out."""

_RIALS_PER_TOMAN = 10
_THOUSAND, _MILLION = Decimal(1_000), Decimal(1_000_000)
_LEAST = 1_000
"""No price is less than this in tomans or rials."""

_SPOKEN_TOMANS = 100
"""From here to `_LEAST`, tomans are thousands: ۵۰۰ تومن. Fewer may be millions as well, and stay words."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and what was said with it; `end` is the place after it.

    `scale` is None where no thousand or million was said, `currency` where none was. `is_short` is whether
    the scale is the letter k or m.
    """

    number: Decimal
    scale: Decimal | None
    currency: str | None
    end: int
    is_short: bool = False

    @property
    def value(self) -> Decimal:
        return self.number * (self.scale or 1)

    @property
    def is_money(self) -> bool:
        """Whether it cannot be a size or a count: it has a scale or a currency, and is enough for a price."""
        if self.currency in ("IRT", "IRR") and self.value < _LEAST:
            return False
        return self.currency is not None or (self.scale is not None and not self.is_short)

    def scaled_as(self, other: "Amount") -> "Amount":
        """Returns the lower amount with what only the higher one says: بین ۱ تا ۵ میلیون is of two millions.

        Where that is above the higher one, it is a thousandth: بین ۵۰۰ تا ۱ میلیون begins at ۵۰۰ هزار.
        """
        scale = self.scale
        if scale is None and other.scale is not None and self.number < _THOUSAND:
            scale = other.scale if self.number * other.scale <= other.value else other.scale / _THOUSAND
        return replace(self, scale=scale, currency=self.currency or other.currency)

    def price(self, currency: str) -> Decimal | None:
        """Returns the amount in a shop's currency; None if it was said in one that cannot be converted.

        Where no currency is said, Persian speakers mean tomans, also in a shop that counts in rials. Without
        a currency of the shop there is no price.
        """
        said = self.currency or ("IRT" if currency == "IRR" else currency)
        if not currency:
            return None
        if said == currency:
            return _plain(self.value)
        if (said, currency) == ("IRT", "IRR"):
            return _plain(self.value * _RIALS_PER_TOMAN)
        if (said, currency) == ("IRR", "IRT"):
            return _plain(self.value / _RIALS_PER_TOMAN)
        return None


def _plain(value: Decimal) -> Decimal:
    """Returns a number without zeros after its point."""
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize()


def amount(words: Sequence[str], start: int) -> Amount | None:
    """Returns the amount that begins at a place of words in search form, currency signs kept; or None.

    An amount without a currency, and a word of measure after it, is none.
    """
    if start >= len(words):
        return None
    sign = _SIGNS.get(words[start][:1])
    first = words[start][1:] if sign else words[start]
    number, rest, end = _number([first, *words[start + 1 : start + 10]], start)
    if number is None or (rest and rest not in _UNITS):
        return None
    scale, currency = _UNITS.get(rest, (None, None))
    is_short = rest in _LETTERS
    if scale is None and currency is None and end < len(words) and words[end] in _UNITS:
        (scale, currency), is_short, end = _UNITS[words[end]], words[end] in _LETTERS, end + 1
    if scale is not None and currency is None:
        if words[end : end + 2] in (["و", "نیم"], ["and", "half"]):
            number, end = number + Decimal("0.5"), end + 2
        elif words[end : end + 1] == ["و"] and (more := _part(words, end + 1, scale)):
            number, end, currency = number + more.value / scale, more.end, more.currency
    currency = currency or (sign and sign.upper())
    if currency is None and end < len(words):
        if words[end] in _CURRENCIES:
            currency, end = _CURRENCIES[words[end]], end + 1
        elif words[end] in _MEASURES:
            return None
    if scale is None and currency == "IRT" and _SPOKEN_TOMANS <= number < _LEAST:
        scale = _THOUSAND
    return Amount(number, scale, currency, end, is_short)


def _part(words: Sequence[str], start: int, scale: Decimal) -> Amount | None:
    """Returns how an amount goes on: یک میلیون و دویست هزار, or in short یک میلیون و دویست.

    The short form has tens or hundreds, and is of the next scale below; ۱۲۸ is a size.
    """
    more = amount(words, start)
    if more is None or more.is_short:
        return None
    if more.scale is not None and more.scale < scale and more.value < scale:
        return more
    is_short_form = scale >= _MILLION and more.scale is None and more.number % 10 == 0
    if is_short_form and 0 < more.number < _THOUSAND:
        return replace(more, scale=scale / _THOUSAND)
    return None


def _number(words: Sequence[str], start: int) -> tuple[Decimal | None, str, int]:
    """Returns a number at the start of words, what is written after its digits, and the place after it."""
    digits = _DIGITS.fullmatch(words[0])
    if digits:
        number, end = Decimal(digits[1]), start + 1
        if words[1:3] == ["و", "نیم"]:
            return number + Decimal("0.5"), digits[2], end + 2
        return number, digits[2], end
    if (total := _WORDS.get(words[0], _HALVES.get(words[0]))) is None:
        return None, "", start
    at, last = 1, total
    while words[at : at + 1] == ["و"] and at + 1 < len(words):
        following = _WORDS.get(words[at + 1], _HALVES.get(words[at + 1]))
        if following is None or not _goes_on(last, following):
            break
        total, last, at = total + following, following, at + 2
    return total, "", start + at


def _goes_on(last: Decimal, following: Decimal) -> bool:
    """Returns whether two words are parts of one number, as صد و پنجاه are, and دویست و پانصد are not."""
    if following < 1:
        return last >= 1
    return following < 100 <= last or (following < 10 and 20 <= last < 100)
