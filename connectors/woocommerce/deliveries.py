"""WooCommerce's own webhooks.

Only the body is signed: topic, time and delivery id of a replayed delivery can be anything. So the body alone
decides what changed, and the topic only whether the delivery is about products.
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import RootModel

from connectors.base import Change, examples
from connectors.bounds import Cuts
from connectors.envelope import signed_with_one_of
from connectors.signatures import is_hmac
from connectors.unread import as_text, read_body, unread, wrapped
from connectors.woocommerce.parse import parse
from contracts.catalog import Product, Variation
from contracts.deliveries import (
    IgnoredDelivery,
    ParsedDelivery,
    ReadDelivery,
    SignedDelivery,
    UnreadDelivery,
)
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

LEGACY = (
    "this is the payload of WooCommerce's Legacy API; choose WP REST API Integration v3 as the API version in"
    " the settings of the webhook"
)
OF_THE_PLUGIN = (
    "this is an event in the form of our plugin, which goes to /api/integrations/woocommerce/webhook/ with a"
    " token; a webhook of WooCommerce sends the product itself"
)
WRAPPED = "the body must be the product itself, not an object around it"


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

    def unread(self, delivery: SignedDelivery, reason: str) -> UnreadDelivery | IgnoredDelivery:
        return self._unread(delivery, as_text(delivery.body), reason)

    def _unread(
        self, delivery: SignedDelivery, payload: Mapping[str, Any], reason: str
    ) -> UnreadDelivery | IgnoredDelivery:
        topic = _topic(delivery)
        return unread(
            payload,
            reason,
            event_id=_event_id(delivery, topic),
            topic=topic,
            event_type=_UPSERTS.get(topic, EventType.UPDATED),
            read=parse,
        )

    def parse(self, delivery: SignedDelivery) -> ReadDelivery:
        topic = _topic(delivery)
        event_id = _event_id(delivery, topic)
        if not _TOPIC.fullmatch(topic):
            reason = "Only webhooks about products are processed."
            return IgnoredDelivery(event_id=event_id, topic=topic, reason=reason)
        try:
            body = read_body(delivery.body)
        except InvalidField as error:
            return self._unread(delivery, as_text(delivery.body), f"The delivery cannot be read: {error}.")
        if problem := _instead_of_a_product(body):
            return IgnoredDelivery(event_id=event_id, topic=topic, reason=problem, payload=body)
        event_type = _UPSERTS.get(topic, EventType.UPDATED)
        if set(body) == {"id"}:
            event_type = EventType.DELETED
            event_id = _event_id(delivery, topic, delivery.headers.get("x-wc-webhook-delivery-id", ""))
        try:
            change = self.change(event_type, body, Cuts())
        except InvalidField as error:
            return self._unread(delivery, body, f"The product cannot be read: {error}.")
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
        _refuse_wrapped(payload)
        return parse(event_type, payload, cuts)


def _instead_of_a_product(body: Mapping[str, Any]) -> str:
    """Returns why WooCommerce sent an error instead of a product; empty for any other body."""
    code = body.get("code") if body.get("id") in (None, "") else None
    if not isinstance(code, str) or isinstance(body.get("product"), Mapping):
        return ""
    return _ERRORS.get(code, "WooCommerce sent an error instead of a product.")


def _refuse_wrapped(body: Mapping[str, Any]) -> None:
    """Raise InvalidField for a body with the product in one of its fields; it says what to change."""
    name, _ = wrapped(body) or ("", None)
    if not name and body.get("id") in (None, "") and isinstance(body.get("product"), Mapping):
        name = "product"
    if name == "product" and "event_type" in body:
        raise InvalidField(name, OF_THE_PLUGIN)
    if name:
        raise InvalidField(name, LEGACY if name == "product" else WRAPPED)
