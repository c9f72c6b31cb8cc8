"""Fill what rows of an older release lack: keys of products and variations, and ranges of prices."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.products import following, keys
from database.sql import as_json, recordset

_ROWS = recordset("rows", "n", {"id": "bigint", "keys": "text[]"})


def _lock(table: str, columns: str) -> str:
    return f"""
        SELECT id, store_id, metadata ->> 'sku' AS sku, {columns} FROM {table}
        WHERE NOT jsonb_exists(metadata, 'gtin') ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED"""


def _write(table: str) -> str:
    return f"""
        UPDATE {table} AS t SET keys = n.keys, metadata = t.metadata || '{{"gtin": null}}'
        FROM {_ROWS} WHERE t.id = n.id"""


_LOCK_PRODUCTS = text(
    _lock("products", "external_id, version, received_at, title, brands, categories, attributes")
)
_WRITE_PRODUCTS = text(_write("products"))
_LOCK_VARIATIONS = text(_lock("product_variations", "options"))
_WRITE_VARIATIONS = text(_write("product_variations"))


async def fill(connection: AsyncConnection, *, limit: int) -> bool:
    """Fill up to `limit` products and as many variations; returns whether there may be more.

    Rows that another transaction holds are left out. Their GTIN becomes null: the shop has to be read for it.
    """
    values = {"limit": limit}
    variations = (await connection.execute(_LOCK_VARIATIONS, values)).mappings().all()
    if variations:
        filled = [_variation(row) for row in variations]
        await connection.execute(_WRITE_VARIATIONS, {"rows": as_json(filled)})
    products = (await connection.execute(_LOCK_PRODUCTS, values)).mappings().all()
    if products:
        await connection.execute(_WRITE_PRODUCTS, {"rows": as_json([_product(row) for row in products])})
    of_stores: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in products:
        of_stores[row["store_id"]].append(row)
    for store_id, rows in of_stores.items():
        await following.follow_stored(connection, store_id, rows)
    return limit in (len(variations), len(products))


def _product(row: Mapping[Any, Any]) -> dict[str, object]:
    made = keys.made_of(
        row["store_id"],
        codes=(row["sku"] or "",),
        titles=(row["title"],),
        brands=row["brands"],
        categories=row["categories"],
        attributes=keys.as_attributes(row["attributes"]),
    )
    return {"id": row["id"], "keys": made}


def _variation(row: Mapping[Any, Any]) -> dict[str, object]:
    made = keys.made_of(
        row["store_id"], codes=(row["sku"] or "",), attributes=keys.as_attributes(row["options"])
    )
    return {"id": row["id"], "keys": made}
