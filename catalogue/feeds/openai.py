"""Rows of OpenAI's product feed: JSON lines, packed with gzip.

Thirteen columns are in every row: the required ones of all versions of the specification. Flags are the
strings `true` and `false`, as the specification says.
"""

import orjson

from catalogue.feeds.gaps import Gap
from catalogue.feeds.items import Item
from catalogue.feeds.prices import stated
from catalogue.feeds.terms import FeedTerms

COLUMNS = (
    "item_id",
    "title",
    "description",
    "url",
    "brand",
    "seller_name",
    "image_url",
    "availability",
    "price",
    "target_countries",
    "store_country",
    "is_eligible_search",
    "is_eligible_checkout",
)
"""The columns of every row; others follow where their values are known."""

REQUIRED = frozenset(
    (Gap.ID, Gap.TITLE, Gap.DESCRIPTION, Gap.LINK, Gap.IMAGE, Gap.PRICE, Gap.CURRENCY, Gap.BRAND)
)

LONGEST_ID = 100


def row(item: Item, terms: FeedTerms) -> bytes:
    """Returns the line of an item that lacks nothing required."""
    values = (
        item.id,
        item.title,
        item.description,
        item.link,
        item.brand,
        terms.seller,
        item.image,
        item.availability,
        stated(item.price),
        terms.targets,
        terms.country,
        "true",
        "false",
    )
    known = {
        **_variant(item),
        "gtin": item.gtin,
        "sale_price": stated(item.sale),
        "additional_image_urls": item.images,
        "product_category": item.categories[0] if item.categories else "",
        "condition": terms.condition or "",
        "color": item.colour,
        "size": item.size,
        "seller_url": terms.seller_link,
    }
    written = {
        **dict(zip(COLUMNS, values, strict=True)),
        **{name: value for name, value in known.items() if value},
    }
    return orjson.dumps(written, option=orjson.OPT_APPEND_NEWLINE)


def _variant(item: Item) -> dict[str, object]:
    """Returns the three columns that go together; a variation without options has none of them."""
    if not item.group:
        return {"listing_has_variations": "false"}
    if not item.options:
        return {}
    return {"group_id": item.group, "listing_has_variations": "true", "variant_dict": item.options}
