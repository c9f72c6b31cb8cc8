"""Weight, dimensions, ratings, sets and other details, as REST and our plugin send them.

A detail that cannot be read never refuses its product: where the sender reads our answer it is read again
when the event is processed, and noted there.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ValidationInfo

from connectors.bounds import each
from connectors.fields import DETAIL_SCHEMA, address, entries, flag, hint, line, moment, number
from contracts.bounds import CUSTOM_FIELDS, ENTRIES, OPTIONS
from contracts.products.details import CustomField, Details, Dimensions, Part, Weight

_HIGHEST_RATING = 5
_LARGEST_COUNT = 10**9
_UNIT_CHARACTERS = 20
_WITH_UNIT = re.compile(r"(.*?[^\W_])\s*+([^\W\d_][^\d_]{0,19})")
_MAY_BE_ORDERED = ("notify", "yes")

Read = TypeVar("Read")


def _lenient(read: Callable[[Any, ValidationInfo], Read], nothing: Read) -> BeforeValidator:
    """Returns a validator that refuses what cannot be read only where it can be noted."""

    def validate(value: object, info: ValidationInfo) -> Read:
        try:
            return read(value, info)
        except ValueError:
            if info.context is not None:
                raise
            return nothing

    return BeforeValidator(validate)


def _unit(value: object, info: ValidationInfo) -> str:
    return line(value, info)[:_UNIT_CHARACTERS]


def _positive(value: object) -> Decimal | None:
    """Returns a measure; None for zero, which means that there is none."""
    found = number(value)
    if found is not None and found < 0:
        raise ValueError("expected a number of at least 0")
    return found or None


def _weight(value: object, info: ValidationInfo) -> Weight | None:
    """Returns a weight sent as {value, unit}, as a number or as a text such as `1.2 kg`."""
    sent, unit = value, cast(object, "")
    if isinstance(value, Mapping):
        sent, unit = value.get("value"), value.get("unit")
    elif isinstance(value, str) and (parts := _WITH_UNIT.fullmatch(value.strip()[:100])):
        sent, unit = parts.groups()
    found = _positive(None if sent == [] else sent)
    return None if found is None else Weight(value=found, unit=_unit(unit, info))


def _dimensions(value: object, info: ValidationInfo) -> Dimensions | None:
    """Returns the sides sent as {length, width, height, unit}; None without any."""
    if not isinstance(value, Mapping):
        if value is None or value in ("", [], False):
            return None
        raise ValueError("expected an object with length, width, height and unit")
    sides = {name: _positive(value.get(name)) for name in ("length", "width", "height")}
    if not any(sides.values()):
        return None
    return Dimensions(**sides, unit=_unit(value.get("unit"), info))


def _rating(value: object, info: ValidationInfo) -> Decimal | None:
    found = _positive(value)
    if found is not None and found > _HIGHEST_RATING:
        raise ValueError(f"expected a number from 0 to {_HIGHEST_RATING}")
    return found


def _count(value: object, info: ValidationInfo) -> int:
    found = _positive(value) or Decimal(0)
    if found > _LARGEST_COUNT or found != int(found):
        raise ValueError("expected a whole number")
    return int(found)


def _backorders(value: object, info: ValidationInfo) -> str:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word if word in _MAY_BE_ORDERED else "yes" if hint(value) else ""


def _parts(value: object, info: ValidationInfo) -> tuple[tuple[object, str], ...]:
    """Returns the ids and names of a set's products, sent as {id, name} or as ids alone."""

    def part(item: object) -> tuple[object, str]:
        fields = item if isinstance(item, Mapping) else {"id": item}
        if isinstance(fields.get("id"), bool) or not isinstance(fields.get("id"), int | str):
            raise ValueError("expected an id, or an object with an id")
        return fields["id"], line(fields.get("name"), info)

    return tuple(each(entries(value, ENTRIES, info, "id"), part, info))


def _custom_fields(value: object, info: ValidationInfo) -> tuple[CustomField, ...]:
    """Returns fields sent as {name, value}; a value may be a list. Fields without a value are left out."""

    def field(item: object) -> CustomField:
        if not isinstance(item, Mapping) or "name" not in item or "value" not in item:
            raise ValueError("expected an object with name and value")
        sent = item["value"]
        parts = sent[:OPTIONS] if isinstance(sent, list) else [sent]
        text = "، ".join(filter(None, (line(part, info) for part in parts)))
        return CustomField(name=line(item["name"], info), value=line(text, info))

    read = each(entries(value, CUSTOM_FIELDS, info, "name"), field, info)
    return tuple(one for one in read if one.name and one.value)


def _featured(value: object, info: ValidationInfo) -> bool:
    return flag(value)


def _includes_tax(value: object, info: ValidationInfo) -> bool | None:
    return None if value in (None, "") else flag(value)


def _moment(value: object, info: ValidationInfo) -> datetime | None:
    return moment(value)


def _address(value: object, info: ValidationInfo) -> str:
    return address(value)


_Weight = Annotated[Weight | None, _lenient(_weight, None), DETAIL_SCHEMA]
_Dimensions = Annotated[Dimensions | None, _lenient(_dimensions, None), DETAIL_SCHEMA]
_Moment = Annotated[datetime | None, _lenient(_moment, None), DETAIL_SCHEMA]
_Backorders = Annotated[str, _lenient(_backorders, ""), DETAIL_SCHEMA]
_Rating = Annotated[Decimal | None, _lenient(_rating, None), DETAIL_SCHEMA]
_Count = Annotated[int, _lenient(_count, 0), DETAIL_SCHEMA]
_Parts = Annotated[tuple[tuple[Any, str], ...], _lenient(_parts, ()), DETAIL_SCHEMA]
_Address = Annotated[str, _lenient(_address, ""), DETAIL_SCHEMA]
_Line = Annotated[str, _lenient(line, ""), DETAIL_SCHEMA]
_Flag = Annotated[bool, _lenient(_featured, nothing=False), DETAIL_SCHEMA]
_Taxed = Annotated[bool | None, _lenient(_includes_tax, None), DETAIL_SCHEMA]
_CustomFields = Annotated[tuple[CustomField, ...], _lenient(_custom_fields, ()), DETAIL_SCHEMA]


class ItemDetails(BaseModel):
    """The details that products and variations have."""

    weight: _Weight = None
    dimensions: _Dimensions = None
    sale_end_gmt: _Moment = None
    date_on_sale_to_gmt: _Moment = None
    backorders: _Backorders = ""

    def own_details(self) -> Details:
        return Details(
            weight=self.weight,
            dimensions=self.dimensions,
            sale_end=self.sale_end_gmt or self.date_on_sale_to_gmt,
            backorders=self.backorders,
        )


class ProductDetails(ItemDetails):
    """The details that only products have."""

    average_rating: _Rating = None
    rating_count: _Count = 0
    review_count: _Count = 0
    grouped_children: _Parts = ()
    grouped_products: _Parts = ()
    external_url: _Address = ""
    button_text: _Line = ""
    featured: _Flag = False
    custom_fields: _CustomFields = ()
    price_includes_tax: _Taxed = None
    text_cut: _Flag = False

    def details(self, spelled: Callable[[object], str]) -> Details:
        """Returns the details; `spelled` returns our external id of an id in the shop."""
        return replace(
            self.own_details(),
            average_rating=self.average_rating,
            rating_count=self.rating_count,
            review_count=self.review_count,
            grouped_children=tuple(_spelled(self.grouped_children or self.grouped_products, spelled)),
            external_url=self.external_url,
            button_text=self.button_text,
            featured=self.featured,
            custom_fields=self.custom_fields,
            price_includes_tax=self.price_includes_tax,
            text_cut=self.text_cut,
        )


def _spelled(parts: Sequence[tuple[object, str]], spelled: Callable[[object], str]) -> Iterator[Part]:
    for id_, name in parts:
        with suppress(ValueError):
            yield Part(external_id=spelled(id_), name=name)
