"""Variations of products, kept by their own ids: they may come before their parent, after it or alone."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import Variation
from database.events import Change
from database.order import latest, may_overwrite

_UPSERT = text(f"""
    INSERT INTO product_variations AS v (
        store_id, external_id, parent_external_id, options, description, price, stock_quantity, in_stock,
        link, image, metadata, is_active, version, received_at)
    SELECT :store_id, n.external_id, :parent, n.options, n.description, n.price, n.stock_quantity,
           n.in_stock, n.link, n.image, n.metadata, n.is_active,
           n.version, :received_at
    FROM jsonb_to_recordset(CAST(:variations AS jsonb)) AS n(
        external_id text, options jsonb, description text, price numeric, stock_quantity numeric,
        in_stock boolean, link text, image text, metadata jsonb, is_active boolean, version timestamptz)
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET parent_external_id = excluded.parent_external_id, options = excluded.options,
        description = excluded.description, price = excluded.price,
        stock_quantity = excluded.stock_quantity, in_stock = excluded.in_stock, link = excluded.link,
        image = excluded.image, metadata = excluded.metadata, is_active = excluded.is_active,
        version = {latest("v.", "excluded.")}, received_at = excluded.received_at
    WHERE {may_overwrite("v.", "excluded.")}
    RETURNING v.external_id
""")

_SHOWN = "(external_id = ANY(:variation_ids) AND coalesce(CAST(metadata ->> 'visible' AS boolean), true))"

_KEEP = text(f"""
    UPDATE product_variations SET is_active = {_SHOWN}
    WHERE store_id = :store_id AND parent_external_id = :parent
      AND {may_overwrite("", ":")} AND is_active <> {_SHOWN}
""")

_BURY = text(f"""
    UPDATE product_variations v
    SET is_active = false, version = {latest("v.", "d.")}, received_at = d.received_at
    FROM events d
    WHERE v.store_id = :store_id AND v.parent_external_id = :parent AND v.is_active
      AND d.store_id = v.store_id AND d.external_id = v.external_id AND d.event_type = 'product.deleted'
      AND d.status NOT IN ('received', 'failed') AND d.received_at > :received_at
      AND {may_overwrite("v.", "d.")}
""")

_ANY_NEWER = text(f"""
    SELECT EXISTS (SELECT FROM product_variations v
                   WHERE v.store_id = :store_id AND v.parent_external_id = :parent
                     AND NOT {may_overwrite("v.", ":")})
""")

_DEACTIVATE = text(f"""
    UPDATE product_variations
    SET is_active = false, version = {latest("", ":")}, received_at = :received_at
    WHERE store_id = :store_id AND external_id = :external_id AND {may_overwrite("", ":")}
    RETURNING id
""")


def _row(variation: Variation, change: Change) -> dict[str, object]:
    """A variation that tells no time of its own is as old as the change that brought it."""
    facts = variation.facts
    return {
        "external_id": variation.external_id,
        "options": [asdict(option) for option in variation.options],
        "description": variation.description,
        "price": facts.price,
        "stock_quantity": facts.stock_quantity,
        "in_stock": facts.in_stock,
        "link": facts.link,
        "image": facts.image,
        "metadata": {
            "sku": facts.sku,
            "regular_price": facts.regular_price,
            "sale_price": facts.sale_price,
            "visible": variation.visible,
        },
        "is_active": variation.visible,
        "version": min(variation.version, change.received_at) if variation.version else change.version,
    }


def _values(change: Change) -> dict[str, object]:
    return {
        "store_id": change.store_id,
        "external_id": change.external_id,
        "parent": change.product_key,
        "version": change.version,
        "received_at": change.received_at,
    }


async def upsert(connection: AsyncConnection, change: Change, variations: Sequence[Variation]) -> int:
    """Write all of a change's variations in one statement; answers how many were not newer already."""
    written = orjson.dumps([_row(variation, change) for variation in variations], default=str).decode()
    rows = await connection.execute(_UPSERT, {**_values(change), "variations": written})
    return len(rows.all())


async def keep_only(connection: AsyncConnection, change: Change, ids: Sequence[str]) -> None:
    """Show just the variations the product names and the shop did not disable; none that changed later."""
    await connection.execute(_KEEP, {**_values(change), "variation_ids": list(ids)})


async def bury(connection: AsyncConnection, change: Change) -> None:
    """Hide variations whose deletion arrived after this change, though it was looked at before."""
    await connection.execute(_BURY, _values(change))


async def any_newer(connection: AsyncConnection, change: Change) -> bool:
    """Whether a variation changed later than its product."""
    return bool((await connection.execute(_ANY_NEWER, _values(change))).scalar_one())


async def deactivate(connection: AsyncConnection, change: Change) -> bool:
    """Hide a variation the shop deleted; False where its row is newer than this change."""
    return (await connection.execute(_DEACTIVATE, _values(change))).scalar_one_or_none() is not None
