"""Shopify's webhooks: the body is signed with the secret of the app, or of the shop itself."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import RootModel

from connectors import json_bounds
from connectors.base import Change, examples
from connectors.bounds import Cuts
from connectors.envelope import signed_with_one_of
from connectors.shopify.parse import lacks_variants, parse
from connectors.signatures import is_hmac
from contracts.catalog import Product
from contracts.deliveries import IgnoredDelivery, ParsedDelivery, SignedDelivery
from contracts.errors import InvalidField
from contracts.events import EventType

TOPICS = {
    "products/create": EventType.CREATED,
    "products/update": EventType.UPDATED,
    "products/delete": EventType.DELETED,
}

ALWAYS_SENT = ("title", "description", "status", "price")
"""What every body has unless the subscription names its fields; without one of these the shop is asked."""

LONGEST_ID = 100


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


class ShopifyDeliveries:
    """Implements `Connector` for Shopify."""

    longest_ping = 0

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return is_hmac(_header(headers, "hmac-sha256"))

    def is_ping(self, delivery: SignedDelivery) -> bool:
        return False

    def verify(self, delivery: SignedDelivery, secrets: Sequence[str]) -> bool:
        return signed_with_one_of(secrets, delivery.body, _header(delivery.headers, "hmac-sha256"))

    def unread(self, delivery: SignedDelivery, reason: str) -> IgnoredDelivery:
        topic, event_id = _identity(delivery)
        return IgnoredDelivery(event_id=event_id, topic=topic, reason=reason)

    def parse(self, delivery: SignedDelivery) -> ParsedDelivery | IgnoredDelivery:
        topic, event_id = _identity(delivery)

        def ignored(reason: str) -> IgnoredDelivery:
            return IgnoredDelivery(event_id=event_id, topic=topic, reason=reason)

        event_type = TOPICS.get(topic)
        if event_type is None:
            return ignored("Only products/create, products/update and products/delete are processed.")
        try:
            body = json_bounds.parse(delivery.body)
        except orjson.JSONDecodeError:
            return ignored("The body is not JSON.")
        except json_bounds.TooDeep:
            return ignored("The body nests too deeply.")
        if not isinstance(body, dict) or body.get("id") in (None, ""):
            return ignored("The body names no product.")
        if event_type is EventType.DELETED and set(body) != {"id"}:
            event_type = EventType.UPDATED  # only the body is signed, and this body is a whole product
        if event_type is not EventType.DELETED and set(body) == {"id"}:
            return ignored("The body holds nothing but an id.")
        try:
            change = parse(event_type, body, Cuts())
        except InvalidField as error:
            return ignored(f"The product cannot be read: {error}.")
        return ParsedDelivery(
            event_id=event_id,
            event_type=event_type,
            external_id=change.external_id,
            version=change.version,
            payload=body,
            confirm=not isinstance(change, Product) or change.lacks(*ALWAYS_SENT) or lacks_variants(body),
        )

    def change(self, event_type: EventType, payload: Mapping[str, Any], cuts: Cuts | None = None) -> Change:
        return parse(event_type, payload, cuts)
