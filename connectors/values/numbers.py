"""Numbers in every convention that shops use, or refused: a guessed separator is a wrong price.

A sign between digits separates thousands only where groups of three digits prove it, and begins the fraction
only where they do not. A text that both conventions allow is read by the one that programs write: one point
is a decimal point, and one comma before exactly three digits separates thousands.
"""

import re
import unicodedata
from decimal import Decimal

from connectors.values.text import plain

LARGEST_EXPONENT = 17
SMALLEST_EXPONENT = -100

_WRITTEN_BY_PROGRAMS = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_WRITTEN_BY_PEOPLE = re.compile(r"([+-]?) ?([0-9](?:.*[0-9])?)")
_SEPARATOR = re.compile(r"([^0-9]+)")

_POINT, _COMMA, _ARABIC_POINT, _ARABIC_COMMA, _THOUSANDS = ".", ",", "٫", "،", "٬"
_SAME = str.maketrans({"−": "-", "＋": "+", "－": "-", "．": ".", "，": ",", "’": "'", "ʼ": "'", "＇": "'"})

_OF_THOUSANDS = frozenset((_THOUSANDS, "'", " "))
"""Signs that never begin a fraction."""

_OF_FRACTIONS = frozenset((_POINT, _COMMA, _ARABIC_POINT, _ARABIC_COMMA))
"""Signs that begin a fraction in one convention and separate thousands in another."""

_ALIKE = frozenset((_COMMA, _ARABIC_COMMA, _ARABIC_POINT, _THOUSANDS))
"""Signs that Persian keyboards and fonts mix up, so that two of them are not two conventions."""

_RIAL = "﷼"
"""A tenth of a toman: prices with this sign may be in another unit than the store's currency."""


def number(text: str) -> Decimal | None:
    """Returns the number in a text, None for an empty one; raises ValueError for every other text."""
    written = plain(text).translate(_SAME)
    if not written:
        return None
    value = _value(_without_currency(written))
    if value is None:
        raise ValueError(f"{text.strip()[:40]!r} is not a number that can be read in one way only")
    return in_range(value)


def in_range(value: Decimal) -> Decimal:
    """Returns a number that Postgres stores; raises ValueError for one that is too large or too small."""
    if not value.is_finite():
        raise ValueError("the number is out of range")
    if not value:
        return Decimal(0)
    if not SMALLEST_EXPONENT <= value.adjusted() <= LARGEST_EXPONENT:
        raise ValueError("the number is out of range")
    return value


def _without_currency(written: str) -> str:
    """Returns a text without one sign of a currency before or after it; names of currencies stay."""
    if _is_currency(written[0]):
        return written[1:].strip()
    return written[:-1].strip() if _is_currency(written[-1]) else written


def _is_currency(character: str) -> bool:
    return unicodedata.category(character) == "Sc" and character != _RIAL


def _value(written: str) -> Decimal | None:
    if _WRITTEN_BY_PROGRAMS.fullmatch(written):
        return Decimal(written)
    found = _WRITTEN_BY_PEOPLE.fullmatch(written)
    if found is None:
        return None
    groups = _SEPARATOR.split(found[2])
    whole, fraction = _parts(groups[::2], groups[1::2])
    if whole is None:
        return None
    return Decimal(f"{found[1]}{whole}.{fraction or '0'}" if fraction else f"{found[1]}{whole}")


def _parts(digits: list[str], separators: list[str]) -> tuple[str | None, str]:
    """Returns the whole digits and the fraction's of a number with separators; None if it is ambiguous."""
    ambiguous = None, ""
    if not separators:
        return digits[0], ""
    first, last = separators[0], separators[-1]
    if len(set(separators)) == 1:
        if first not in _OF_FRACTIONS | _OF_THOUSANDS:
            return ambiguous
        always_decimal = len(separators) == 1 and first in (_POINT, _ARABIC_POINT)
        if not always_decimal and _is_grouped(digits):
            return "".join(digits), ""
        is_decimal = len(separators) == 1 and first in _OF_FRACTIONS
        if not is_decimal or (not always_decimal and _is_padded(digits)):
            return ambiguous
        return digits[0], digits[1]
    thousands = set(separators[:-1])
    if len(thousands) > 1 or last in thousands or last not in _OF_FRACTIONS:
        return ambiguous
    if not thousands <= _OF_FRACTIONS | _OF_THOUSANDS or not _is_grouped(digits[:-1]):
        return ambiguous
    if len(digits[-1]) == 3 and {first, last} <= _ALIKE:
        return ambiguous
    return "".join(digits[:-1]), digits[-1]


def _is_padded(digits: list[str]) -> bool:
    """Returns whether these may be groups of three that are padded with zeros, such as 000 and 500."""
    head, *others = digits
    return head != "0" and head.startswith("0") and all(len(group) == 3 for group in others)


def _is_grouped(digits: list[str]) -> bool:
    """Returns whether these are groups of three, or India's of two before the last three."""
    head, *middle, last = digits
    if head.startswith("0") or len(last) != 3:
        return False
    lengths = {len(group) for group in middle}
    return (len(head) <= 3 and lengths <= {3}) or (len(head) <= 2 and lengths == {2})
