"""Deliveries that cannot be read: which product they are about, and how their body is kept.

A platform disables a webhook that we refuse several times, so what cannot be read is answered like any other
delivery. It is stored under its product, and can be retried when a later version reads it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson

from connectors.base import Change
from connectors.bounds import Cuts
from connectors.json_bounds import TooDeep, parse
from connectors.json_text import decoded
from contracts.catalog import Variation
from contracts.deliveries import IgnoredDelivery, ParsedDelivery, UnreadDelivery
from contracts.errors import InvalidField
from contracts.events import EventType

TEXT = "unread"
"""The only name in the payload of a body that is not a JSON object; its value is the body as text.

A body that has this form itself is not read, so that no sender can make a payload with it.
"""

SEARCHED = 64 * 1024
"""Bytes of a broken body in which its id is searched; platforms write it first."""

_IDENTITY = ("id", "parent_id", "type", "date_modified_gmt", "updated_at")
"""The fields that say which product changed, and when."""

_TIMES = _IDENTITY[3:]

_OF_PRODUCTS = frozenset(("name", "title", "price", "regular_price", "variants"))

_NUMBER = re.compile(r"(?:gid://shopify/[A-Za-z]{1,40}/)?([0-9]{1,30})(?:\.0{1,20})?")

_TOKEN = re.compile(
    rb"""
    "(?:[^"\\]++|\\.)*+"?   # a string, which may not be closed
    |[{}\[\]:,]
    |[^\s"{}\[\]:,]++
""",
    re.DOTALL | re.VERBOSE,
)

Reader = Callable[[EventType, Mapping[str, Any], Cuts], Change]


def read_body(body: bytes) -> dict[str, Any]:
    """Returns the JSON object of a body, or the only object of a list; raises InvalidField.

    An object in the form of `as_text` is refused.
    """
    try:
        value = parse(body)
    except orjson.JSONDecodeError:
        raise InvalidField("body", "is not JSON") from None
    except TooDeep:
        raise InvalidField("body", "nests too deeply") from None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise InvalidField("body", "is not an object")
    if _text_in(value) is not None:
        raise InvalidField("body", f"has nothing but a text named {TEXT!r}; expected a product")
    return value


def as_text(body: bytes) -> dict[str, Any]:
    """Returns the payload that keeps a body as text."""
    return {TEXT: decoded(body)}


def body_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the body in a payload, read again where it is kept as text; raises InvalidField."""
    text = _text_in(payload)
    return payload if text is None else read_body(text.encode())


def _text_in(payload: Mapping[str, Any]) -> str | None:
    """Returns the text in a payload of `as_text`; None for any other payload."""
    text = payload[TEXT] if set(payload) == {TEXT} else None
    return text if isinstance(text, str) else None


def wrapped(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Returns the only field that holds a product, and the product; None if the body itself is a product.

    A product that lost its id may hold an image or a category with one.
    """
    if not _is_nameless(body) or not _OF_PRODUCTS.isdisjoint(body):
        return None
    inside = [
        (name, value)
        for name, value in body.items()
        if isinstance(value, Mapping) and not _is_nameless(value)
    ]
    return inside[0] if len(inside) == 1 else None


def _is_nameless(body: Mapping[str, Any]) -> bool:
    return body.get("id") in (None, "")


def unread(
    payload: Mapping[str, Any],
    reason: str,
    *,
    event_id: str,
    topic: str,
    event_type: EventType,
    read: Reader,
) -> UnreadDelivery | IgnoredDelivery:
    """Returns the record of a delivery that cannot be read; `read` is the platform's `Connector.change`.

    A delivery that names no product is ignored.
    """
    text = _text_in(payload)
    body = payload if text is None else dict(_first_fields(text))
    _, product = wrapped(body) or ("", body)
    change = _identified(product, read)
    if change is None:
        return IgnoredDelivery(event_id=event_id, topic=topic, reason=reason, payload=payload)
    return UnreadDelivery(
        reason=reason,
        delivery=ParsedDelivery(
            event_id=event_id,
            event_type=event_type,
            external_id=change.external_id,
            parent=change.parent if isinstance(change, Variation) else None,
            version=change.version,
            payload=payload,
            confirm=True,
        ),
    )


def _identified(product: Mapping[str, Any], read: Reader) -> Change | None:
    """Returns the change of as many identifying fields as can be read; None if the id cannot be read."""
    fields = {name: product[name] for name in _IDENTITY if name in product}
    fields |= {name: _number(fields[name]) for name in ("id", "parent_id") if name in fields}
    for unreadable in ((), _TIMES, _IDENTITY[1:]):
        known = {name: value for name, value in fields.items() if name not in unreadable}
        with suppress(InvalidField):
            return read(EventType.UPDATED, known, Cuts())
    return None


def _number(value: object) -> object:
    """Returns the digits of an id that is written as 77.0 or as an address of Shopify's."""
    digits = _NUMBER.fullmatch(str(value).strip()) if isinstance(value, str | float) else None
    return digits[1] if digits else value


def _first_fields(text: str) -> Iterator[tuple[str, Any]]:
    """Yields texts and numbers of an object that may be broken, with their names, from its beginning."""
    depth, name, before = 0, b"", b""
    for match in _TOKEN.finditer(text[:SEARCHED].encode()):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            name = b""
        elif token in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and token == b":":
            name = before
        elif depth == 1 and name:
            with suppress(orjson.JSONDecodeError):
                yield str(orjson.loads(name)), orjson.loads(token)
            name = b""
        before = token
