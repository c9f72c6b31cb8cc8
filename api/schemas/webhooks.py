"""What a shop sends, and what it is told, as the API's document shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from api.openapi.build import Answer, example
from connectors.envelope import EVENT_ID_LENGTH
from connectors.fields import Moment
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


class ChangedVariation(VariationBody):
    """A variation that is delivered as if it were a product."""

    type: Literal["variation"]
    parent_id: Id


class Change(BaseModel):
    """A product or variation as it is now."""

    event_id: EventId
    event_type: Literal[EventType.CREATED, EventType.UPDATED, EventType.RESTORED, EventType.PUBLISHED]
    timestamp: Moment = None
    product: ProductBody | ChangedVariation


class Deletion(BaseModel):
    """A product or variation that is gone."""

    event_id: EventId
    event_type: Literal[EventType.DELETED]
    timestamp: Moment = None
    product: DeletionBody


class Delivery(RootModel[Change | Deletion]):
    """One change of one product."""

    model_config = example(
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


class Accepted(Answer):
    """The event is safe and will be processed."""

    model_config = example(
        {
            "status": "accepted",
            "message": "رویداد دریافت شد و در صف پردازش قرار گرفت",
            "event_id": "evt_1",
            "processing_time_ms": 9,
        }
    )

    status: Literal["accepted"]
    message: str
    event_id: str
    processing_time_ms: int


class Skipped(Answer):
    """An event of this id was taken before and did not fail."""

    model_config = example(
        {"status": "skipped", "message": "این رویداد قبلاً پردازش شده است", "event_id": "evt_1"}
    )

    status: Literal["skipped"]
    message: str
    event_id: str


class TokensUser(Answer):
    """Whose token it is."""

    id: int
    email: str
    username: str


class Token(Answer):
    """The token that was sent."""

    id: int
    integration_type: str
    name: str
    last_used_at: datetime | None
    usage_count: int


class TokensStore(Answer):
    """The store it is for."""

    id: int
    name: str


class Connected(Answer):
    """The connection works, and this is whose it is."""

    model_config = example(
        {
            "status": "ok",
            "message": "اتصال برقرار است",
            "user": {"id": 1, "email": "owner@shop.example", "username": "owner"},
            "token": {
                "id": 3,
                "integration_type": "woocommerce",
                "name": "Integration Token",
                "last_used_at": "2026-11-20T10:00:00Z",
                "usage_count": 42,
            },
            "store": {"id": 2, "name": "فروشگاه نمونه"},
            "timestamp": "2026-11-20T10:00:00Z",
        }
    )

    status: Literal["ok"]
    message: str
    user: TokensUser
    token: Token
    store: TokensStore
    timestamp: datetime


class WooCommerceDelivery(RootModel[dict[str, Any]]):
    """A product or variation as WooCommerce's REST API tells it, or the id alone of one that is gone."""

    model_config = example({"id": 777, "name": "لپ‌تاپ ایسوس ROG", "type": "simple"}, {"id": 777})


class ShopifyDelivery(RootModel[dict[str, Any]]):
    """A product as Shopify's webhooks tell it, or the id alone of one that is gone."""

    model_config = example(
        {"id": 788032119674292922, "title": "چراغ مطالعه", "status": "active", "variants": []},
        {"id": 788032119674292922},
    )


class Listening(Answer):
    """Somebody listens: the answer to a platform's ping."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


class DeliveryIgnored(Answer):
    """The delivery is genuine and means nothing to us; it was logged."""

    model_config = example(
        {"status": "ignored", "reason": "The product was deleted before WooCommerce told of it."}
    )

    status: Literal["ignored"]
    reason: str


class Settled(RootModel[Skipped | DeliveryIgnored | Listening]):
    """Nothing is left to do: it was taken before, means nothing to us, or only asked whether we listen."""

    model_config = example(
        {"status": "skipped", "message": "این رویداد قبلاً پردازش شده است", "event_id": "wc-9f86d0"},
        {"status": "ignored", "reason": "The product was deleted before WooCommerce told of it."},
        {"status": "ok"},
    )
