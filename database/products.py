"""Products and their variations, as last told by the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalog import Attribute, Facts, Product, Variation
from database.events import Change
from database.order import is_older, latest, may_be_newer, may_overwrite

_NEWER = f"""
    SELECT FROM events e
    WHERE e.store_id = :store_id AND e.external_id = :external_id AND e.id <> :id
      AND {may_be_newer("e.", ":")} AND {is_older(":", "e.")} AND e.status NOT IN ('received', 'failed')
"""

_LOAD = text(f"""
    SELECT p.*, came_late, variations
    FROM (SELECT
            CASE WHEN EXISTS ({_NEWER} AND e.received_at > :received_at) THEN false
                 WHEN EXISTS ({_NEWER}) THEN true END AS came_late,
            (SELECT jsonb_agg(v ORDER BY v.external_id) FROM product_variations v
             WHERE v.store_id = :store_id AND v.parent_external_id = :product_key) AS variations) AS known
    LEFT JOIN products p ON p.store_id = :store_id AND p.external_id = :product_key
""")

_READ = text("""
    SELECT p.*, NULL::boolean AS came_late,
           (SELECT jsonb_agg(v ORDER BY v.external_id) FROM product_variations v
            WHERE v.store_id = p.store_id AND v.parent_external_id = p.external_id) AS variations
    FROM products p WHERE p.id = :id
""")

_UPSERT = text(f"""
    INSERT INTO products AS p (
        user_id, store_id, external_source, external_id, title, short_description, description, category,
        categories, tags, brands, attributes, price, currency, stock_quantity, in_stock, link, image, status,
        is_active, variation_ids, metadata, version, received_at, content_hash)
    VALUES (
        :user_id, :store_id, :external_source, :external_id, :title, :short_description, :description,
        :category, :categories, :tags, :brands, CAST(:attributes AS jsonb), :price,
        coalesce(:currency, :store_currency, 'IRT'), :stock_quantity, :in_stock, :link, :image, :status,
        :is_active, :variation_ids, CAST(:metadata AS jsonb), :version, :received_at, :content_hash)
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET title = excluded.title, short_description = excluded.short_description,
        description = excluded.description, category = excluded.category,
        categories = excluded.categories, tags = excluded.tags, brands = excluded.brands,
        attributes = excluded.attributes, price = excluded.price, currency = excluded.currency,
        stock_quantity = excluded.stock_quantity, in_stock = excluded.in_stock, link = excluded.link,
        image = excluded.image, status = excluded.status, is_active = excluded.is_active,
        variation_ids = coalesce(excluded.variation_ids, p.variation_ids), metadata = excluded.metadata,
        version = {latest("p.", "excluded.")}, received_at = excluded.received_at,
        content_hash = excluded.content_hash, updated_at = now()
    WHERE {may_overwrite("p.", "excluded.")}
    RETURNING p.id, p.knowledge_hash, p.knowledge_model
""")

_DEACTIVATE = text(f"""
    UPDATE products
    SET is_active = false, status = 'deleted', version = {latest("", ":")}, received_at = :received_at,
        updated_at = now()
    WHERE id = :id AND {may_overwrite("", ":")}
    RETURNING id
""")

_REFRESH_FROM_VARIATIONS = text("""
    WITH known AS (
        SELECT min(v.price) AS price, bool_or(v.in_stock) AS in_stock,
               p.variation_ids IS NULL OR p.variation_ids <@ array_agg(v.external_id) AS complete
        FROM products p JOIN product_variations v
            ON v.store_id = p.store_id AND v.parent_external_id = p.external_id AND v.is_active
        WHERE p.id = :id GROUP BY p.id
    )
    UPDATE products p
    SET content_hash = :content_hash, updated_at = now(),
        price = CASE WHEN known.complete THEN coalesce(known.price, p.price)
                     ELSE least(known.price, p.price) END,
        in_stock = CASE WHEN known.complete THEN coalesce(known.in_stock, p.in_stock)
                        ELSE p.in_stock OR coalesce(known.in_stock, false) END
    FROM (SELECT 1) AS always LEFT JOIN known ON true
    WHERE p.id = :id
    RETURNING p.id, p.knowledge_hash, p.knowledge_model
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProduct:
    """A product's row and its variations.

    `came_late` is None unless a newer event of the thing was taken: then it tells whether ours, the older
    one, was also the later to arrive.
    """

    id: int | None
    product: Product | None
    variations: tuple[Variation, ...]
    came_late: bool | None = None
    is_active: bool = False
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRow:
    """What was written, and what of it search knows already."""

    id: int
    knowledge_hash: str | None
    knowledge_model: str | None


def _attributes(value: Sequence[Mapping[str, Any]]) -> tuple[Attribute, ...]:
    return tuple(Attribute(name=item["name"], options=tuple(item["options"])) for item in value)


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _variation(row: Mapping[str, Any]) -> Variation:
    return Variation(
        external_id=row["external_id"],
        parent=row["parent_external_id"],
        options=_attributes(row["options"]),
        description=row["description"],
        facts=Facts(price=_decimal(row["price"]), in_stock=row["in_stock"]),
        visible=row["is_active"],
    )


def _stored(row: RowMapping) -> StoredProduct:
    variations = tuple(_variation(item) for item in row["variations"] or ())
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
        attributes=_attributes(row["attributes"]),
        visible=row["is_active"],
        status=row["status"],
    )
    return StoredProduct(
        id=row["id"],
        product=product,
        variations=variations,
        came_late=row["came_late"],
        is_active=row["is_active"],
        content_hash=row["content_hash"],
    )


async def load(connection: AsyncConnection, change: Change) -> StoredProduct:
    """What is known of a change's product, in one look."""
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


async def read(connection: AsyncConnection, product_id: int) -> StoredProduct | None:
    """A product, its variations and the hash of their text, all of one moment."""
    row = (await connection.execute(_READ, {"id": product_id})).mappings().one_or_none()
    return _stored(row) if row else None


def _metadata(product: Product) -> dict[str, object]:
    facts = product.facts
    return {
        "sku": facts.sku,
        "regular_price": facts.regular_price and str(facts.regular_price),
        "sale_price": facts.sale_price and str(facts.sale_price),
        "on_sale": facts.on_sale,
        "images": {"main": facts.image, "gallery": facts.gallery},
    }


def _json(value: object) -> str:
    return orjson.dumps(value, default=str).decode()


async def upsert(
    connection: AsyncConnection, change: Change, product: Product, content_hash: str
) -> SavedRow | None:
    """Write the product in one statement; None where the row is newer than this change."""
    facts = product.facts
    row = await connection.execute(
        _UPSERT,
        {
            "user_id": change.user_id,
            "store_id": change.store_id,
            "external_source": change.platform,
            "external_id": product.external_id,
            "title": product.title,
            "short_description": product.short_description,
            "description": product.description,
            "category": "، ".join(product.categories),
            "categories": list(product.categories),
            "tags": list(product.tags),
            "brands": list(product.brands),
            "attributes": _json([asdict(attribute) for attribute in product.attributes]),
            "price": facts.price,
            "currency": product.currency,
            "store_currency": change.currency,
            "stock_quantity": facts.stock_quantity,
            "in_stock": facts.in_stock,
            "link": facts.link,
            "image": facts.image,
            "status": product.status,
            "is_active": product.visible,
            "variation_ids": None if product.variation_ids is None else list(product.variation_ids),
            "metadata": _json(_metadata(product)),
            "version": change.version,
            "received_at": change.received_at,
            "content_hash": content_hash,
        },
    )
    saved = row.mappings().one_or_none()
    return SavedRow(**saved) if saved else None


async def deactivate(connection: AsyncConnection, change: Change, product_id: int) -> bool:
    """Hide a product the shop deleted; False where the row is newer than this change."""
    values = {"id": product_id, "version": change.version, "received_at": change.received_at}
    return (await connection.execute(_DEACTIVATE, values)).scalar_one_or_none() is not None


async def refresh_from_variations(
    connection: AsyncConnection, product_id: int, content_hash: str
) -> SavedRow:
    """Give a product the text and the lowest price its variations now make.

    WooCommerce never sends the parent when a variation changes.
    """
    row = await connection.execute(_REFRESH_FROM_VARIATIONS, {"id": product_id, "content_hash": content_hash})
    return SavedRow(**row.mappings().one())
