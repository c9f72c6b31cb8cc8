"""Facets: the values that the good results of a question have, with their numbers and prices."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from contracts.search import Facet, FacetValue, PriceFacet
from database.search.filters import HIGHEST, LOWEST
from database.search.ranking import FACETS_FLOOR
from database.search.vector_index import quoted
from knowledge.search.keys import compact

VALUES = 50
"""The most values of a facet, the most frequent ones."""

SPELLINGS = 4 * VALUES
"""The most spellings of values that are read; those of one value are counted together."""

ATTRIBUTES = "attributes."

_LETTERS = "يىےكڪةۀەہھأإآٱ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "یییککهههههاااا01234567890123456789"
_DROPPED = " \u00a0\u200c\u200d-_.,،:؛/()" + "".join(map(chr, (*range(0x64B, 0x656), 0x670)))

COLUMNS = {"brand": "brands", "category": "categories"}


def _folded(name: str) -> str:
    """Returns SQL of an attribute's name in the spelling used for comparison."""
    letters, folded = _LETTERS
    return f"translate(lower({name}), {quoted(letters + _DROPPED)}, {quoted(folded)})"


def statements(facets: Sequence[str]) -> tuple[str, str, dict[str, object]]:
    """Returns SQL of the facets of `ranked`: common table expressions, a JSON array, and the parameters.

    The array has one value for each facet, in their order; `read` reads it.
    """
    if not facets:
        return "", "NULL::json", {}
    first = f""",
        faced AS MATERIALIZED (
            SELECT p.id, p.store_id, p.external_id, p.brands, p.categories, p.attributes,
                   {LOWEST.format(row="p")} AS low, {HIGHEST.format(row="p")} AS high
            FROM ranked r JOIN products p ON p.id = r.product_id
            WHERE r.score >= {FACETS_FLOOR} * (SELECT max(score) FROM ranked)
        )"""
    parameters: dict[str, object] = {}
    parts = []
    for place, facet in enumerate(facets):
        if facet.startswith(ATTRIBUTES):
            parameters[f"facet_{place}"] = facet.removeprefix(ATTRIBUTES)
            parts.append(_values(_options(f"facet_{place}")))
        elif facet in COLUMNS:
            parts.append(_values(f"SELECT id, low, high, unnest({COLUMNS[facet]}) AS value FROM faced"))
        else:
            parts.append(
                "(SELECT json_build_array(CAST(min(low) AS text), CAST(max(high) AS text), count(low))"
                " FROM faced)"
            )
    return first, f"json_build_array({', '.join(parts)})", parameters


def _values(rows: str) -> str:
    """Returns SQL of a JSON array of [value, count, lowest price, highest price], the most frequent first."""
    return f"""(
        SELECT json_agg(json_build_array(value, number, CAST(low AS text), CAST(high AS text)))
        FROM (SELECT value, count(DISTINCT id) AS number, min(low) AS low, max(high) AS high
              FROM ({rows}) AS each WHERE value <> '' GROUP BY value
              ORDER BY number DESC, value LIMIT {SPELLINGS}) AS most)"""


def _options(parameter: str) -> str:
    """Returns SQL of the options of one attribute: those of active variations, or else the product's."""
    asked = _folded(f"CAST(:{parameter} AS text)")
    named = _folded("attribute ->> 'name'")
    option = "jsonb_array_elements_text(attribute -> 'options')"
    variations = f"""product_variations v CROSS JOIN jsonb_array_elements(v.options) AS attribute
        WHERE v.store_id = f.store_id AND v.parent_external_id = f.external_id AND v.is_active
          AND {named} = {asked}"""
    return f"""
        SELECT f.id, coalesce(one.price, f.low) AS low, coalesce(one.price, f.high) AS high, one.value
        FROM faced f CROSS JOIN LATERAL (SELECT v.price, {option} AS value FROM {variations}) AS one
        UNION ALL
        SELECT f.id, f.low, f.high, {option} AS value
        FROM faced f CROSS JOIN jsonb_array_elements(f.attributes) AS attribute
        WHERE {named} = {asked} AND NOT EXISTS (SELECT FROM {variations})"""


def _price(number: str | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def read(facets: Sequence[str], values: Sequence[Any] | None) -> dict[str, Facet]:
    """Returns facet -> its values, from the JSON of `statements`; None is an empty result."""
    found = values or [None] * len(facets)
    return {
        facet: _priced(value) if facet == "price" else _counted(value or ())
        for facet, value in zip(facets, found, strict=True)
    }


def _priced(value: Sequence[Any] | None) -> PriceFacet:
    lowest, highest, count = value or (None, None, 0)
    return PriceFacet(min=_price(lowest), max=_price(highest), count=count)


def _counted(rows: Iterable[Sequence[Any]]) -> list[FacetValue]:
    """Returns the values, those of the same letters and digits as one, in the most frequent spelling."""
    merged: dict[str, FacetValue] = {}
    for value, count, lowest, highest in rows:
        one = FacetValue(value=value, count=count, min_price=_price(lowest), max_price=_price(highest))
        key = compact(value) or value
        merged[key] = _together(merged[key], one) if key in merged else one
    return sorted(merged.values(), key=lambda one: -one.count)[:VALUES]


def _together(one: FacetValue, other: FacetValue) -> FacetValue:
    """Returns two spellings of a value as one, in the first spelling."""
    lowest = [price for price in (one.min_price, other.min_price) if price is not None]
    highest = [price for price in (one.max_price, other.max_price) if price is not None]
    return FacetValue(
        value=one.value,
        count=one.count + other.count,
        min_price=min(lowest, default=None),
        max_price=max(highest, default=None),
    )
