"""Price, range and stock of products that follow their variations, in one statement for all of them.

Each path that writes products or variations runs this statement last, in its transaction. If all variations
of a product are stored, it has the lowest and the highest price of the active ones, and is in stock if one of
them is. A body with the ids of variations alone may say the price and the stock of all of them; these count
until one of the variations changes, and the range is widened to have the price. A product with variations
that are not stored keeps what it says itself, or what a newer variation improves on, and has no range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import Product
from database.events.ordering import alias, may_overwrite
from database.events.write import OpenedEvent
from database.products.upsert import SavedRow
from database.sql import as_json, recordset

_CHANGES = recordset(
    "changes",
    "c",
    {
        "parent": "text",
        "version": "timestamptz",
        "received_at": "timestamptz",
        "says_price": "boolean",
        "says_stock": "boolean",
        "content_hash": "text",
    },
)

_VARIATIONS = f"""
    SELECT min(v.price) FILTER (WHERE v.is_active) AS lowest,
           max(v.price) FILTER (WHERE v.is_active) AS highest,
           bool_or(v.in_stock) FILTER (WHERE v.is_active) AS in_stock,
           bool_or(v.in_stock AND NOT v.backorder) FILTER (WHERE v.is_active) AS in_store,
           coalesce(bool_or(NOT {may_overwrite(alias("v"), by=alias("c"))}), false)
               OR c.content_hash IS NOT NULL AS newer,
           coalesce(p.variation_ids <@ array_agg(v.external_id), p.variation_ids IS NULL) AS complete
    FROM product_variations v WHERE v.store_id = p.store_id AND v.parent_external_id = p.external_id"""

_PRICE = """
    CASE WHEN NOT v.complete THEN CASE WHEN v.newer THEN least(v.lowest, p.price) ELSE p.price END
         WHEN c.says_price AND NOT v.newer THEN p.price
         ELSE coalesce(v.lowest, p.price) END"""

_NONE_LEFT = "CASE WHEN cardinality(p.variation_ids) > 0 THEN false ELSE p.{} END"
"""Without any of its listed variations a product cannot be bought; one that lists none is a simple one."""

_IN_STOCK = f"""
    CASE WHEN NOT v.complete THEN p.in_stock OR v.newer AND coalesce(v.in_stock, false)
         WHEN c.says_stock AND NOT v.newer THEN p.in_stock
         ELSE coalesce(v.in_stock, {_NONE_LEFT.format("in_stock")}) END"""

_BACKORDER = f"""
    CASE WHEN v.complete THEN CASE
             WHEN c.says_stock AND NOT v.newer THEN p.backorder
             ELSE coalesce(v.in_stock AND NOT v.in_store, {_NONE_LEFT.format("backorder")}) END
         WHEN NOT v.newer THEN p.backorder
         WHEN p.in_stock THEN p.backorder AND NOT coalesce(v.in_store, false)
         ELSE coalesce(v.in_stock AND NOT v.in_store, false) END"""

_FOLLOW = text(f"""
    UPDATE products p
    SET price = f.price, min_price = f.lowest, max_price = f.highest, in_stock = f.in_stock,
        backorder = f.backorder, content_hash = coalesce(f.content_hash, p.content_hash),
        listed_hash = CASE WHEN f.newer THEN NULL ELSE p.listed_hash END, updated_at = now()
    FROM (
        SELECT p.id, c.content_hash, v.newer, own.price, {_IN_STOCK} AS in_stock,
               {_BACKORDER} AS backorder,
               CASE WHEN v.complete AND v.lowest IS NOT NULL THEN least(v.lowest, own.price) END AS lowest,
               CASE WHEN v.complete AND v.highest IS NOT NULL
                   THEN greatest(v.highest, own.price) END AS highest
        FROM {_CHANGES} JOIN products p ON p.store_id = :store_id AND p.external_id = c.parent
        CROSS JOIN LATERAL ({_VARIATIONS}) v
        CROSS JOIN LATERAL (SELECT {_PRICE} AS price) own
    ) f
    WHERE p.id = f.id AND (
        f.content_hash IS NOT NULL OR f.newer AND p.listed_hash IS NOT NULL
        OR (p.price, p.min_price, p.max_price, p.in_stock, p.backorder)
            IS DISTINCT FROM (f.price, f.lowest, f.highest, f.in_stock, f.backorder))
    RETURNING false AS is_new, p.external_id, p.id, p.is_active, p.content_hash, p.knowledge_hash,
              p.knowledge_model
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A product to bring in line with its variations, after a change.

    `product` is what the shop sent of it, None if a variation changed alone; then `content_hash` is the
    hash of the product's new text.
    """

    change: OpenedEvent
    product: Product | None = None
    content_hash: str | None = None

    def row(self) -> dict[str, str | bool | datetime | None]:
        change = self.change
        return {
            "parent": change.product_key,
            "version": change.version,
            "received_at": change.received_at,
            "says_price": self._says("price"),
            "says_stock": self._says("in_stock"),
            "content_hash": self.content_hash,
        }

    def _says(self, fact: str) -> bool:
        """Returns whether the product was sent with a fact, and none of its variations."""
        sent = self.product
        return (
            sent is not None and not sent.lacks(fact) and all(fact in one.absent for one in sent.variations)
        )


async def follow(
    connection: AsyncConnection, store_id: int, followed: Sequence[Followed]
) -> dict[str, SavedRow]:
    """Bring products of a store in line with their variations; returns the rows that changed, by their ids.

    Only rows with other prices, stock or text are written.
    """
    if not followed:
        return {}
    values = {"store_id": store_id, "changes": as_json([one.row() for one in followed])}
    rows = await connection.execute(_FOLLOW, values)
    return {row["external_id"]: SavedRow(**row) for row in rows.mappings()}


async def follow_stored(
    connection: AsyncConnection, store_id: int, products: Sequence[Mapping[Any, Any]]
) -> None:
    """Bring stored products in line with their variations; their own price and stock count as sent.

    The rows have the columns `external_id`, `version` and `received_at`.
    """
    rows = [
        {
            "parent": row["external_id"],
            "version": row["version"],
            "received_at": row["received_at"],
            "says_price": True,
            "says_stock": True,
        }
        for row in products
    ]
    await connection.execute(_FOLLOW, {"store_id": store_id, "changes": as_json(rows)})
