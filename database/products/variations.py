"""Variations, stored by their own ids: they may arrive before their product, after it or alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.bounds import DESCRIPTION_CHARACTERS, VARIATIONS
from contracts.catalog import Facts, Variation
from contracts.events import EFFECTIVE, time_of_change
from database.details import as_metadata
from database.events.ordering import BOUND, EXCLUDED, UNNAMED, alias, latest, may_overwrite
from database.events.write import OpenedEvent
from database.products import keys
from database.sql import as_json, assignments, in_, names, recordset, types
from database.tables import product_variations

FACTS = (
    "parent_external_id",
    "options",
    "description",
    "price",
    "stock_quantity",
    "in_stock",
    "backorder",
    "link",
    "image",
    "metadata",
    "keys",
    "is_active",
    "received_at",
)
"""What every change replaces; `_row` returns a value for each."""

COLUMNS = ("external_id", *FACTS, "version")

_COMPLETED = ("options", "description", "price", "stock_quantity", "in_stock", "backorder", "link", "image")
"""What a variation keeps if the shop did not send it; so do the fields of `metadata`."""

_IS_VISIBLE = "coalesce(CAST(old.metadata ->> 'visible' AS boolean), n.is_active)"


def _sent(column: str) -> str:
    """Returns SQL of a column's new value: what was sent, or else what is stored."""
    if column in _COMPLETED:
        is_kept = f"'{column}' = ANY(n.absent) AND old.id IS NOT NULL"
        return f"CASE WHEN {is_kept} THEN old.{column} ELSE n.{column} END"
    if column == "is_active":
        return f"CASE WHEN 'visible' = ANY(n.absent) THEN {_IS_VISIBLE} ELSE n.is_active END"
    if column == "metadata":
        return """n.metadata || coalesce((
            SELECT jsonb_object_agg(o.key, o.value) FROM jsonb_each(old.metadata) o
            WHERE o.key = ANY(n.absent)), '{}')"""
    return f"n.{column}"


_UPSERT = text(f"""
    INSERT INTO product_variations AS v (store_id, {names(COLUMNS)})
    SELECT :store_id, {", ".join(map(_sent, COLUMNS))}
    FROM {recordset("variations", "n", {**types(product_variations, COLUMNS), "absent": "text[]"})}
    LEFT JOIN product_variations old ON old.store_id = :store_id AND old.external_id = n.external_id
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET {assignments(FACTS)}, version = {latest(alias("v"), by=EXCLUDED)}
    WHERE {may_overwrite(alias("v"), by=EXCLUDED)}
    RETURNING v.external_id
""")

_STORED = text("""
    SELECT external_id, options, metadata FROM product_variations
    WHERE store_id = :store_id AND external_id = ANY(:external_ids)
""")

_CHANGES = recordset(
    "changes",
    "c",
    {
        "parent": "text",
        "version": "timestamptz",
        "received_at": "timestamptz",
        "variation_ids": "text[]",
    },
)

_IS_LISTED = (
    "(v.external_id = ANY(c.variation_ids) AND coalesce(CAST(v.metadata ->> 'visible' AS boolean), true))"
)

_KEEP_ONLY = text(f"""
    UPDATE product_variations v SET is_active = {_IS_LISTED}
    FROM {_CHANGES}
    WHERE v.store_id = :store_id AND v.parent_external_id = c.parent
      AND {may_overwrite(alias("v"), by=alias("c"))} AND v.is_active <> {_IS_LISTED}
""")

_APPLY_LATE_DELETIONS = text(f"""
    UPDATE product_variations v
    SET is_active = false, version = {latest(alias("v"), by=alias("d"))}, received_at = d.received_at
    FROM events d, {_CHANGES}
    WHERE v.store_id = :store_id AND v.parent_external_id = c.parent AND v.is_active
      AND d.store_id = v.store_id AND d.external_id = v.external_id AND d.event_type = 'product.deleted'
      AND d.status IN {in_(EFFECTIVE)} AND d.received_at > c.received_at
      AND {may_overwrite(alias("v"), by=alias("d"))}
""")

_PARENTS = text("""
    SELECT DISTINCT parent_external_id FROM product_variations
    WHERE store_id = :store_id AND parent_external_id = ANY(:parents)
""")

_OF_PRODUCTS = text("""
    SELECT external_id, parent_external_id, options, description, price, in_stock, is_active
    FROM product_variations WHERE store_id = :store_id AND parent_external_id = ANY(:parents)
    ORDER BY external_id
""")

_DEACTIVATE = text(f"""
    UPDATE product_variations
    SET is_active = false, version = {latest(UNNAMED, by=BOUND)}, received_at = :received_at
    WHERE store_id = :store_id AND external_id = :external_id AND {may_overwrite(UNNAMED, by=BOUND)}
    RETURNING id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class VariationSet:
    """A change with the variations it contains, and the ids of all that exist, if it lists them."""

    change: OpenedEvent
    variations: Sequence[Variation] = ()
    ids: Sequence[str] = ()


def variations_of(*, store: str, parent: str) -> str:
    """Returns SQL of a product's variations as JSON, within the bounds of a product.

    Descriptions beyond the bound of all variations are empty, as `knowledge.content` leaves them out.
    """
    return f"""(
        SELECT jsonb_agg(CASE WHEN v.characters <= {DESCRIPTION_CHARACTERS} THEN v.variation
                              ELSE v.variation || '{{"description": ""}}' END
                         ORDER BY v.external_id COLLATE "C")
        FROM (SELECT one.external_id, to_jsonb(one) AS variation,
                     sum(length(one.description)) OVER (ORDER BY one.external_id COLLATE "C") AS characters
              FROM product_variations one
              WHERE one.store_id = {store} AND one.parent_external_id = {parent}
              ORDER BY one.external_id COLLATE "C" LIMIT {VARIATIONS}) v)"""


def as_variation(row: Mapping[Any, Any]) -> Variation:
    """Returns a variation from its row or the row's JSON, with the facts that its product needs."""
    return Variation(
        external_id=row["external_id"],
        parent=row["parent_external_id"],
        options=keys.as_attributes(row["options"]),
        description=row["description"],
        facts=Facts(
            price=None if row["price"] is None else Decimal(str(row["price"])), in_stock=row["in_stock"]
        ),
        visible=row["is_active"],
    )


def _row(
    variation: Variation, change: OpenedEvent, stored: Mapping[Any, Any] | None = None
) -> dict[str, object]:
    """Returns a value for each of `COLUMNS`, and the names of what was not sent.

    A variation without a time has that of its change. Its keys are made of what was sent, and of what is
    `stored` for the rest.
    """
    facts = variation.facts
    return {
        "external_id": variation.external_id,
        "parent_external_id": change.product_key,
        "options": [asdict(option) for option in variation.options],
        "description": variation.description,
        "price": facts.price,
        "stock_quantity": facts.stock_quantity,
        "in_stock": facts.in_stock,
        "backorder": facts.backorder,
        "link": facts.link,
        "image": facts.image,
        "metadata": {
            "sku": facts.sku,
            "gtin": facts.gtin,
            "brands": variation.brands,
            "regular_price": facts.regular_price,
            "sale_price": facts.sale_price,
            "on_sale": facts.on_sale,
            "visible": variation.visible,
            **as_metadata(variation.details),
        },
        "keys": keys.of_variation(change.store_id, variation, stored),
        "is_active": variation.visible,
        "version": time_of_change(variation.version, arrived=change.received_at) or change.version,
        "received_at": change.received_at,
        "absent": list(variation.absent),
    }


def _values(store_id: int, changes: Sequence[VariationSet]) -> dict[str, object]:
    rows = [
        {
            "parent": brought.change.product_key,
            "version": brought.change.version,
            "received_at": brought.change.received_at,
            "variation_ids": list(brought.ids),
        }
        for brought in changes
    ]
    return {"store_id": store_id, "changes": as_json(rows)}


_AT_ONCE = 50
"""Variations with keys made before others have a turn: all of a product take up to a second."""


async def upsert(connection: AsyncConnection, store_id: int, changes: Sequence[VariationSet]) -> int:
    """Upsert all variations in one statement; returns how many were written.

    A newer row is not overwritten, and what was not sent stays. If several products contain a variation, the
    last one counts.
    """
    sent = [(one, brought.change) for brought in changes for one in brought.variations]
    partial = [one.external_id for one, _ in sent if not keys.SOURCES.isdisjoint(one.absent)]
    known: Mapping[str, Mapping[Any, Any]] = {}
    if partial:
        found = await connection.execute(_STORED, {"store_id": store_id, "external_ids": partial})
        known = {row["external_id"]: row for row in found.mappings()}
    rows = {}
    for number, (one, change) in enumerate(sent, start=1):
        rows[one.external_id] = _row(one, change, known.get(one.external_id))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    values = {"store_id": store_id, "variations": as_json(list(rows.values()))}
    written = await connection.execute(_UPSERT, values)
    return len(written.all())


async def keep_only(connection: AsyncConnection, store_id: int, changes: Sequence[VariationSet]) -> None:
    """Activate only the variations that products list and the shop did not disable, unless they are newer."""
    await connection.execute(_KEEP_ONLY, _values(store_id, changes))


async def apply_late_deletions(
    connection: AsyncConnection, store_id: int, changes: Sequence[VariationSet]
) -> None:
    """Deactivate variations with a deletion that arrived after the change and was processed before it."""
    await connection.execute(_APPLY_LATE_DELETIONS, _values(store_id, changes))


async def replace_all(
    connection: AsyncConnection, store_id: int, changes: Sequence[VariationSet]
) -> dict[str, tuple[Variation, ...]]:
    """Write all variations of products; returns the variations that each product has then, by its id."""
    names = {"store_id": store_id, "parents": [brought.change.product_key for brought in changes]}
    having = set((await connection.execute(_PARENTS, names)).scalars()) if changes else set()
    changes = [brought for brought in changes if brought.variations or brought.change.product_key in having]
    if not changes:
        return {}
    if any(brought.variations for brought in changes):
        await upsert(connection, store_id, changes)
    await keep_only(connection, store_id, changes)
    await apply_late_deletions(connection, store_id, changes)
    parents = [brought.change.product_key for brought in changes]
    rows = await connection.execute(_OF_PRODUCTS, {"store_id": store_id, "parents": parents})
    known: dict[str, list[Variation]] = {}
    for row in rows.mappings():
        known.setdefault(row["parent_external_id"], []).append(as_variation(row))
    return {parent: tuple(found) for parent, found in known.items()}


async def deactivate(connection: AsyncConnection, change: OpenedEvent) -> bool:
    """Deactivate a deleted variation; returns False if its row is newer than this change."""
    values = {
        "store_id": change.store_id,
        "external_id": change.external_id,
        "version": change.version,
        "received_at": change.received_at,
    }
    return (await connection.execute(_DEACTIVATE, values)).scalar_one_or_none() is not None
