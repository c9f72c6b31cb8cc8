"""Amounts of money in questions: ۵ میلیون تومان, یک و نیم میلیون, 300k, $50."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

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
_HALVES = frozenset(("نیم", "half"))

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

_RIALS_PER_TOMAN = 10


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and what was said with it; `end` is the place after it.

    `scale` is None where no thousand or million was said, `currency` where none was.
    """

    number: Decimal
    scale: Decimal | None
    currency: str | None
    end: int

    @property
    def is_money(self) -> bool:
        """Whether it cannot be a size or a count: it has a scale or a currency."""
        return self.scale is not None or self.currency is not None

    def scaled_as(self, other: "Amount") -> "Amount":
        """Returns the amount with what only the other one says: بین ۱ تا ۵ میلیون is of two millions."""
        return Amount(
            self.number,
            other.scale if self.scale is None and self.number < 1_000 else self.scale,
            self.currency or other.currency,
            self.end,
        )

    def price(self, currency: str) -> Decimal | None:
        """Returns the amount in a shop's currency; None if it was said in one that cannot be converted.

        Where no currency is said, Persian speakers mean tomans, also in a shop that counts in rials.
        """
        value = self.number * (self.scale or 1)
        said = self.currency or ("IRT" if currency == "IRR" else currency)
        if said == currency:
            return value
        if (said, currency) == ("IRT", "IRR"):
            return value * _RIALS_PER_TOMAN
        if (said, currency) == ("IRR", "IRT"):
            return value / _RIALS_PER_TOMAN
        return None


def amount(words: Sequence[str], start: int) -> Amount | None:
    """Returns the amount that begins at a place of words in search form, currency signs kept; or None."""
    if start >= len(words):
        return None
    sign = _SIGNS.get(words[start][:1])
    first = words[start][1:] if sign else words[start]
    number, rest, end = _number([first, *words[start + 1 :]], start)
    if number is None:
        return None
    scale = _SCALES.get(rest) if rest else None
    currency = _CURRENCIES.get(rest) if rest else None
    if rest and scale is None and currency is None:
        return None
    if scale is None and end < len(words) and words[end] in _SCALES:
        scale, end = _SCALES[words[end]], end + 1
        if words[end : end + 2] in (["و", "نیم"], ["and", "half"]):
            number, end = number + Decimal("0.5"), end + 2
        elif words[end : end + 1] == ["و"] and (more := amount(words, end + 1)) and _is_part(more, scale):
            number, end = number + more.number * (more.scale or 1) / scale, more.end
            currency = currency or more.currency
    if currency is None and end < len(words) and words[end] in _CURRENCIES:
        currency, end = _CURRENCIES[words[end]], end + 1
    return Amount(number, scale, currency or (sign and sign.upper()), end)


def _is_part(more: Amount, scale: Decimal) -> bool:
    """Returns whether an amount goes on: یک میلیون و دویست هزار."""
    return more.scale is not None and more.scale < scale


def _number(words: Sequence[str], start: int) -> tuple[Decimal | None, str, int]:
    """Returns a number at the start of words, what is written after its digits, and the place after it."""
    digits = _DIGITS.fullmatch(words[0])
    if digits:
        try:
            number, end = Decimal(digits[1]), start + 1
        except InvalidOperation:
            return None, "", start
        if words[1:3] == ["و", "نیم"]:
            return number + Decimal("0.5"), digits[2], end + 2
        return number, digits[2], end
    total, at = Decimal(0), 0
    while at < len(words) and (words[at] in _WORDS or words[at] in _HALVES):
        total += _WORDS.get(words[at], Decimal("0.5"))
        at += 1
        joins = at + 1 < len(words) and words[at] == "و"
        if not joins or not (words[at + 1] in _WORDS or words[at + 1] in _HALVES):
            break
        at += 1
    return (total, "", start + at) if at else (None, "", start)
