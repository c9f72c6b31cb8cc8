"""Products, as the API's document shows them; prices are texts, so that no digit is lost."""

from datetime import datetime
from typing import Any

from pydantic import AnyUrl, Field

from api.openapi.build import Answer, example

LISTED: dict[str, Any] = {
    "id": 12,
    "external_source": "woocommerce",
    "external_id": "woo_777",
    "title": "لپ‌تاپ ایسوس ROG",
    "short_description": "لپ‌تاپ گیمینگ ۱۵ اینچی",
    "description": "<p>پردازنده‌ی قوی و نمایشگر ۱۴۴ هرتز</p>",
    "category": "لپ‌تاپ",
    "categories": ["لپ‌تاپ"],
    "tags": ["گیمینگ"],
    "brands": ["ایسوس"],
    "attributes": [{"name": "رنگ", "options": ["مشکی"]}],
    "price": "45000000",
    "currency": "IRT",
    "stock_quantity": "5",
    "in_stock": True,
    "link": "https://shop.example/product/777",
    "image": "https://shop.example/777.jpg",
    "status": "publish",
    "is_active": True,
    "variation_ids": ["woo_778"],
    "metadata": {
        "woo_product_id": 777,
        "sku": "ROG-1",
        "regular_price": "48000000",
        "sale_price": "45000000",
        "on_sale": True,
        "images": {"main": "https://shop.example/777.jpg", "gallery": []},
        "content_hash": "1f8ac10f",
        "needs_embedding": False,
        "last_sync_at": "2026-11-20T10:00:02Z",
    },
    "version": "2026-11-20T10:00:00Z",
    "created_at": "2026-11-01T08:00:00Z",
    "updated_at": "2026-11-20T10:00:02Z",
    "store": 2,
    "knowledge": {
        "current": True,
        "model": "text-embedding-3-small@1536",
        "embedded_at": "2026-11-20T10:00:05Z",
    },
}


class Attribute(Answer):
    """What a product is, or may be chosen as."""

    name: str
    options: list[str]


class Images(Answer):
    """Addresses of pictures."""

    main: str
    gallery: list[str]


class ProductMetadata(Answer):
    """What else the shop said, and how far we are with it."""

    woo_product_id: int = Field(default=0, description="of products of WooCommerce")
    sku: str
    regular_price: str | None
    sale_price: str | None
    on_sale: bool
    images: Images
    content_hash: str = Field(description="of the text that search should know")
    needs_embedding: bool
    last_sync_at: datetime


class Knowledge(Answer):
    """What search knows: `current` where it is what the shop said last."""

    current: bool
    model: str | None
    embedded_at: datetime | None


class ListedProduct(Answer):
    """A product as its shop said last."""

    model_config = example(LISTED)

    id: int
    store: int
    external_source: str
    external_id: str
    title: str
    short_description: str
    description: str
    category: str
    categories: list[str]
    tags: list[str]
    brands: list[str]
    attributes: list[Attribute]
    price: str | None
    currency: str
    stock_quantity: str | None
    in_stock: bool
    link: str
    image: str
    status: str = Field(description="`publish`, `draft`, `private`, … or `deleted`")
    is_active: bool = Field(description="search may find it")
    variation_ids: list[str] | None = Field(description="all that exist, where the shop said so")
    metadata: ProductMetadata
    version: datetime | None = Field(description="when the shop changed it, where it told")
    created_at: datetime
    updated_at: datetime
    knowledge: Knowledge


class VariationMetadata(Answer):
    """What else the shop said."""

    sku: str
    regular_price: str | None
    sale_price: str | None
    visible: bool


class Variation(Answer):
    """One way to buy a product."""

    id: int
    store_id: int
    external_id: str
    parent_external_id: str
    options: list[Attribute]
    description: str
    price: str | None
    stock_quantity: str | None
    in_stock: bool
    link: str
    image: str
    metadata: VariationMetadata
    is_active: bool
    version: datetime | None
    received_at: datetime


class Chunk(Answer):
    """A passage that search knows."""

    position: int
    text: str
    tokens: int
    model: str
    created_at: datetime


class Product(ListedProduct):
    """A product with its variations and the passages search knows."""

    model_config = example(
        {
            **LISTED,
            "variations": [
                {
                    "id": 5,
                    "store_id": 2,
                    "external_id": "woo_778",
                    "parent_external_id": "woo_777",
                    "options": [{"name": "حافظه", "options": ["۱۶ گیگابایت"]}],
                    "description": "",
                    "price": "45000000",
                    "stock_quantity": "5",
                    "in_stock": True,
                    "link": "https://shop.example/product/777?memory=16",
                    "image": "",
                    "metadata": {
                        "sku": "ROG-1-16",
                        "regular_price": None,
                        "sale_price": None,
                        "visible": True,
                    },
                    "is_active": True,
                    "version": "2026-11-20T10:00:00Z",
                    "received_at": "2026-11-20T10:00:02Z",
                }
            ],
            "chunks": [
                {
                    "position": 0,
                    "text": "لپ‌تاپ ایسوس ROG\nپردازنده‌ی قوی و نمایشگر ۱۴۴ هرتز",
                    "tokens": 24,
                    "model": "text-embedding-3-small@1536",
                    "created_at": "2026-11-20T10:00:05Z",
                }
            ],
        }
    )

    variations: list[Variation]
    chunks: list[Chunk]


class ProductPage(Answer):
    """The latest change first."""

    model_config = example({"count": 1, "next": None, "previous": None, "results": [LISTED]})

    count: int
    next: AnyUrl | None
    previous: AnyUrl | None
    results: list[ListedProduct]
