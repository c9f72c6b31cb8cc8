"""Facets: the values that the good results of a question have, with their numbers and prices."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from contracts.search import Facet, FacetValue, PriceFacet, Question
from database.search.conditions import prices
from database.search.ranking import FACETS_FLOOR
from knowledge.search.keys import ATTRIBUTE, BRAND, CATEGORY, compact

VALUES = 50
"""The most values of a facet, the most frequent ones."""

SPELLINGS = 4 * VALUES
"""The most spellings of values that are read; the spellings of one value are counted together."""

SAMPLE_CHARACTERS = 20_000
"""Of a product with longer attributes the options are shown by their keys."""

ATTRIBUTES = "attributes."

COLUMNS = {BRAND: "brands", CATEGORY: "categories"}
"""Facets of this name -> the column; the kind of the values' keys has the name of the facet."""


def statements(question: Question) -> tuple[str, str, dict[str, object]]:
    """Returns SQL of the facets of `ranked`: common table expressions, a JSON array, and the parameters.

    Prices are in the currency of the store.

    The array has one value for each facet, in their order; `read` reads it.
    """
    facets = question.facets
    if not facets:
        return "", "NULL::json", {}
    parameters: dict[str, object] = {}
    columns = ", p.keys" if any(facet != "price" for facet in facets) else ""
    first, parts = "", []
    for place, facet in enumerate(facets):
        if facet.startswith(ATTRIBUTES):
            name = f"facet_{place}"
            parameters[name] = f"/{ATTRIBUTE}/{compact(facet.removeprefix(ATTRIBUTES))}/"
            columns += f", p.store_id || CAST(:{name} AS text) AS {name}"
            first += f", varied_{name} AS MATERIALIZED ({_varied(question, name)})"
            parts.append(_options(name))
        elif facet in COLUMNS:
            columns += f", p.{COLUMNS[facet]}"
            parts.append(f"json_build_array({_values(COLUMNS[facet])}, {_products(facet)})")
        else:
            parts.append(
                "(SELECT json_build_array(CAST(min(low) AS text), CAST(max(high) AS text), count(low))"
                " FROM faced)"
            )
    faced = f""",
        faced AS MATERIALIZED (
            SELECT p.id, p.store_id, p.external_id, p.currency, {prices.lowest(question, "p")} AS low,
                   {prices.highest(question, "p")} AS high {columns}
            FROM ranked r JOIN products p ON p.id = r.product_id
            WHERE r.score >= {FACETS_FLOOR} * (SELECT max(score) FROM ranked)
        )"""
    return faced + first, f"json_build_array({', '.join(parts)})", parameters


def _values(column: str) -> str:
    """Returns SQL of a JSON array of [value, count, lowest price, highest price], the most frequent first."""
    return f"""(
        SELECT json_agg(json_build_array(value, number, CAST(low AS text), CAST(high AS text)))
        FROM (SELECT value, count(*) AS number, min(low) AS low, max(high) AS high
              FROM (SELECT DISTINCT id, low, high, unnest({column}) AS value FROM faced) AS each
              WHERE value <> '' GROUP BY value ORDER BY number DESC, value LIMIT {SPELLINGS}) AS most)"""


def _products(kind: str) -> str:
    """Returns SQL of a JSON object of the most frequent keys, with the number of products that have each.

    A product has a key once, in however many spellings it has the value.
    """
    beginning = f"store_id || '/{kind}/'"
    return f"""(
        SELECT json_object_agg(key, number)
        FROM (SELECT substr(key, length({beginning}) + 1) AS key, count(*) AS number
              FROM faced CROSS JOIN unnest(keys) AS key WHERE starts_with(key, {beginning})
              GROUP BY 1 ORDER BY number DESC, 1 LIMIT {SPELLINGS}) AS most)"""


def _varied(question: Question, name: str) -> str:
    """Returns SQL of the options of one attribute that active variations have, by their keys."""
    price = prices.converted(question, "v.price", "f")
    return f"""
        SELECT f.id, coalesce({price}, f.low) AS low, coalesce({price}, f.high) AS high,
               substr(key, length(f.{name}) + 1) AS value, v.id AS variation_id
        FROM faced f JOIN product_variations v
            ON v.store_id = f.store_id AND v.parent_external_id = f.external_id AND v.is_active
        CROSS JOIN unnest(v.keys) AS key WHERE starts_with(key, f.{name})"""


def _options(name: str) -> str:
    """Returns SQL as `_values` does, with two more elements: the number of a sample, and its attributes.

    A product has the options of its variations, or else its own. They are counted by their keys, which are
    the same for all spellings.
    """
    return f"""(
        SELECT json_agg(json_build_array(
            value, number, CAST(low AS text), CAST(high AS text), coalesce(-variation_id, product_id),
            CASE WHEN variation_id IS NULL
                THEN (SELECT p.attributes FROM products p
                      WHERE p.id = product_id AND length(CAST(p.attributes AS text)) <= {SAMPLE_CHARACTERS})
                ELSE (SELECT v.options FROM product_variations v WHERE v.id = variation_id) END))
        FROM (SELECT value, count(*) AS number, min(low) AS low, max(high) AS high,
                     min(variation_id) AS variation_id, min(id) AS product_id
              FROM (SELECT id, value, min(low) AS low, max(high) AS high, min(variation_id) AS variation_id
                    FROM varied_{name} GROUP BY id, value
                    UNION ALL
                    SELECT f.id, substr(key, length(f.{name}) + 1), f.low, f.high, NULL
                    FROM faced f CROSS JOIN unnest(f.keys) AS key
                    WHERE starts_with(key, f.{name}) AND f.id NOT IN (SELECT id FROM varied_{name})
                   ) AS each
              GROUP BY value ORDER BY number DESC, value LIMIT {VALUES}) AS most)"""


def _price(number: str | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def read(facets: Sequence[str], values: Sequence[Any] | None) -> dict[str, Facet]:
    """Returns facet -> its values, from the JSON of `statements`; None is an empty result."""
    found = values or [None] * len(facets)
    return {facet: _read(facet, value) for facet, value in zip(facets, found, strict=True)}


def _read(facet: str, value: Sequence[Any] | None) -> Facet:
    if facet.startswith(ATTRIBUTES):
        name = compact(facet.removeprefix(ATTRIBUTES))
        spelled: dict[int, dict[str, str]] = {}
        for *_, sample, attributes in value or ():
            if sample not in spelled:
                spelled[sample] = _spellings(name, attributes or ())
        return _counted((spelled[one[4]].get(one[0], one[0]), *one[1:4]) for one in value or ())
    if facet == "price":
        return _priced(value)
    values, products = value or ((), {})
    return _counted(values or (), products)


def _spellings(name: str, attributes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Returns the keys of the options of an attribute, with the options as the shop spells them."""
    options = [option for one in attributes if compact(one["name"]) == name for option in one["options"]]
    return {compact(option): option for option in reversed(options)}


def _priced(value: Sequence[Any] | None) -> PriceFacet:
    lowest, highest, count = value or (None, None, 0)
    return PriceFacet(min=_price(lowest), max=_price(highest), count=count)


def _counted(rows: Iterable[Sequence[Any]], products: Mapping[str, int] | None = None) -> list[FacetValue]:
    """Returns the values; with the same letters and digits they are one, in the most frequent spelling.

    `products` has the number of products with each value, by its letters and digits.
    """
    merged: dict[str, FacetValue] = {}
    for value, count, lowest, highest in rows:
        key = compact(value) or value
        number = max(count, (products or {}).get(key, 0))
        one = FacetValue(value=value, count=number, min_price=_price(lowest), max_price=_price(highest))
        merged[key] = _together(merged[key], one) if key in merged else one
    return sorted(merged.values(), key=lambda one: -one.count)[:VALUES]


def _together(one: FacetValue, other: FacetValue) -> FacetValue:
    """Returns two spellings of a value as one, in the first spelling."""
    lowest = [price for price in (one.min_price, other.min_price) if price is not None]
    highest = [price for price in (one.max_price, other.max_price) if price is not None]
    return FacetValue(
        value=one.value,
        count=max(one.count, other.count),
        min_price=min(lowest, default=None),
        max_price=max(highest, default=None),
    )
