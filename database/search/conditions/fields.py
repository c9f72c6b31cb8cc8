"""The fields of a product that a condition can compare."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from database import shown

ATTRIBUTE = "attributes."
"""The beginning of a field that is an attribute of the product, or an option of one of its variations."""


class Kind(StrEnum):
    """How a field is compared: texts letter by letter, values and codes tolerantly; see `compiled`.

    A link is compared as it is shown, in ASCII, and as the shop wrote it; a moment in whole seconds.
    """

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    VALUE = "value"
    CODE = "code"
    TITLE = "title"
    LINK = "link"


_ESCAPED_LETTERS = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
"""Of letters that are not ASCII."""


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
    "url": Field(Kind.LINK, shown.link("p")),
    "image": Field(Kind.LINK, "p.image"),
    "facts_at": Field(Kind.MOMENT, "date_trunc('second', p.received_at)"),
    "known_at": Field(Kind.MOMENT, "date_trunc('second', p.knowledge_at)"),
}
"""Every field but attributes, which begin with `ATTRIBUTE`."""


def kind_of(field: str) -> Kind | None:
    """Returns how a field is compared; None for an unknown one."""
    if field.startswith(ATTRIBUTE) and field != ATTRIBUTE:
        return Kind.VALUE
    return FIELDS[field].kind if field in FIELDS else None


def spellings(link: str) -> list[str]:
    """Returns an address as it is, and as a shop may have written it: with letters for their escapes."""
    partly = _ESCAPED_LETTERS.sub(lambda escaped: unquote(escaped[0]), link)
    paths = [link, unquote(link), partly]
    found = dict.fromkeys([*paths, *(path.replace(*_host(path), 1) for path in paths)])
    return [spelling for spelling in found if "\x00" not in spelling]


def _host(link: str) -> tuple[str, str]:
    """Returns the host of an address in ASCII, and in letters."""
    try:
        host = urlsplit(link).netloc
        return host, host.encode("ascii").decode("idna")
    except ValueError:
        return "", ""
