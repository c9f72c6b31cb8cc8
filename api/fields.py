"""The types of fields in paths, queries and bodies, with their bounds."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator, Field, WithJsonSchema
from starlette.convertors import IntegerConvertor, register_url_convertor

LARGEST_ID = 2**63 - 1
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRICE = r"[0-9]{1,17}(\.[0-9]{1,17})?"


class _Digits(IntegerConvertor):
    """Matches as many digits as a 64-bit number has; a path with anything else is a 404."""

    regex = "[0-9]{1,19}"


register_url_convertor("id", _Digits())  # for paths: "/{row_id:id}/"


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value) if isinstance(value, str) else "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("expected a time such as 2026-11-20T10:00:00Z") from None


def _day(value: object) -> date:
    try:
        return datetime.strptime(
            value if isinstance(value, str) and value.isascii() else "", "%Y-%m-%d"
        ).date()
    except ValueError:
        raise ValueError("expected a day such as 2026-11-20") from None


def _price(value: object) -> Decimal:
    if isinstance(value, Decimal):  # a price that was read before
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected a price")
    if isinstance(value, str) and not re.fullmatch(_PRICE, value):
        raise ValueError("expected a price such as 1250000 or 19.99")
    return Decimal(str(value))


def _whole(value: object) -> object:
    """Returns 36 for 36.0, which is an integer in JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain_digits(value: object) -> object:
    """Returns the value if an address may spell an id so: 12, but not +12, 1_2, 12.0 or ۱۲."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
        raise ValueError("expected a number such as 12")
    return value


Whole = BeforeValidator(_whole)
Id = Annotated[int, Field(ge=1, le=LARGEST_ID), Whole]
PathId = Annotated[int, Path(ge=1, le=LARGEST_ID), BeforeValidator(_plain_digits)]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Price = Annotated[
    Decimal,
    BeforeValidator(_price),
    Field(ge=0, lt=10**17),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 10**17},
                {"type": "string", "pattern": f"^{_PRICE}$"},
            ]
        }
    ),
]
Words = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
