"""Field types for what shops and their plugins send: every spelling seen in real shops is accepted."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from connectors.addresses import web_address
from connectors.bounds import cut_markup, within
from contracts.bounds import (
    DESCRIPTION_CHARACTERS,
    ENTRIES,
    LINE_CHARACTERS,
    OPTIONS,
    VARIATION_DESCRIPTION_CHARACTERS,
)
from knowledge.html import plain_line

LARGEST_ID = 2**63 - 1
LARGEST_EXPONENT = 17
SMALLEST_EXPONENT = -100
LONGEST_NUMBER = 200

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫٬", "01234567890123456789.,")
_ID_AS_TEXT = re.compile("[0-9]{1,30}")
_NO = {"", "no", "false", "0", "off"}
_YES = {"yes", "true", "1", "on", "parent", "notify"}


def _text(value: object) -> str:
    """Returns a string; PHP's empty values mean an empty one."""
    if value is None or value is False or value == []:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("expected a text")


def _line(value: object, info: ValidationInfo) -> str:
    line: str = plain_line(within(_text(value), LINE_CHARACTERS, "characters", info))
    return line


def _short(value: object, info: ValidationInfo) -> str:
    return within(_text(value), LINE_CHARACTERS, "characters", info)


def _markup(most: int) -> Callable[[object, ValidationInfo], str]:
    """Returns a validator of descriptions, which cuts them to `most` characters."""

    def validate(value: object, info: ValidationInfo) -> str:
        return cut_markup(_text(value), most, info)

    return validate


def _number(value: object) -> Decimal | None:
    """Returns a price or quantity such as 45000000, "45000000", "۴۵٬۰۰۰" or 12.5; None for "" and null."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a number, a text with a number in it, an empty text or null")
    digits = str(value)
    if not digits.isascii():
        digits = digits.translate(_DIGITS)
    digits = digits.replace(",", "").strip()
    if not digits:
        return None
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"expected a number of at most {LONGEST_NUMBER} characters")
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"{digits[:40]!r} is not a number") from None
    if not number:
        return Decimal(0)
    if not number.is_finite() or not SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT:
        raise ValueError("the number is out of range")
    return number


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, str | int) and (word := str(value).strip().lower()) in _YES | _NO:
        return word in _YES
    raise ValueError("expected true or false")


def _moment(value: object) -> datetime | None:
    """Returns a time in UTC; WordPress writes times without a zone, and an unset time as zeros."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("expected a time such as 2026-11-20T10:00:00")
    if value.startswith("0000-00-00"):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{value[:40]!r} is not a time such as 2026-11-20T10:00:00") from None


def identifier(value: object) -> int:
    """Returns a shop's id: a positive 64-bit number, which some shops send as text."""
    if isinstance(value, str) and _ID_AS_TEXT.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        raise ValueError("expected a positive whole number")
    return value


def items(value: object) -> Iterable[Any]:
    """Returns a list's items; PHP sends lists with gaps as objects, and empty ones as any empty value."""
    if value is None or value == "" or value is False:
        return ()
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Mapping):
        return value.values()
    raise ValueError("expected a list")


def entries(value: object, most: int, info: ValidationInfo) -> Sequence[Any]:
    """Returns a list's items, at most this many."""
    return within(tuple(items(value)), most, "entries", info)


def _names(most: int) -> Callable[[object, ValidationInfo], tuple[str, ...]]:
    """Returns a validator of at most `most` names of terms, sent as names or as {id, name, slug}."""

    def validate(value: object, info: ValidationInfo) -> tuple[str, ...]:
        names = []
        for item in entries([value] if isinstance(value, str) and value else value, most, info):
            if isinstance(item, Mapping) and "name" not in item:
                raise ValueError("expected names, or objects with a name")
            names.append(_line(item["name"] if isinstance(item, Mapping) else item, info))
        return tuple(dict.fromkeys(name for name in names if name))

    return validate


def _address(value: object) -> str:
    """Returns the URL of a product or an image, which is sent as a URL or as {src}; empty for any other."""
    if isinstance(value, Mapping):
        value = value.get("src")
    return web_address(_text(value))


def _addresses(value: object, info: ValidationInfo) -> tuple[str, ...]:
    return tuple(address for item in entries(value, ENTRIES, info) if (address := _address(item)))


# The JSON schemas below describe what is accepted, which is more than should be sent.

_TEXT = {
    "anyOf": [{"type": ["string", "number", "null"]}, {"const": False}, {"type": "array", "maxItems": 0}]
}
_ID = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        {"type": "string", "pattern": r"^\s*[0-9]{1,30}\s*$"},
    ]
}
_NUMBER = {"type": ["string", "number", "null"], "description": 'Also "", "45,000" and "۴۵٬۰۰۰".'}
_FLAG = {
    "type": ["boolean", "string", "integer", "null"],
    "description": 'Also "yes", "no", "parent", 0, 1 and "".',
}
_MOMENT = {"type": ["string", "null"], "description": "In UTC where it names no zone."}


def _any(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [part for schema in schemas for part in schema.get("anyOf", [schema])]}


def _fields(required: Iterable[str] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required)}


def _list(*items: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema of what `items` accepts."""
    item = _any(*items)
    return _any(
        {"type": "array", "items": item},
        {"type": "object", "additionalProperties": item},
        {"enum": [None, "", False]},
    )


_ADDRESS = _any(_TEXT, _fields(src=_TEXT))
_NAMES = _any(_list(_TEXT, _fields(["name"], name=_TEXT)), {"type": "string"})
_OPTIONS = _any(_NAMES, {"type": "number"})
_ATTRIBUTE = _fields(name=_TEXT, options=_OPTIONS, option={})

Text = Annotated[str, BeforeValidator(_short), WithJsonSchema(_TEXT)]
Line = Annotated[str, BeforeValidator(_line), WithJsonSchema(_TEXT)]
Markup = Annotated[str, BeforeValidator(_markup(DESCRIPTION_CHARACTERS)), WithJsonSchema(_TEXT)]
ShortMarkup = Annotated[
    str, BeforeValidator(_markup(VARIATION_DESCRIPTION_CHARACTERS)), WithJsonSchema(_TEXT)
]
Number = Annotated[Decimal | None, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema(_FLAG)]
Moment = Annotated[datetime | None, BeforeValidator(_moment), WithJsonSchema(_MOMENT)]
ID_SCHEMA = WithJsonSchema(_ID)
Names = Annotated[tuple[str, ...], BeforeValidator(_names(ENTRIES)), WithJsonSchema(_NAMES)]
Options = Annotated[tuple[str, ...], BeforeValidator(_names(OPTIONS)), WithJsonSchema(_NAMES)]
Address = Annotated[str, BeforeValidator(_address), WithJsonSchema(_ADDRESS)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses), WithJsonSchema(_list(_ADDRESS))]
ATTRIBUTES_SCHEMA = WithJsonSchema(
    _any(_list(_ATTRIBUTE), {"type": "object", "additionalProperties": _OPTIONS})
)
VARIATIONS_SCHEMA = WithJsonSchema(_list(_ID, _fields(["id"], id=_ID)))
