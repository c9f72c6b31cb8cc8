"""Products: read them with their variations, upsert and deactivate them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import PUBLICATION, PUBLISHED, UNPUBLISHED, Facts, Product, Variation
from contracts.events import EFFECTIVE
from database.details import details_of
from database.events.ordering import (
    BOUND,
    EXCLUDED,
    UNNAMED,
    alias,
    is_older,
    latest,
    may_be_newer,
    may_overwrite,
)
from database.events.write import OpenedEvent
from database.products.columns import COLUMNS, FACTS, STATE, ProductWrite, values_of
from database.products.keys import as_attributes
from database.products.variations import as_variation, variations_of
from database.sql import as_json, assignments, in_, names, recordset, types
from database.tables import products

_NEWER = f"""
    SELECT FROM events e
    WHERE e.store_id = :store_id AND e.external_id = :external_id AND e.id <> :id
      AND {may_be_newer(alias("e"), than=BOUND)} AND {is_older(BOUND, than=alias("e"))}
      AND e.status IN {in_(EFFECTIVE)} AND (e.run_id IS NOT NULL OR NOT e.is_pending)
"""
"""SQL: the newer events that count. One that no workflow has recorded yet counts for the debounce alone."""

_LOAD = text(f"""
    SELECT p.*, came_late, variations
    FROM (SELECT
            CASE WHEN EXISTS ({_NEWER} AND e.received_at > :received_at) THEN false
                 WHEN EXISTS ({_NEWER}) THEN true END AS came_late,
            {variations_of(store=":store_id", parent=":product_key")} AS variations) AS known
    LEFT JOIN products p ON p.store_id = :store_id AND p.external_id = :product_key
""")

_READ = text(f"""
    SELECT p.*, NULL::boolean AS came_late,
           {variations_of(store="p.store_id", parent="p.external_id")} AS variations
    FROM products p WHERE p.id = ANY(:ids)
""")

_OF_STORE = text("""
    SELECT p.*, NULL::boolean AS came_late, NULL::jsonb AS variations
    FROM products p WHERE p.store_id = :store_id AND p.external_id = ANY(:external_ids)
""")

_UPSERT = text(f"""
    INSERT INTO products AS p (
        user_id, store_id, external_source, {names(COLUMNS)}, currency)
    SELECT :user_id, :store_id, :external_source, {names(COLUMNS, "n.")},
           coalesce(n.currency, :store_currency, (
               SELECT p.currency FROM products p
               WHERE p.store_id = :store_id AND p.external_id = n.external_id), 'IRT')
    FROM {recordset("products", "n", types(products, (*COLUMNS, "currency")))}
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET {assignments(FACTS)}, {assignments(STATE)}, currency = excluded.currency,
        variation_ids = coalesce(excluded.variation_ids, p.variation_ids),
        version = {latest(alias("p"), by=EXCLUDED)},
        claimed_hash = coalesce(excluded.claimed_hash, p.claimed_hash), updated_at = now()
    WHERE {may_overwrite(alias("p"), by=EXCLUDED)}
       OR p.version > excluded.version AND p.received_at < CAST(:settled AS timestamptz)
    RETURNING p.xmax = 0 AS is_new, p.external_id, p.id, p.is_active, p.content_hash, p.knowledge_hash,
              p.knowledge_model
""")

_DEACTIVATE = text(f"""
    UPDATE products
    SET is_active = false, status = 'deleted', version = {latest(UNNAMED, by=BOUND)},
        received_at = :received_at, listed_hash = NULL, updated_at = now()
    WHERE id = :id AND {may_overwrite(UNNAMED, by=BOUND)}
    RETURNING id
""")

_RELEASE_CLAIM = text("UPDATE products SET claimed_hash = NULL WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProduct:
    """A product's row and its variations.

    `came_late` is None unless a newer event of the same product or variation exists: then it is whether the
    older event, the one being saved, arrived last.
    """

    id: int | None
    product: Product | None
    variations: tuple[Variation, ...]
    came_late: bool | None = None
    is_active: bool = False
    content_hash: str = ""
    store_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRow:
    """A written row, and which text of it is indexed."""

    is_new: bool
    external_id: str
    id: int
    is_active: bool
    content_hash: str
    knowledge_hash: str | None
    knowledge_model: str | None


def _facts(row: RowMapping) -> Facts:
    more = row["metadata"]
    return Facts(
        price=row["price"],
        regular_price=_decimal(more["regular_price"]),
        sale_price=_decimal(more["sale_price"]),
        on_sale=more["on_sale"],
        stock_quantity=row["stock_quantity"],
        in_stock=row["in_stock"],
        backorder=row["backorder"],
        sku=more["sku"],
        gtin=more.get("gtin") or "",
        link=row["link"],
        image=row["image"],
        gallery=tuple(more["images"]["gallery"]),
    )


def _hidden_by(row: RowMapping) -> frozenset[str]:
    """Returns the fields that hide a product; rows of older releases do not name them."""
    if "hidden_by" in row["metadata"]:
        return frozenset(row["metadata"]["hidden_by"])
    if row["status"] == UNPUBLISHED:
        return frozenset((PUBLICATION,))
    return frozenset(() if row["is_active"] or row["status"] != PUBLISHED else ("catalog_visibility",))


def _decimal(number: str | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _stored(row: RowMapping) -> StoredProduct:
    variations = tuple(as_variation(item) for item in row["variations"] or ())
    if row["id"] is None:
        return StoredProduct(id=None, product=None, variations=variations, came_late=row["came_late"])
    product = Product(
        external_id=row["external_id"],
        title=row["title"],
        short_description=row["short_description"],
        description=row["description"],
        categories=tuple(row["categories"]),
        tags=tuple(row["tags"]),
        brands=tuple(row["brands"]),
        attributes=as_attributes(row["attributes"]),
        currency=row["currency"],
        facts=_facts(row),
        details=details_of(row["metadata"]),
        visible=row["is_active"],
        status=row["status"],
        hidden_by=_hidden_by(row),
    )
    return StoredProduct(
        id=row["id"],
        product=product,
        variations=variations,
        came_late=row["came_late"],
        is_active=row["is_active"],
        content_hash=row["content_hash"],
        store_id=row["store_id"],
    )


async def load(connection: AsyncConnection, change: OpenedEvent) -> StoredProduct:
    """Returns the stored product of a change, read in one statement."""
    row = await connection.execute(
        _LOAD,
        {
            "store_id": change.store_id,
            "external_id": change.external_id,
            "product_key": change.product_key,
            "id": change.id,
            "version": change.version,
            "received_at": change.received_at,
        },
    )
    return _stored(row.mappings().one())


async def of_store(
    connection: AsyncConnection, store_id: int, external_ids: Sequence[str]
) -> dict[str, Product]:
    """Returns the stored products of a store by external id; ids that are not stored are left out."""
    if not external_ids:
        return {}
    rows = await connection.execute(_OF_STORE, {"store_id": store_id, "external_ids": list(external_ids)})
    stored = (_stored(row).product for row in rows.mappings())
    return {product.external_id: product for product in stored if product is not None}


async def read(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, StoredProduct]:
    """Returns products by id, with their variations and hashes, read in one statement."""
    rows = (await connection.execute(_READ, {"ids": list(ids)})).mappings()
    return {row["id"]: _stored(row) for row in rows}


async def upsert(
    connection: AsyncConnection, written: Sequence[ProductWrite], *, settled: datetime | None = None
) -> dict[str, SavedRow]:
    """Upsert products of one store in one statement; returns the written rows by external id.

    A row that is newer is not overwritten. A product read from the shop overwrites a newer version too if it
    was received before `settled`: otherwise a shop that was restored from a backup, or a forged time, would
    block all later changes.
    """
    store = written[0].change
    rows = await connection.execute(
        _UPSERT,
        {
            "user_id": store.user_id,
            "store_id": store.store_id,
            "external_source": store.platform,
            "store_currency": store.currency,
            "settled": settled,
            "products": as_json([values_of(product) for product in written]),
        },
    )
    return {row["external_id"]: SavedRow(**row) for row in rows.mappings()}


async def deactivate(connection: AsyncConnection, change: OpenedEvent, product_id: int) -> bool:
    """Deactivate a deleted product; returns False if its row is newer than this change."""
    values = {"id": product_id, "version": change.version, "received_at": change.received_at}
    return (await connection.execute(_DEACTIVATE, values)).scalar_one_or_none() is not None


async def release_claim(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Release the indexing claims on these products, so that the recovery job picks them up."""
    await connection.execute(_RELEASE_CLAIM, {"ids": list(ids)})
