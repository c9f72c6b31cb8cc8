"""What is written of a product, column by column."""

from dataclasses import asdict, dataclass

from contracts.catalog import Product
from database.details import as_metadata
from database.events.write import OpenedEvent
from database.products import keys

FACTS = (
    "title",
    "short_description",
    "description",
    "category",
    "categories",
    "tags",
    "brands",
    "attributes",
    "price",
    "stock_quantity",
    "in_stock",
    "backorder",
    "link",
    "image",
    "status",
    "is_active",
    "metadata",
    "keys",
)
"""What the shop says of a product; `values_of` returns a value for each."""

STATE = ("received_at", "content_hash", "listed_hash")
"""What else every change replaces."""

COLUMNS = ("external_id", *FACTS, *STATE, "variation_ids", "version", "claimed_hash")
"""What is written as `values_of` returns it; the currency has a default of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductWrite:
    """A product to write, with the hash of its text.

    `claimed_hash` equals `content_hash` if the writer indexes the text. `listed_hash` is the fingerprint of
    the product's entry in the shop's list.
    """

    change: OpenedEvent
    product: Product
    content_hash: str
    claimed_hash: str | None = None
    listed_hash: str | None = None


def _metadata(product: Product) -> dict[str, object]:
    facts = product.facts
    return {
        "sku": facts.sku,
        "gtin": facts.gtin,
        "regular_price": facts.regular_price and str(facts.regular_price),
        "sale_price": facts.sale_price and str(facts.sale_price),
        "on_sale": facts.on_sale,
        "hidden_by": sorted(product.hidden_by),
        "images": {"main": facts.image, "gallery": facts.gallery},
        **as_metadata(product.details),
    }


def values_of(written: ProductWrite) -> dict[str, object]:
    """Returns a value for each of `COLUMNS`, and the currency."""
    change, product, facts = written.change, written.product, written.product.facts
    return {
        "external_id": product.external_id,
        "title": product.title,
        "short_description": product.short_description,
        "description": product.description,
        "category": "، ".join(product.categories),
        "categories": product.categories,
        "tags": product.tags,
        "brands": product.brands,
        "attributes": [asdict(attribute) for attribute in product.attributes],
        "price": facts.price,
        "currency": product.currency,
        "stock_quantity": facts.stock_quantity,
        "in_stock": facts.in_stock,
        "backorder": facts.backorder,
        "link": facts.link,
        "image": facts.image,
        "status": product.status,
        "is_active": product.visible,
        "variation_ids": product.variation_ids,
        "metadata": _metadata(product),
        "keys": keys.of_product(change.store_id, product),
        "version": change.version,
        "received_at": change.received_at,
        "content_hash": written.content_hash,
        "claimed_hash": written.claimed_hash,
        "listed_hash": written.listed_hash,
    }
