"""The event body our plugin and custom shops send, as the API's document shows it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from connectors.base import examples
from connectors.envelope import EVENT_ID_LENGTH
from connectors.woocommerce.parse import DeletionBody, Id, ProductBody, VariationBody
from contracts.events import EventType

EventId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=EVENT_ID_LENGTH,
        description="Printable characters; an event is taken once under its id.",
    ),
]


Timestamp = Annotated[Any, Field(description="When it was sent; not used.")]


class ChangedVariation(VariationBody):
    """A variation that is delivered as if it were a product."""

    type: Annotated[str, Field(pattern=r"(?i)variation\s*$", description="`variation`, or a plugin's kind.")]
    parent_id: Id


class Change(BaseModel):
    """A product or variation as it is now."""

    event_id: EventId
    event_type: Literal[EventType.CREATED, EventType.UPDATED, EventType.RESTORED, EventType.PUBLISHED]
    timestamp: Timestamp = None
    product: ProductBody | ChangedVariation


class Deletion(BaseModel):
    """A product or variation that is gone."""

    event_id: EventId
    event_type: Literal[EventType.DELETED]
    timestamp: Timestamp = None
    product: DeletionBody


class Delivery(RootModel[Change | Deletion]):
    """One change of one product."""

    model_config = examples(
        {
            "event_id": "evt_1",
            "event_type": "product.updated",
            "timestamp": "2026-11-20T10:00:00Z",
            "product": {
                "id": 777,
                "name": "لپ‌تاپ ایسوس ROG",
                "short_description": "لپ‌تاپ گیمینگ ۱۵ اینچی",
                "description": "<p>پردازنده‌ی قوی و نمایشگر ۱۴۴ هرتز</p>",
                "price": "45000000",
                "regular_price": "48000000",
                "sale_price": "45000000",
                "on_sale": True,
                "currency": "IRT",
                "stock_quantity": 5,
                "stock_status": "instock",
                "sku": "ROG-1",
                "gtin": "4711081234567",
                "permalink": "https://shop.example/product/777",
                "image": "https://shop.example/777.jpg",
                "gallery": ["https://shop.example/777-2.jpg"],
                "categories": ["لپ‌تاپ"],
                "tags": ["گیمینگ"],
                "attributes": [{"name": "رنگ", "options": ["مشکی"]}],
                "variations": [{"id": 778, "price": "45000000"}],
                "date_modified_gmt": "2026-11-20T10:00:00",
            },
        },
        {"event_id": "evt_2", "event_type": "product.deleted", "product": {"id": 777}},
    )
