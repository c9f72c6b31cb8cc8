"""Query parameters and responses of products; prices are strings, so that no digit is lost."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field

from api.fields import Id, Moment, Words
from api.openapi.build import ResponseModel, example
from api.schemas.catalogue.details import DETAILS, ProductDetails
from api.schemas.pagination import Page, PageParams
from connectors.registry import PLATFORMS
from contracts.stores import StoreType

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
    "min_price": "45000000",
    "max_price": "52000000",
    "currency": "IRT",
    "stock_quantity": "5",
    "in_stock": True,
    "availability": "in_stock",
    "link": "https://shop.example/product/777",
    "image": "https://shop.example/777.jpg",
    "sku": "ROG-1",
    "gtin": "4711081234567",
    "status": "publish",
    "is_active": True,
    "variation_ids": ["woo_778"],
    "metadata": {
        "woo_product_id": 777,
        "sku": "ROG-1",
        "gtin": "4711081234567",
        "regular_price": "48000000",
        "sale_price": "45000000",
        "on_sale": True,
        "hidden_by": [],
        "images": {"main": "https://shop.example/777.jpg", "gallery": []},
        "content_hash": "1f8ac10f",
        "needs_embedding": False,
        "last_sync_at": "2026-11-20T10:00:02Z",
    },
    "details": DETAILS,
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


Availability = Annotated[
    Literal["in_stock", "out_of_stock", "backorder"],
    Field(description="`backorder`: sold out, and bought now for later delivery; it counts as in stock"),
]


Gtin = Annotated[
    str,
    BeforeValidator(lambda stored: stored or ""),
    Field(description="the number below the bar code, as the shop spells it"),
]

_STORED = ConfigDict(extra="ignore")
"""A newer version may store more."""


class ProductListParams(PageParams):
    """The query parameters of the list of products."""

    external_source: Words | None = None
    store: Id | None = None
    is_active: bool | None = None
    in_stock: bool | None = None
    search: Words | None = None
    updated_after: Moment | None = None


class Attribute(ResponseModel):
    """A property of a product, or an option of its variations."""

    name: str
    options: list[str]


class Images(ResponseModel):
    """Addresses of images."""

    main: str
    gallery: list[str]


class ProductMetadata(ResponseModel):
    """More fields of the shop, and the state of the product's text."""

    model_config = _STORED

    woo_product_id: int = Field(default=0, description="only products of WooCommerce have it")
    sku: str
    gtin: Gtin = ""
    images: Images
    on_sale: bool
    sale_price: str | None
    regular_price: str | None
    hidden_by: list[str] = Field(
        default=[], description="the shop's fields that hide it though it is published"
    )
    content_hash: str = Field(description="hash of the latest text")
    needs_embedding: bool
    last_sync_at: datetime


class Knowledge(ResponseModel):
    """What search holds of the product; `current` if that is its latest text."""

    current: bool
    model: str | None
    embedded_at: datetime | None


class ProductSummary(ResponseModel):
    """A product as in the latest change of its shop."""

    model_config = ConfigDict(coerce_numbers_to_str=True, **example(LISTED))

    id: int
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
    min_price: str | None = Field(description="lowest of its variations; the price of a product without")
    max_price: str | None = Field(description="highest of its variations; the price of a product without")
    currency: str
    stock_quantity: str | None
    in_stock: bool
    availability: Availability
    link: str
    image: str
    sku: str
    gtin: str
    status: str = Field(description="`publish`, `draft`, `private`, … or `deleted`")
    is_active: bool = Field(description="whether search may find it")
    variation_ids: list[str] | None = Field(description="all variations, if the shop listed them")
    metadata: ProductMetadata
    details: ProductDetails = ProductDetails()
    version: datetime | None = Field(description="when the shop changed it, if the shop says so")
    created_at: datetime
    updated_at: datetime
    store: int
    knowledge: Knowledge

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """Returns a row of the products as a response."""
        is_current = row["knowledge_hash"] == row["content_hash"]
        number = str(row["external_id"]).partition("_")[2]
        id_field = PLATFORMS[StoreType(row["external_source"])].product_id_field
        metadata = ProductMetadata(
            **({id_field: int(number)} if id_field and number.isdigit() else {}),
            **row["metadata"],
            content_hash=row["content_hash"],
            needs_embedding=row["is_active"] and not is_current,
            last_sync_at=row["received_at"],
        )
        return cls.from_fields_of(
            row,
            metadata=metadata,
            details=ProductDetails.of(row["metadata"]),
            store=row["store_id"],
            knowledge=Knowledge(
                current=is_current, model=row["knowledge_model"], embedded_at=row["knowledge_at"]
            ),
        )


class VariationMetadata(ResponseModel):
    """More fields of the shop."""

    model_config = _STORED

    sku: str
    gtin: Gtin = ""
    brands: list[str] = Field(default=[])
    visible: bool
    on_sale: bool = False
    sale_price: str | None
    regular_price: str | None


class Variation(ResponseModel):
    """A variation of a product."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: int
    store_id: int
    external_id: str
    parent_external_id: str
    options: list[Attribute]
    description: str
    price: str | None
    stock_quantity: str | None
    in_stock: bool
    availability: Availability
    link: str
    image: str
    metadata: VariationMetadata
    is_active: bool
    version: datetime | None
    received_at: datetime


class Chunk(ResponseModel):
    """A part of the product's text, as search holds it."""

    position: int
    text: str
    tokens: int
    model: str
    created_at: datetime


class ProductOut(ProductSummary):
    """A product with its variations and its chunks."""

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
                    "availability": "in_stock",
                    "link": "https://shop.example/product/777?memory=16",
                    "image": "",
                    "metadata": {
                        "sku": "ROG-1-16",
                        "gtin": "4711081234574",
                        "brands": [],
                        "regular_price": None,
                        "sale_price": None,
                        "on_sale": False,
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


class ProductPage(Page[ProductSummary]):
    """The latest change first."""

    model_config = example({"count": 1, "next": None, "previous": None, "results": [LISTED]})
