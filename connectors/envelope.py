"""The event body that our plugin and custom shops send: an event with its product inside."""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.base import Change, Deletion
from contracts.catalog import Product, Variation
from contracts.deliveries import ParsedDelivery
from contracts.errors import InvalidField
from contracts.events import EventType

EVENT_ID_LENGTH = 255


def _event_id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= EVENT_ID_LENGTH or not value.isprintable():
        raise InvalidField("event_id", f"expected a text of at most {EVENT_ID_LENGTH} printable characters")
    return value


def _event_type(value: object) -> EventType:
    try:
        return EventType(value)  # type: ignore[arg-type]  # any value may be looked up
    except ValueError:
        types = ", ".join(EventType)
        raise InvalidField("event_type", f"unknown; expected one of {types}") from None


def _product(body: Mapping[str, Any]) -> Mapping[str, Any]:
    product = body.get("product")
    if not isinstance(product, Mapping):
        raise InvalidField("product", "expected an object")
    if product.get("id") in (None, ""):
        raise InvalidField("product.id", "missing")
    return product


def open_envelope(
    body: Mapping[str, Any], parse: Callable[[EventType, Mapping[str, Any]], Change]
) -> ParsedDelivery:
    """Returns the event of a body, with its product read by `parse`; raises InvalidField.

    The shop is asked for a product that was sent without its name.
    """
    event_type, event_id = _event_type(body.get("event_type")), _event_id(body.get("event_id"))
    product = _product(body)
    change = parse(event_type, product)
    deleted = isinstance(change, Deletion)
    identity = {"id": product["id"], "date_modified_gmt": product.get("date_modified_gmt")}
    return ParsedDelivery(
        event_id=event_id,
        event_type=event_type,
        external_id=change.external_id,
        parent=change.parent if isinstance(change, Variation) else None,
        version=change.version,
        payload=identity if deleted else product,
        confirm=isinstance(change, Product) and change.lacks("title"),
    )


def named_event(
    body: Mapping[str, Any], parse: Callable[[EventType, Mapping[str, Any]], Change]
) -> ParsedDelivery | None:
    """Returns the event of a body with a product that cannot be read; None if the body does not name it."""
    try:
        event_type, event_id = _event_type(body.get("event_type")), _event_id(body.get("event_id"))
        product = _product(body)
        named = parse(EventType.DELETED, {"id": product["id"]})
    except InvalidField:
        return None
    return ParsedDelivery(
        event_id=event_id, event_type=event_type, external_id=named.external_id, payload=product
    )


def signed_with_one_of(secrets: Iterable[str], body: bytes, signature: str) -> bool:
    """Returns whether one of the secrets signed the body, in constant time; False for anything malformed."""
    received = signature.encode("ascii", "replace")
    matches = False
    for secret in secrets:
        expected = base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))
        matches |= hmac.compare_digest(expected, received)
    return matches
