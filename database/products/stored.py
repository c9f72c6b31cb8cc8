"""Read active products of one store with their variations, as they are now."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.stored import Resolved, StoredProduct, StoredVariation
from database import shown
from database.details import details_of
from database.sql import as_json, recordset
from knowledge.search.keys import CODE, keys, scoped

SHORT_CHARACTERS = 4_000
DESCRIPTION_CHARACTERS = 20_000
"""How much of the texts is read, with their markup."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _number(row: str, name: str) -> str:
    return f"CAST(nullif({row}.metadata ->> '{name}', '') AS numeric)"


_VARIATION = shown.variation(
    "v",
    description=f"left(v.description, {SHORT_CHARACTERS})",
    regular_price=f"CAST({_number('v', 'regular_price')} AS text)",
    link=shown.link("v"),
    image="v.image",
)

_COLUMNS = f"""
    p.id, p.store_id, p.external_id, p.title,
    left(p.short_description, {SHORT_CHARACTERS}) AS short_description,
    left(p.description, {DESCRIPTION_CHARACTERS}) AS description,
    p.categories, p.tags, p.brands, p.attributes, p.price, p.min_price, p.max_price,
    {_number("p", "regular_price")} AS regular_price, p.currency, p.in_stock,
    {shown.availability("p")} AS availability, p.stock_quantity, coalesce(p.metadata ->> 'sku', '') AS sku,
    coalesce(p.metadata ->> 'gtin', '') AS gtin, {shown.link("p")} AS link, p.image,
    coalesce(p.metadata -> 'images' -> 'gallery', '[]') AS gallery,
    {shown.details("p")} AS details, coalesce(variations.first, '[]') AS variations,
    variations.total AS variations_total, p.received_at AS facts_at, p.knowledge_at AS known_at"""

_VARIATIONS = f"""CROSS JOIN LATERAL (
    SELECT count(*) AS total,
           json_agg({_VARIATION} ORDER BY place) FILTER (WHERE place <= :variations) AS first
    FROM (SELECT v.*, row_number() OVER (
              ORDER BY CASE WHEN :ranked THEN array_position(CAST(:first AS text[]), v.external_id)
                            WHEN v.external_id = ANY(CAST(:first AS text[])) THEN 0 END NULLS LAST,
                       v.in_stock DESC, v.id) AS place
          FROM product_variations v
          WHERE v.store_id = p.store_id AND v.parent_external_id = p.external_id AND v.is_active) AS v
    ) AS variations"""

_READ = text(f"""
    SELECT {_COLUMNS} FROM products p {_VARIATIONS}
    WHERE p.store_id = :store_id AND p.id = ANY(CAST(:ids AS bigint[])) AND p.is_active
""")

_PAGE = text(f"""
    SELECT {_COLUMNS} FROM (
        SELECT * FROM products
        WHERE store_id = :store_id AND external_id > :after AND is_active
        ORDER BY external_id LIMIT :limit) AS p
    {_VARIATIONS} ORDER BY p.external_id
""")

_RESOLVE = text(f"""
    SELECT DISTINCT ON (a.place) a.identifier, meant.product_id, meant.variation
    FROM {recordset("asked", "a", {"place": "int", "identifier": "text", "keys": "text[]"})}
    CROSS JOIN LATERAL (
        SELECT 1 AS rank, p.id AS product_id, CAST(NULL AS text) AS variation FROM products p
        WHERE p.store_id = :store_id AND p.external_id = a.identifier AND p.is_active
        UNION ALL
        SELECT 2, p.id, v.external_id FROM product_variations v
            JOIN products p ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
        WHERE v.store_id = :store_id AND v.external_id = a.identifier AND v.is_active AND p.is_active
        UNION ALL
        SELECT 3, p.id, v.external_id FROM product_variations v
            JOIN products p ON p.store_id = v.store_id AND p.external_id = v.parent_external_id
        WHERE v.store_id + 0 = :store_id AND v.keys && a.keys AND v.is_active AND p.is_active
        UNION ALL
        SELECT 4, p.id, NULL FROM products p
        WHERE p.store_id + 0 = :store_id AND p.keys && a.keys AND p.is_active
    ) AS meant
    ORDER BY a.place, meant.rank, meant.product_id
""")
"""`+ 0` keeps Postgres from reading all products of a store in an index: keys begin with their store."""


async def read(
    connection: AsyncConnection,
    store_id: int,
    ids: Sequence[int],
    *,
    variations: int = 50,
    first: Sequence[str] = (),
    ranked: bool = False,
) -> list[StoredProduct]:
    """Returns the active products with these ids, in their order, each with at most so many `variations`.

    Variations with external ids in `first` come first, in this order if they are `ranked`. Then the ones in
    stock follow.
    """
    values = {
        "store_id": store_id,
        "ids": list(ids),
        "variations": variations,
        "first": list(first),
        "ranked": ranked,
    }
    found = {row["id"]: _product(row) for row in (await connection.execute(_READ, values)).mappings()}
    return [found[id_] for id_ in ids if id_ in found]


async def page(
    connection: AsyncConnection, store_id: int, *, after: str, limit: int, variations: int
) -> list[StoredProduct]:
    """Returns active products of a store with external ids after `after`, in the order of these."""
    values = {
        "store_id": store_id,
        "after": after,
        "limit": limit,
        "variations": variations,
        "first": [],
        "ranked": False,
    }
    return [_product(row) for row in (await connection.execute(_PAGE, values)).mappings()]


async def resolve(
    connection: AsyncConnection, store_id: int, identifiers: Sequence[str]
) -> dict[str, Resolved]:
    """Returns what identifiers mean in a store: identifier -> product or variation; unknown ones are absent.

    An identifier is the external id of a product or a variation, or a code: SKU, GTIN or model number.
    Identifiers that Postgres cannot store are unknown.
    """
    asked = [
        {"place": place, "identifier": one, "keys": scoped(store_id, keys(CODE, [one]))}
        for place, one in enumerate(dict.fromkeys(identifiers))
        if not _UNSTORABLE.search(one)
    ]
    rows = await connection.execute(_RESOLVE, {"store_id": store_id, "asked": as_json(asked)})
    return {row.identifier: Resolved(**row._mapping) for row in rows}


def _product(row: Mapping[Any, Any]) -> StoredProduct:
    variations = [_variation(each) for each in row["variations"]]
    own = {"currency": row["currency"] or "", "details": details_of(row["details"]), "variations": variations}
    return StoredProduct(**{**row, **own})


def _variation(row: Mapping[str, Any]) -> StoredVariation:
    numbers = {name: _decimal(row[name]) for name in ("price", "regular_price", "stock_quantity")}
    return StoredVariation(**{**row, **numbers})


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
