"""How WooCommerce and its plugins spell values: everything seen in real shops is read, nothing is guessed."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator

from knowledge.html import plain_line

LARGEST_ID = 2**63 - 1
LARGEST_EXPONENT = 17
SMALLEST_EXPONENT = -100
LONGEST_NUMBER = 200

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫٬", "01234567890123456789.,")
_SPELLED_ID = re.compile("[0-9]{1,30}")
_NO = {"", "no", "false", "0", "off"}
_YES = {"yes", "true", "1", "on", "parent", "notify"}


def _text(value: object) -> str:
    """A string; PHP's empty values mean an empty one."""
    if value is None or value is False or value == []:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("expected a text")


def _line(value: object) -> str:
    line: str = plain_line(_text(value))
    return line


def _number(value: object) -> Decimal | None:
    """A price or quantity: 45000000, "45000000", "۴۵٬۰۰۰", 12.5; "" and null are no number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ValueError("expected a number, a text with a number in it, an empty text or null")
    if value is None:
        return None
    spelled = str(value).translate(_DIGITS).replace(",", "").strip()
    if not spelled:
        return None
    if len(spelled) > LONGEST_NUMBER:
        raise ValueError(f"expected a number of at most {LONGEST_NUMBER} characters")
    try:
        number = Decimal(spelled)
    except InvalidOperation:
        raise ValueError(f"{spelled[:40]!r} is not a number") from None
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
    """A time in UTC; WordPress writes it without a zone, and an unset one as zeros."""
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


def identifier(value: object) -> str:
    """A WooCommerce id as our external id; ids are positive 64-bit numbers, sometimes spelled as text."""
    if isinstance(value, str) and _SPELLED_ID.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        raise ValueError("expected a positive whole number")
    return f"woo_{value}"


def items(value: object) -> Iterable[Any]:
    """A list; PHP sends one with gaps as an object, and an empty one as anything empty."""
    if value is None or value == "" or value is False:
        return ()
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Mapping):
        return value.values()
    raise ValueError("expected a list")


def _names(value: object) -> tuple[str, ...]:
    """Terms as names, or as {id, name, slug}."""
    names = []
    for item in items([value] if isinstance(value, str) and value else value):
        if isinstance(item, Mapping) and "name" not in item:
            raise ValueError("expected names, or objects with a name")
        names.append(_line(item["name"] if isinstance(item, Mapping) else item))
    return tuple(dict.fromkeys(name for name in names if name))


def _address(value: object) -> str:
    """An image, as its URL or as {src}."""
    if isinstance(value, Mapping):
        value = value.get("src")
    return _text(value)


def _addresses(value: object) -> tuple[str, ...]:
    return tuple(address for item in items(value) if (address := _address(item)))


Text = Annotated[str, BeforeValidator(_text)]
Line = Annotated[str, BeforeValidator(_line)]
Number = Annotated[Decimal | None, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Id = Annotated[str, BeforeValidator(identifier)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Address = Annotated[str, BeforeValidator(_address)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
