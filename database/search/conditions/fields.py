"""The fields of a product that a condition can compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from database import shown

ATTRIBUTE = "attributes."
"""The beginning of a field that is an attribute of the product, or an option of one of its variations."""


class Kind(StrEnum):
    """How a field is compared: texts letter by letter, values and codes tolerantly; see `compiled`."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    VALUE = "value"
    CODE = "code"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a product `p`; `sql` is empty where keys are compared."""

    kind: Kind
    sql: str = ""


FIELDS: Mapping[str, Field] = {
    "product_id": Field(Kind.TEXT, "p.external_id"),
    "title": Field(Kind.TITLE),
    "price": Field(Kind.NUMBER, "coalesce(p.min_price, p.price)"),
    "max_price": Field(Kind.NUMBER, "coalesce(p.max_price, p.price)"),
    "regular_price": Field(Kind.NUMBER, "CAST(nullif(p.metadata ->> 'regular_price', '') AS numeric)"),
    "currency": Field(Kind.TEXT, "p.currency"),
    "in_stock": Field(Kind.FLAG, "p.in_stock"),
    "availability": Field(Kind.TEXT, shown.availability("p")),
    "brand": Field(Kind.VALUE),
    "category": Field(Kind.VALUE),
    "sku": Field(Kind.CODE),
    "gtin": Field(Kind.CODE),
    "url": Field(Kind.TEXT, shown.link("p")),
    "image": Field(Kind.TEXT, "p.image"),
    "facts_at": Field(Kind.MOMENT, "p.received_at"),
    "known_at": Field(Kind.MOMENT, "p.knowledge_at"),
}
"""Every field but attributes, which begin with `ATTRIBUTE`."""


def kind_of(field: str) -> Kind | None:
    """Returns how a field is compared; None for an unknown one."""
    if field.startswith(ATTRIBUTE) and field != ATTRIBUTE:
        return Kind.VALUE
    return FIELDS[field].kind if field in FIELDS else None
