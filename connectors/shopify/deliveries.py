"""Shopify's webhooks: the body is signed with the secret of the app, or of the shop itself."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import RootModel

from connectors.base import Change, examples
from connectors.bounds import Cuts
from connectors.envelope import signed_with_one_of
from connectors.shopify.parse import lacks_variants, parse
from connectors.signatures import is_hmac
from connectors.unread import as_text, read_body, unread, wrapped
from contracts.catalog import PUBLICATION, Product
from contracts.deliveries import (
    IgnoredDelivery,
    ParsedDelivery,
    ReadDelivery,
    SignedDelivery,
    UnreadDelivery,
)
from contracts.errors import InvalidField
from contracts.events import EventType

TOPICS = {
    "products/create": EventType.CREATED,
    "products/update": EventType.UPDATED,
    "products/delete": EventType.DELETED,
}

ALWAYS_SENT = ("title", "description", "status", PUBLICATION, "price")
"""What every body has unless the subscription names its fields; without one of these the shop is asked."""

LONGEST_ID = 100

ID_ALONE = "The body holds nothing but an id: take include_fields out of the webhook, so that it sends all."

WRAPPED = "the body must be the product itself, as Shopify's webhooks send it, not an object around it"


class ShopifyDelivery(RootModel[dict[str, Any]]):
    """A product as Shopify's webhooks send it, or only the id of a deleted one."""

    model_config = examples(
        {"id": 788032119674292922, "title": "چراغ مطالعه", "status": "active", "variants": []},
        {"id": 788032119674292922},
    )


def _header(headers: Mapping[str, str], name: str) -> str:
    """Returns a header of Shopify's, which its newest webhooks send without the X-."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


def _identity(delivery: SignedDelivery) -> tuple[str, str]:
    """Returns the topic and the event's id.

    The id has topic and webhook id, because Shopify uses one event id for several topics.
    """
    topic = _header(delivery.headers, "topic").strip().lower()[:LONGEST_ID]
    webhook_id = _header(delivery.headers, "webhook-id").strip()
    if not webhook_id or len(webhook_id) > LONGEST_ID or not webhook_id.isprintable():
        webhook_id = f"sha256:{hashlib.sha256(delivery.body).hexdigest()}"
    return topic, f"{topic}/{webhook_id}"


def _is_test(headers: Mapping[str, str]) -> bool:
    """Returns whether a delivery was sent by the test button of Shopify's admin.

    The header is not signed. Who adds it to a captured delivery keeps that copy from being
    processed, and nothing else: the delivery itself has another event id than its copy.
    """
    return _header(headers, "test").strip().lower() in ("true", "1")


class ShopifyDeliveries:
    """Implements `Connector` for Shopify."""

    longest_ping = 0

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return is_hmac(_header(headers, "hmac-sha256"))

    def is_ping(self, delivery: SignedDelivery) -> bool:
        return False

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        return signed_with_one_of(secrets, delivery.body, _header(delivery.headers, "hmac-sha256"))

    def unread(self, delivery: SignedDelivery, reason: str) -> UnreadDelivery | IgnoredDelivery:
        return self._unread(delivery, as_text(delivery.body), reason)

    def _unread(
        self, delivery: SignedDelivery, payload: Mapping[str, Any], reason: str
    ) -> UnreadDelivery | IgnoredDelivery:
        topic, event_id = _identity(delivery)
        event_type = EventType.CREATED if TOPICS.get(topic) is EventType.CREATED else EventType.UPDATED
        return unread(payload, reason, event_id=event_id, topic=topic, event_type=event_type, read=parse)

    def parse(self, delivery: SignedDelivery) -> ReadDelivery:
        topic, event_id = _identity(delivery)
        event_type = TOPICS.get(topic)
        if event_type is None:
            reason = "Only products/create, products/update and products/delete are processed."
            return IgnoredDelivery(event_id=event_id, topic=topic, reason=reason)
        if _is_test(delivery.headers):
            reason = "This is a test notification from Shopify's admin, about a product that does not exist."
            return IgnoredDelivery(event_id=f"test/{event_id}", topic=topic, reason=reason)
        try:
            body = read_body(delivery.body)
        except InvalidField as error:
            return self._unread(delivery, as_text(delivery.body), f"The delivery cannot be read: {error}.")
        if event_type is EventType.DELETED and set(body) != {"id"}:
            event_type = EventType.UPDATED  # only the body is signed, and this body is a whole product
        if event_type is not EventType.DELETED and set(body) == {"id"}:
            return self._unread(delivery, body, ID_ALONE)
        try:
            change = self.change(event_type, body, Cuts())
        except InvalidField as error:
            return self._unread(delivery, body, f"The product cannot be read: {error}.")
        return ParsedDelivery(
            event_id=event_id,
            event_type=event_type,
            external_id=change.external_id,
            version=change.version,
            payload=body,
            confirm=not isinstance(change, Product) or change.lacks(*ALWAYS_SENT) or lacks_variants(body),
        )

    def change(self, event_type: EventType, payload: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
        inside = wrapped(payload)
        if inside is not None:
            raise InvalidField(inside[0], WRAPPED)
        return parse(event_type, payload, cuts)
