"""Field types for what shops and their plugins send: every spelling seen in real shops is accepted."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from connectors.addresses import web_address
from connectors.bounds import cut_markup, each, within
from connectors.values import moments, numbers
from connectors.values.stock import Stock, meaning
from connectors.values.text import plain
from contracts.bounds import (
    DESCRIPTION_CHARACTERS,
    ENTRIES,
    LINE_CHARACTERS,
    OPTIONS,
    VARIATION_DESCRIPTION_CHARACTERS,
)
from knowledge.html import plain_line

LARGEST_ID = 2**63 - 1
LARGEST_NUMBER = 10**18

_ID_AS_TEXT = re.compile("[0-9]{1,30}")
_NO = {"", "no", "false", "0", "off"}
_YES = {"yes", "true", "1", "on", "parent", "notify"}

_SOURCES = ("src", "url")
"""The keys of an image's address."""


def _text(value: object) -> str:
    """Returns a string; PHP's empty values mean an empty one."""
    if value is None or value is False or value == []:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("expected a text")


def line(value: object, info: ValidationInfo) -> str:
    """Returns a name as one line of plain text; raises ValueError, and TooMuch where it may not be cut."""
    plain: str = plain_line(within(_text(value), LINE_CHARACTERS, "characters", info))
    return plain


def _short(value: object, info: ValidationInfo) -> str:
    return within(_text(value), LINE_CHARACTERS, "characters", info)


def _stock_word(value: object, info: ValidationInfo) -> str:
    """Returns a word for stock, also from a list of one; true and false are words for stock, too."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        return str(value).lower()
    return _short(value, info)


def _markup(most: int) -> Callable[[object, ValidationInfo], str]:
    """Returns a validator of descriptions, which cuts them to `most` characters."""

    def validate(value: object, info: ValidationInfo) -> str:
        return cut_markup(_text(value), most, info)

    return validate


def number(value: object) -> Decimal | None:
    """Returns a price or quantity such as 45000000, "45000000", "۴۵٬۰۰۰" or 12.5; None for "" and null."""
    if value is None:
        return None
    if isinstance(value, str):
        return numbers.number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number, a text with a number in it, an empty text or null")
    if not -LARGEST_NUMBER < value < LARGEST_NUMBER:
        raise ValueError("the number is out of range")
    return numbers.in_range(Decimal(str(value)))


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, str | int) and (word := plain(str(value)).lower()) in _YES | _NO:
        return word in _YES
    raise ValueError("expected true or false")


def flag(value: object) -> bool:
    """Returns whether a flag is set; a word for stock, such as outofstock, is a flag of stock."""
    try:
        return _yes_or_no(value)
    except ValueError:
        known = meaning(value) if isinstance(value, str) else None
        if known is None:
            raise
        return known is not Stock.OUT


def hint(value: object) -> bool:
    """Returns whether a flag is set; what cannot be read sets none."""
    try:
        return _yes_or_no(value)
    except ValueError:
        return False


def moment(value: object) -> datetime | None:
    """Returns a time in UTC; an unset time is null, false, an empty text or one of many zero dates."""
    if value is None or value is False:
        return None
    if isinstance(value, str) or (isinstance(value, int) and value is not True):
        return moments.moment(str(value))
    if not isinstance(value, float):
        raise ValueError("expected a time such as 2026-11-20T10:00:00Z")
    return moments.unix_time(value)


def identifier(value: object) -> int:
    """Returns a shop's id: a positive 64-bit number, which some shops send as text."""
    if isinstance(value, str) and _ID_AS_TEXT.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        raise ValueError("expected a positive whole number")
    return value


def items(value: object, *single: str) -> Iterable[Any]:
    """Returns a list's items; PHP sends lists with gaps as objects, and empty ones as any empty value.

    An object with one of the keys `single` is the list's only item.
    """
    if value is None or value == "" or value is False:
        return ()
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Mapping):
        return (value,) if not value.keys().isdisjoint(single) else value.values()
    raise ValueError("expected a list")


def entries(value: object, most: int, info: ValidationInfo, *single: str) -> Sequence[Any]:
    """Returns a list's items, at most this many."""
    return within(tuple(items(value, *single)), most, "entries", info)


def _names(most: int) -> Callable[[object, ValidationInfo], tuple[str, ...]]:
    """Returns a validator of at most `most` names of terms, sent as names or as {id, name, slug}."""

    def validate(value: object, info: ValidationInfo) -> tuple[str, ...]:
        def name(item: object) -> str:
            if isinstance(item, Mapping) and "name" not in item:
                raise ValueError("expected a name, or an object with a name")
            return line(item["name"] if isinstance(item, Mapping) else item, info)

        sent = entries([value] if isinstance(value, str) and value else value, most, info, "name")
        return tuple(dict.fromkeys(filter(None, each(sent, name, info))))

    return validate


def address(value: object) -> str:
    """Returns the URL of a product or an image, which is sent as a URL, as {src} or as a list of one.

    What is no http or https address is empty, and so are PHP's 0 and false.
    """
    if isinstance(value, list | tuple) or (isinstance(value, Mapping) and value.keys().isdisjoint(_SOURCES)):
        return next(filter(None, map(_plain_address, tuple(items(value))[:ENTRIES])), "")
    return _plain_address(value)


def _plain_address(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _SOURCES if value.get(key)), "")
    if isinstance(value, str):
        return web_address(_text(value))
    if value is None or isinstance(value, int | float):
        return ""
    raise ValueError("expected a web address")


def _addresses(value: object, info: ValidationInfo) -> tuple[str, ...]:
    sent = entries([value] if isinstance(value, str) and value else value, ENTRIES, info, *_SOURCES)
    return tuple(filter(None, each(sent, address, info)))


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
_NUMBER = {
    "type": ["string", "number", "null"],
    "description": 'Also "12,50", "1.299,00" and "۴۵٬۰۰۰". A comma before three digits separates thousands.',
}
_FLAG = {
    "type": ["boolean", "string", "integer", "null"],
    "description": 'Also "yes", "no", "parent", 0, 1, "" and a word for stock.',
}
_STOCK_TYPES = ["string", "number", "boolean", "null"]
_STOCK_WORD = {
    "anyOf": [
        {"type": _STOCK_TYPES},
        {"type": "array", "maxItems": 1, "items": {"type": _STOCK_TYPES}},
    ],
    "description": "A word for stock or an address of one, true, false, or a list of one.",
}
_MOMENT = {
    "anyOf": [{"type": ["string", "number", "null"]}, {"const": False}],
    "description": "In UTC without a zone. Also RFC 2822, 202611201000 and unix time, also in milliseconds.",
}


def _listed(entries: str) -> dict[str, Any]:
    """Returns the schema of a list: entries that cannot be read are left out, so it may have any."""
    return {"anyOf": [{"type": ["array", "object"]}, {"enum": [None, "", False]}], "description": entries}


def _listed_or_one(entries: str) -> dict[str, Any]:
    return {"anyOf": [*_listed(entries)["anyOf"], {"type": "string"}], "description": entries}


_ADDRESS = {
    "type": ["string", "number", "boolean", "null", "object", "array"],
    "description": "A URL, {src}, {url}, or a list of one; anything else is empty.",
}
_NAMES = _listed_or_one("Names, or objects with a name.")

Text = Annotated[str, BeforeValidator(_short), WithJsonSchema(_TEXT)]
StockWord = Annotated[str, BeforeValidator(_stock_word), WithJsonSchema(_STOCK_WORD)]
Line = Annotated[str, BeforeValidator(line), WithJsonSchema(_TEXT)]
Markup = Annotated[str, BeforeValidator(_markup(DESCRIPTION_CHARACTERS)), WithJsonSchema(_TEXT)]
ShortMarkup = Annotated[
    str, BeforeValidator(_markup(VARIATION_DESCRIPTION_CHARACTERS)), WithJsonSchema(_TEXT)
]
Number = Annotated[Decimal | None, BeforeValidator(number), WithJsonSchema(_NUMBER)]
Flag = Annotated[bool, BeforeValidator(flag), WithJsonSchema(_FLAG)]
Hint = Annotated[bool, BeforeValidator(hint), WithJsonSchema({"description": "yes, notify, true or 1"})]
Moment = Annotated[datetime | None, BeforeValidator(moment), WithJsonSchema(_MOMENT)]
ID_SCHEMA = WithJsonSchema(_ID)
Names = Annotated[tuple[str, ...], BeforeValidator(_names(ENTRIES)), WithJsonSchema(_NAMES)]
Options = Annotated[tuple[str, ...], BeforeValidator(_names(OPTIONS)), WithJsonSchema(_NAMES)]
Address = Annotated[str, BeforeValidator(address), WithJsonSchema(_ADDRESS)]
Addresses = Annotated[
    tuple[str, ...], BeforeValidator(_addresses), WithJsonSchema(_listed_or_one("URLs, or objects with one."))
]
ATTRIBUTES_SCHEMA = WithJsonSchema(
    _listed("{name, options}, or an object with the options by name; true and false are yes and no.")
)
VARIATIONS_SCHEMA = WithJsonSchema(_listed("Variations with an id, or ids alone."))
DETAIL_SCHEMA = WithJsonSchema({"description": "Optional. One that cannot be read is left out and noted."})
