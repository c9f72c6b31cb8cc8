"""Codes of products that the world shares: GTIN and ISBN."""

import re

_SEPARATORS = re.compile(r"[\s\u200c._-]+")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_LENGTHS = (8, 12, 13, 14)


def gtin(code: str) -> str:
    """Returns the digits of a GTIN of 8, 12, 13 or 14 digits; empty for a code without its check digit."""
    digits = _written(code)
    if len(digits) not in _LENGTHS or not digits.isascii() or not digits.isdigit() or not int(digits):
        return ""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return digits if weighted % 10 == 0 else ""


def isbn10(code: str) -> str:
    """Returns an ISBN of ten characters; empty for a code without its check character."""
    written = _written(code).upper()
    if not re.fullmatch(r"[0-9]{9}[0-9X]", written) or written == "0" * 10:
        return ""
    values = [10 if character == "X" else int(character) for character in written]
    return written if sum(value * (10 - place) for place, value in enumerate(values)) % 11 == 0 else ""


def _written(code: str) -> str:
    return _SEPARATORS.sub("", code.strip()[:100]).translate(_DIGITS)
