"""WooCommerce's own webhooks.

Only the body is signed: topic, time and delivery id of a replayed delivery can be anything. So the body alone
decides what changed, and the topic only whether the delivery is about products.
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import RootModel

from connectors import json_bounds
from connectors.base import Change, examples
from connectors.bounds import Cuts
from connectors.envelope import signed_with_one_of
from connectors.signatures import is_hmac
from connectors.woocommerce.parse import parse
from contracts.catalog import Product, Variation
from contracts.deliveries import IgnoredDelivery, ParsedDelivery, SignedDelivery
from contracts.errors import InvalidField
from contracts.events import EventType

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
SIGNATURE = "x-wc-webhook-signature"
_TOPIC = re.compile(r"product\.[a-z]{1,30}")

_UPSERTS = {
    "product.created": EventType.CREATED,
    "product.restored": EventType.RESTORED,
    "product.published": EventType.PUBLISHED,
}

ALWAYS_SENT = ("title", "description", "status", "price")
"""What every body has that the shop did not filter; without one of these the shop is asked."""

EVENT_PREFIX = "wc-"
"""Distinguishes events of these webhooks from events of our plugin."""

_ERRORS = {
    "woocommerce_rest_product_invalid_id": "The product was deleted before WooCommerce sent the webhook.",
    "woocommerce_rest_cannot_view": "The user who owns this webhook in WooCommerce may not see products.",
}
"""Error codes that WooCommerce signs and sends instead of a product."""


class WooCommerceDelivery(RootModel[dict[str, Any]]):
    """A product or variation as WooCommerce's REST API returns it, or only the id of a deleted one."""

    model_config = examples({"id": 777, "name": "لپ‌تاپ ایسوس ROG", "type": "simple"}, {"id": 777})


def _topic(delivery: SignedDelivery) -> str:
    return delivery.headers.get("x-wc-webhook-topic", "").strip().lower()[:100]


def _event_id(delivery: SignedDelivery, topic: str, *also: str) -> str:
    """Returns an id derived from the body, because deliveries of one second share WooCommerce's own id.

    A body with only an id is the same each time a product goes to the trash, so for such bodies the caller
    adds the id of the delivery.
    """
    digest = hashlib.sha256()
    for part in (topic, delivery.headers.get("x-wc-webhook-resource", ""), *also):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    digest.update(delivery.body)
    return f"{EVENT_PREFIX}{digest.hexdigest()}"


class WooCommerceDeliveries:
    """Implements `Connector` for WooCommerce."""

    longest_ping = 256

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return is_hmac(headers.get(SIGNATURE, ""))

    def is_ping(self, delivery: SignedDelivery) -> bool:
        signed = SIGNATURE in delivery.headers
        return not signed and _PING.fullmatch(delivery.body.strip()) is not None

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        """WooCommerce decodes a secret as HTML before signing, so the secret is tried in both forms."""
        forms = [form for secret in secrets for form in dict.fromkeys((secret, html.unescape(secret)))]
        signature = delivery.headers.get(SIGNATURE, "")
        return signed_with_one_of(forms, delivery.body, signature)

    def unread(self, delivery: SignedDelivery, reason: str) -> IgnoredDelivery:
        topic = _topic(delivery)
        return IgnoredDelivery(event_id=_event_id(delivery, topic), topic=topic, reason=reason)

    def parse(self, delivery: SignedDelivery) -> ParsedDelivery | IgnoredDelivery:
        topic = _topic(delivery)
        event_id = _event_id(delivery, topic)

        def ignored(reason: str) -> IgnoredDelivery:
            return IgnoredDelivery(event_id=event_id, topic=topic, reason=reason)

        if not _TOPIC.fullmatch(topic):
            return ignored("Only webhooks about products are processed.")
        try:
            body = json_bounds.parse(delivery.body)
        except orjson.JSONDecodeError:
            return ignored("The body is not JSON.")
        except json_bounds.TooDeep:
            return ignored("The body nests too deeply.")
        if not isinstance(body, dict):
            return ignored("The body is not an object.")
        if body.get("id") in (None, ""):
            code = body.get("code")
            return ignored(_ERRORS.get(code if isinstance(code, str) else "", "The body names no product."))
        event_type = _UPSERTS.get(topic, EventType.UPDATED)
        if set(body) == {"id"}:
            event_type = EventType.DELETED
            event_id = _event_id(delivery, topic, delivery.headers.get("x-wc-webhook-delivery-id", ""))
        try:
            change = parse(event_type, body, Cuts())
        except InvalidField as error:
            return ignored(f"The product cannot be read: {error}.")
        return ParsedDelivery(
            event_id=event_id,
            event_type=event_type,
            external_id=change.external_id,
            parent=change.parent if isinstance(change, Variation) else None,
            version=change.version,
            payload=body,
            confirm=not isinstance(change, Product) or change.lacks(*ALWAYS_SENT),
        )

    def change(self, event_type: EventType, payload: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
        return parse(event_type, payload, cuts)
