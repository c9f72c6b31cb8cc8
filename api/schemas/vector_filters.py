"""Filters in the shape of OpenAI's vector stores: comparisons, and "and" and "or" of them."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from api.bodies import RequestBody
from api.errors import invalid_field
from contracts.search import AllOf, AnyOf, Comparing, Comparison, Condition
from database.search.conditions.fields import FIELDS, Kind, kind_of
from knowledge.normalise import normalise

MOST_COMPARISONS = 20
DEEPEST = 5
MOST_VALUES = 50
MAX_VALUE_CHARACTERS = 512

_EQUALITY = {Comparing.EQUAL, Comparing.DIFFERENT, Comparing.AMONG, Comparing.NOT_AMONG}
_LISTS = {Comparing.AMONG, Comparing.NOT_AMONG}
_ORDERED = {Kind.NUMBER, Kind.MOMENT}
_DECIMAL = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,17})?")
_SIGNS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫", "01234567890123456789.", ",٬")
_LARGEST = 10**17

Scalar: TypeAlias = str | int | float | bool


def _checked(value: object) -> object:
    values = value if isinstance(value, list) else [value]
    if not values or len(values) > MOST_VALUES:
        raise ValueError(f"expected 1 to {MOST_VALUES} values")
    for one in values:
        if not isinstance(one, str | int | float | bool):
            raise ValueError("expected a text, a number, true or false, or a list of these")
        if isinstance(one, str) and (len(one) > MAX_VALUE_CHARACTERS or "\x00" in one):
            raise ValueError(f"expected texts of at most {MAX_VALUE_CHARACTERS} characters")
    return value


_SCALAR: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "maxLength": MAX_VALUE_CHARACTERS},
        {"type": "number"},
        {"type": "boolean"},
    ]
}
_LIST = {"type": "array", "items": _SCALAR, "minItems": 1, "maxItems": MOST_VALUES}
Compared = Annotated[Any, BeforeValidator(_checked), WithJsonSchema({"anyOf": [*_SCALAR["anyOf"], _LIST]})]


class ComparisonFilter(RequestBody):
    """A field of the results' `attributes`, or `attributes.` and a name, compared with a value."""

    type: Comparing
    key: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")
    value: Compared


class CompoundFilter(RequestBody):
    """Filters of which all or one must hold."""

    type: Literal["and", "or"]
    filters: list["AnyFilter"] = Field(min_length=1, max_length=MOST_COMPARISONS)


def _shape(value: object) -> str:
    type_ = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "compound" if type_ in ("and", "or") else "comparison"


AnyFilter = Annotated[
    Annotated[ComparisonFilter, Tag("comparison")] | Annotated[CompoundFilter, Tag("compound")],
    Discriminator(_shape),
]
CompoundFilter.model_rebuild()

TAGS = ("comparison", "compound")
"""Parts of the places that pydantic names, which are not parts of the body."""


def condition_of(filter_: ComparisonFilter | CompoundFilter | None) -> Condition | None:
    """Returns a filter as a condition; raises 400 for unknown keys and wrong values."""
    return None if filter_ is None else _condition(filter_, "filters", 1, count(1))


def _condition(
    filter_: ComparisonFilter | CompoundFilter, place: str, depth: int, numbers: Iterator[int]
) -> Condition:
    if isinstance(filter_, ComparisonFilter):
        if next(numbers) > MOST_COMPARISONS:
            raise invalid_field("filters", f"at most {MOST_COMPARISONS} comparisons are possible")
        return _comparison(filter_, place)
    if depth >= DEEPEST:
        raise invalid_field(place, f"nests more than {DEEPEST} levels")
    parts = [
        _condition(one, f"{place}.filters.{number}", depth + 1, numbers)
        for number, one in enumerate(filter_.filters)
    ]
    return AllOf(parts=parts) if filter_.type == "and" else AnyOf(parts=parts)


def _comparison(filter_: ComparisonFilter, place: str) -> Comparison:
    kind = kind_of(filter_.key)
    if kind is None:
        known = ", ".join([*FIELDS, "attributes.NAME"])
        raise invalid_field(f"{place}.key", f"unknown key; known are {known}")
    if filter_.type not in _EQUALITY and kind not in _ORDERED:
        raise invalid_field(f"{place}.type", f"`{filter_.key}` has no order: use eq, ne, in or nin")
    is_list = isinstance(filter_.value, list)
    if is_list != (filter_.type in _LISTS):
        expected = "a list" if filter_.type in _LISTS else "one value, not a list"
        raise invalid_field(f"{place}.value", f"`{filter_.type}` takes {expected}")
    values = filter_.value if is_list else [filter_.value]
    return Comparison(
        field=filter_.key,
        how=filter_.type,
        values=[_value(one, kind, f"{place}.value") for one in values],
    )


def _value(value: Scalar, kind: Kind, place: str) -> str | Decimal | bool | datetime:
    match kind:
        case Kind.FLAG:
            known: dict[Scalar, bool] = {"true": True, "false": False}
            if isinstance(value, str) and value in known:
                return known[value]
            if not isinstance(value, bool):
                raise invalid_field(place, "expected true or false")
            return value
        case Kind.NUMBER:
            text = str(value).translate(_SIGNS) if isinstance(value, str) else repr(value)
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise invalid_field(place, "expected a number such as 1250000 or 19.99")
            if (isinstance(value, str) and not _DECIMAL.fullmatch(text)) or abs(Decimal(text)) >= _LARGEST:
                raise invalid_field(place, "expected a number such as 1250000 or 19.99")
            return Decimal(text)
        case Kind.MOMENT:
            try:
                moment = datetime.fromisoformat(value if isinstance(value, str) else "")
            except ValueError:
                raise invalid_field(place, "expected a time such as 2026-11-20T10:00:00Z") from None
            if moment.tzinfo is None or not 1970 <= moment.year < 9999:
                raise invalid_field(place, "expected a time such as 2026-11-20T10:00:00Z")
            return moment
    if isinstance(value, bool):
        raise invalid_field(place, "expected a text")
    return normalise(value) if isinstance(value, str) and kind is not Kind.LINK else str(value)
