"""What a shop says of a product besides its texts, price and stock; most products have little of it."""

from collections.abc import Set
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A weight in the shop's unit, such as `kg`; the unit is empty where the shop does not say it."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """Length, width and height in the shop's unit, such as `cm`; None for a side that is not known."""

    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A product of a set, by its external id; the name is empty where the shop does not say it."""

    external_id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A field that the owner of the shop has chosen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Facts of a product or variation; the defaults mean that there is nothing to say.

    Weight, dimensions, the names of a set's parts and custom fields are part of the product's text; the other
    fields are never. `sale_end` is UTC. `backorders` is `notify` or `yes` if a sold-out product can be
    ordered. `price_includes_tax` is None if the shop has no taxes. `text_cut` is whether the shop's plugin
    has cut a text.
    """

    weight: Weight | None = None
    dimensions: Dimensions | None = None
    grouped_children: tuple[Part, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()
    sale_end: datetime | None = None
    price_includes_tax: bool | None = None
    backorders: str = ""
    average_rating: Decimal | None = None
    rating_count: int = 0
    review_count: int = 0
    external_url: str = ""
    button_text: str = ""
    featured: bool = False
    text_cut: bool = False

    def over(self, older: "Details", taken: Set[str]) -> "Details":
        """Returns the details with the older values of the fields in `taken`.

        A unit, or the name of a part, that was not sent stays: WooCommerce's own API sends neither.
        """
        kept = {name: getattr(older, name) for name in taken & DETAILS}
        merged = replace(self, **kept) if kept else self
        weight, dimensions = merged.weight, merged.dimensions
        if weight is not None and older.weight is not None and not weight.unit:
            weight = replace(weight, unit=older.weight.unit)
        if dimensions is not None and older.dimensions is not None and not dimensions.unit:
            dimensions = replace(dimensions, unit=older.dimensions.unit)
        names = {part.external_id: part.name for part in older.grouped_children}
        parts = tuple(
            part if part.name else replace(part, name=names.get(part.external_id, ""))
            for part in merged.grouped_children
        )
        return replace(merged, weight=weight, dimensions=dimensions, grouped_children=parts)


DETAILS = frozenset(field.name for field in fields(Details))
"""The names of all details."""
