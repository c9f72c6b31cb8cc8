"""Rows of Google's product data: values separated by tabs, one product on one line."""

import csv
import io
from collections.abc import Sequence
from urllib.parse import quote

from catalogue.feeds.gaps import Gap
from catalogue.feeds.items import Item
from catalogue.feeds.prices import stated
from catalogue.feeds.terms import FeedTerms

COLUMNS = (
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "additional_image_link",
    "availability",
    "price",
    "sale_price",
    "brand",
    "gtin",
    "identifier_exists",
    "condition",
    "item_group_id",
    "product_type",
    "color",
    "size",
)

REQUIRED = frozenset(
    (Gap.ID, Gap.TITLE, Gap.DESCRIPTION, Gap.LINK, Gap.IMAGE, Gap.PRICE, Gap.CURRENCY, Gap.AVAILABILITY_DATE)
)

LONGEST_ID = 50


def row(item: Item, terms: FeedTerms) -> bytes:
    """Returns the line of an item that lacks nothing required."""
    return _line(
        (
            item.id,
            item.title,
            " ".join(item.description.split()),
            item.link,
            item.image,
            ",".join(quote(image, safe="%/:@!$&'()*+;=~?#[]") for image in item.images),
            item.availability,
            stated(item.price),
            stated(item.sale),
            item.brand,
            item.gtin,
            "yes" if item.gtin else "no" if terms.own_goods else "",
            terms.condition or "",
            item.group if len(item.group) <= LONGEST_ID else "",
            ",".join(map(_listed, item.categories)),
            item.colour,
            item.size,
        )
    )


def head() -> bytes:
    """Returns the line with the names of the columns."""
    return _line(COLUMNS)


def _listed(value: str) -> str:
    """Returns a value of a column that holds several, which commas separate."""
    return '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value


def _line(values: Sequence[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter="\t", lineterminator="\n").writerow(values)
    return written.getvalue().encode()
