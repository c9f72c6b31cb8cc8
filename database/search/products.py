"""SQL of the products of a page as they are now, with their active variations."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.search import FoundProduct, FoundVariation, Hit, Matched
from database import shown
from database.details import as_metadata, details_of
from database.search.conditions.prices import HIGHEST, LOWEST

VARIATIONS = 50
"""The most variations of a hit; a product may have 2,048."""

CUSTOM_FIELDS = 20
CUSTOM_FIELD_CHARACTERS = 300
"""The most custom fields of a hit, and the most characters of one."""

_IN_COLUMNS = (
    "id",
    "external_id",
    "title",
    "price",
    "currency",
    "in_stock",
    "stock_quantity",
    "brands",
    "categories",
    "attributes",
    "image",
)
"""Fields of `FoundProduct` that are columns of the same name."""

_COMPUTED = {
    "min_price": LOWEST.format(row="p"),
    "max_price": HIGHEST.format(row="p"),
    "regular_price": "p.metadata ->> 'regular_price'",
    "on_sale": "coalesce(CAST(p.metadata ->> 'on_sale' AS boolean), false)",
    "sku": "coalesce(p.metadata ->> 'sku', '')",
    "gtin": "coalesce(p.metadata ->> 'gtin', '')",
    "availability": shown.availability("p"),
    "link": shown.link("p"),
    "details": shown.details("p"),
    "facts_at": "p.received_at",
    "known_at": "p.knowledge_at",
}

_VARIATION = shown.variation(
    "v",
    regular_price="v.metadata ->> 'regular_price'",
    on_sale="coalesce(CAST(v.metadata ->> 'on_sale' AS boolean), false)",
)


def columns() -> str:
    """Returns the columns of a product `p` with the variations of `variations`."""
    return ", ".join(
        [
            *(f"p.{name}" for name in _IN_COLUMNS),
            *(f"{sql} AS {name}" for name, sql in _COMPUTED.items()),
            "variations.first AS variations, variations.total AS variations_total",
        ]
    )


def variations(*, likely: str) -> str:
    """Returns SQL of a lateral join of the active variations of `p`; `likely` orders them, highest first."""
    return f"""CROSS JOIN LATERAL (
        SELECT count(*) AS total,
               json_agg({_VARIATION} ORDER BY place) FILTER (WHERE place <= {VARIATIONS}) AS first
        FROM (SELECT v.*, row_number() OVER (ORDER BY {likely} DESC, v.in_stock DESC, v.id) AS place
              FROM product_variations v
              WHERE v.store_id = p.store_id AND v.parent_external_id = p.external_id AND v.is_active) AS v
        ) AS variations"""


def _short(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the details with what fits in an answer of many products; the text has the rest."""
    details = details_of(metadata)
    fields = tuple(
        replace(field, value=field.value[:CUSTOM_FIELD_CHARACTERS])
        for field in details.custom_fields[:CUSTOM_FIELDS]
    )
    parts = details.grouped_children[:VARIATIONS]
    return as_metadata(replace(details, custom_fields=fields, grouped_children=parts))


def hit(row: Mapping[Any, Any]) -> Hit:
    """Returns a row of the page as a result."""
    fields = {name: row[name] for name in FoundProduct.__dataclass_fields__}
    fields["details"] = _short(row["details"]) if row["details"] else {}
    fields["variations"] = [FoundVariation(**variation) for variation in row["variations"] or ()]
    return Hit(
        score=row["score"],
        similarity=row["similarity"],
        matched=Matched(share=row["share"], missing=row["missing"]),
        text=row["text"],
        product=FoundProduct(**fields),
    )
