"""Responses to deliveries, for the OpenAPI document; `connectors` has the bodies that shops send."""

from typing import Literal

from pydantic import RootModel

from api.openapi.build import ResponseModel, example


class Accepted(ResponseModel):
    """The event is stored and will be processed."""

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


class Skipped(ResponseModel):
    """An event with this id was accepted before and did not fail."""

    model_config = example(
        {"status": "skipped", "message": "این رویداد قبلاً پردازش شده است", "event_id": "evt_1"}
    )

    status: Literal["skipped"]
    message: str
    event_id: str


class Pong(ResponseModel):
    """The response to the ping of a platform."""

    model_config = example({"status": "ok"})

    status: Literal["ok"]


class DeliveryIgnored(ResponseModel):
    """The delivery has a valid signature and no meaning for us; it was logged."""

    model_config = example(
        {"status": "ignored", "reason": "The product was deleted before WooCommerce sent the webhook."}
    )

    status: Literal["ignored"]
    reason: str


class Settled(RootModel[Skipped | DeliveryIgnored | Pong]):
    """Nothing to do: the event is a repeated one, the delivery has no meaning for us, or it is a ping."""

    model_config = example(
        {"status": "skipped", "message": "این رویداد قبلاً پردازش شده است", "event_id": "wc-9f86d0"},
        {"status": "ignored", "reason": "The product was deleted before WooCommerce sent the webhook."},
        {"status": "ok"},
    )
