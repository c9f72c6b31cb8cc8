"""The keys of products and variations: what filters and codes look them up by."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import Attribute, Product, Variation
from database.sql import as_json, recordset
from knowledge.search.keys import BRAND, CATEGORY, CODE, attribute_keys, keys, scoped

_UNKEYED = "NOT jsonb_exists(metadata, 'gtin')"
"""Rows that an older release wrote: it knew no keys."""


def _lock(table: str, columns: str) -> str:
    return f"""
        SELECT id, store_id, metadata ->> 'sku' AS sku, {columns} FROM {table}
        WHERE {_UNKEYED} ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED"""


def _write(table: str) -> str:
    return f"""
        UPDATE {table} AS t SET keys = n.keys, metadata = t.metadata || '{{"gtin": ""}}'
        FROM {recordset("rows", "n", {"id": "bigint", "keys": "text[]"})} WHERE t.id = n.id"""


_LOCK_PRODUCTS = text(_lock("products", "brands, categories, attributes"))
_LOCK_VARIATIONS = text(_lock("product_variations", "options AS attributes"))
_WRITE_PRODUCTS = text(_write("products"))
_WRITE_VARIATIONS = text(_write("product_variations"))


def as_attributes(value: Sequence[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    """Returns attributes from their JSON."""
    return tuple(Attribute(name=item["name"], options=tuple(item["options"])) for item in value)


def of_product(store_id: int, product: Product) -> list[str]:
    """Returns the keys of a product's codes, brands, categories and attributes, sorted."""
    return _keys(
        store_id,
        codes=(product.facts.sku, product.facts.gtin),
        brands=product.brands,
        categories=product.categories,
        attributes=product.attributes,
    )


SOURCES = frozenset(("sku", "gtin", "brands", "options"))
"""What the keys of a variation are made of."""


def of_variation(store_id: int, variation: Variation, stored: Mapping[Any, Any] | None) -> list[str]:
    """Returns the keys of a variation's codes, brands and options, sorted.

    What was not sent is taken from the stored row, if there is one.
    """
    facts = variation.facts
    values: dict[str, Any] = {
        "sku": facts.sku,
        "gtin": facts.gtin,
        "brands": variation.brands,
        "options": variation.options,
    }
    if stored is not None:
        kept = {**stored["metadata"], "options": as_attributes(stored["options"])}
        values |= {name: kept[name] for name in SOURCES & variation.absent if name in kept}
    codes = (values["sku"], values["gtin"])
    return _keys(store_id, codes=codes, brands=values["brands"], attributes=values["options"])


def _keys(
    store_id: int,
    *,
    codes: Iterable[str],
    brands: Iterable[str] = (),
    categories: Iterable[str] = (),
    attributes: Iterable[Attribute] = (),
) -> list[str]:
    found = keys(CODE, codes) | keys(BRAND, brands) | keys(CATEGORY, categories)
    for attribute in attributes:
        found |= attribute_keys(attribute.name, attribute.options)
    return scoped(store_id, found)


def _row(row: Mapping[Any, Any]) -> dict[str, object]:
    made = _keys(
        row["store_id"],
        codes=(row["sku"] or "",),
        brands=row.get("brands", ()),
        categories=row.get("categories", ()),
        attributes=as_attributes(row["attributes"]),
    )
    return {"id": row["id"], "keys": made}


async def fill(connection: AsyncConnection, *, limit: int) -> Sequence[int]:
    """Write the keys of up to `limit` products and variations that an older release wrote.

    Returns the ids of the products. Rows that another transaction holds are left out.
    """
    values = {"limit": limit}
    variations = (await connection.execute(_LOCK_VARIATIONS, values)).mappings().all()
    if variations:
        await connection.execute(_WRITE_VARIATIONS, {"rows": as_json([_row(row) for row in variations])})
    products = (await connection.execute(_LOCK_PRODUCTS, values)).mappings().all()
    if products:
        await connection.execute(_WRITE_PRODUCTS, {"rows": as_json([_row(row) for row in products])})
    return [row["id"] for row in products]
