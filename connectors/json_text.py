"""JSON as shops write it, with more mistakes than the standard allows.

orjson reads correct JSON. What it refuses is read again by the slower module of the standard library, which
takes what JavaScript, PHP and Python really write: half a character (an emoji that was cut in the middle), a
byte order mark, bytes that are not UTF-8, control characters in strings, NaN and Infinity.
"""

import codecs
import json
import math
from contextlib import suppress
from typing import Any

import orjson

LONGEST_INTEGER = 300
"""Digits of an integer that a float can hold; a longer one stays text, as infinity does."""

_INVISIBLE = " \t\r\n\v\f\x00\x85\xa0\u200b\u2028\u2029\u2060\ufeff"
"""Characters around a value that people cannot see."""

_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks in the order in which they are looked for: one of UTF-32 begins with that of UTF-16."""


def loads(text: bytes | memoryview) -> Any:
    """Returns the value of a JSON text, with half characters left out.

    Bytes that are not UTF-8 become U+FFFD. Numbers that JSON does not have, such as NaN, become texts, so
    that only the field with such a number is refused. Of two values under one name, the last one counts.

    Raises JSONDecodeError, with the problem that orjson found, and RecursionError for more than a thousand
    levels.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        readable = decoded(bytes(text))
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(readable)
        try:
            return _loads_leniently(readable)
        except json.JSONDecodeError:
            raise error from None


def decoded(text: bytes) -> str:
    """Returns a text in UTF-8, or in the encoding of its byte order mark; wrong bytes become U+FFFD."""
    encoding = next((name for mark, name in _ENCODINGS.items() if text.startswith(mark)), "utf-8")
    return text.decode(encoding, "replace").strip(_INVISIBLE)


def _integer(digits: str) -> int | float | str:
    if len(digits) > LONGEST_INTEGER:
        return digits
    whole = int(digits)
    return whole if -(2**63) <= whole < 2**64 else float(whole)  # as orjson reads it


def _fraction(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _loads_leniently(text: str) -> Any:
    value = json.loads(text, strict=False, parse_int=_integer, parse_float=_fraction, parse_constant=str)
    # Half characters may be in any name or string; writing the value once more drops them everywhere.
    whole = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return orjson.loads(whole.encode("utf-8", "ignore"))
