"""What signed deliveries are answered, beside what events with a token are."""

from typing import Any, Literal

from pydantic import RootModel

from api.openapi import Answer, example
from api.webhook_shapes import Skipped


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
