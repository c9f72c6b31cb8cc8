"""Answers to deliveries, as the API's document shows them; `connectors` has the bodies shops send."""

from datetime import datetime
from typing import Literal

from pydantic import RootModel

from api.openapi.build import Answer, example


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


class Listening(Answer):
    """Somebody listens: the answer to a platform's ping."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


class DeliveryIgnored(Answer):
    """The delivery is genuine and means nothing to us; it was logged."""

    model_config = example(
        {"status": "ignored", "reason": "The product was deleted before WooCommerce sent the webhook."}
    )

    status: Literal["ignored"]
    reason: str


class Settled(RootModel[Skipped | DeliveryIgnored | Listening]):
    """Nothing is left to do: it was taken before, means nothing to us, or only asked whether we listen."""

    model_config = example(
        {"status": "skipped", "message": "این رویداد قبلاً پردازش شده است", "event_id": "wc-9f86d0"},
        {"status": "ignored", "reason": "The product was deleted before WooCommerce sent the webhook."},
        {"status": "ok"},
    )
