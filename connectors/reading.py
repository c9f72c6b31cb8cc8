"""Reads deliveries, from their bytes to the event that is stored; a child process can do it.

What is returned is small, or text, so that the process which receives it has little to do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from compute import INLINE_BYTES
from connectors.base import Change, Connector
from connectors.envelope import EVENT_ID_LENGTH, named_event, open_envelope
from connectors.json_bounds import values_at_most
from connectors.json_object import json_object
from contracts.deliveries import (
    LARGEST_IN_WORKFLOW,
    IgnoredDelivery,
    ParsedDelivery,
    ReadDelivery,
    SignedDelivery,
    UnreadDelivery,
)
from contracts.errors import InvalidBody, InvalidField
from contracts.events import EventType

LONGEST_TOPIC = 100

VALUE_COST = 20
"""A value of JSON takes as long to read as so many bytes of a description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEnvelope:
    """An event of the plugin, or the error to refuse it with; `topic` is its type, empty if unknown."""

    topic: str = ""
    parsed: ParsedDelivery | None = None
    error: InvalidBody | InvalidField | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    """An event of a batch: `parsed`, or the error to refuse it with.

    `event_id` is empty if it cannot be read. `unread` is set if the item names its product, and the product
    cannot be read; its payload is text.
    """

    event_id: str = ""
    topic: str = ""
    parsed: ParsedDelivery | None = None
    unread: ParsedDelivery | None = None
    error: InvalidBody | InvalidField | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBatch:
    """The events of a batch in its order and their number, or the error to refuse the batch with."""

    items: tuple[ReadItem, ...] = ()
    count: int = 0
    error: InvalidBody | InvalidField | None = None


def cost_of_reading(raw: bytes) -> int:
    """Returns the size of a body, with what its values cost in addition; for `Compute.run`."""
    return len(raw) if len(raw) > INLINE_BYTES else len(raw) + VALUE_COST * values_at_most(raw)


def read_envelope(raw: bytes, parse: Callable[[EventType, Mapping[str, Any]], Change]) -> ReadEnvelope:
    """Returns the event in a body of our plugin, with its product read by `parse`."""
    topic = ""
    try:
        body = json_object(raw)
        sent = body.get("event_type")
        topic = sent[:LONGEST_TOPIC] if isinstance(sent, str) else ""
        if not body.get("event_id") or not body.get("event_type"):
            raise InvalidBody("Missing event_id or event_type")
        return ReadEnvelope(topic=topic, parsed=_packed(open_envelope(body, parse), len(raw)))
    except (InvalidBody, InvalidField) as error:
        return ReadEnvelope(topic=topic, error=error)


def read_batch(raw: bytes, parse: Callable[[EventType, Mapping[str, Any]], Change], most: int) -> ReadBatch:
    """Returns the events in a body of our plugin; a batch with more than `most` is not read."""
    try:
        events = json_object(raw).get("events")
        if not isinstance(events, list) or not events:
            raise InvalidField("events", f"expected a list of 1 to {most} events")
    except (InvalidBody, InvalidField) as error:
        return ReadBatch(error=error)
    if len(events) > most:
        return ReadBatch(count=len(events))
    return ReadBatch(items=tuple(_read_item(event, parse) for event in events), count=len(events))


def _read_item(item: object, parse: Callable[[EventType, Mapping[str, Any]], Change]) -> ReadItem:
    if not isinstance(item, dict):
        return ReadItem(
            error=InvalidField("events", "expected objects with event_id, event_type and product")
        )
    event_id, topic = _short_text(item.get("event_id")), _short_text(item.get("event_type"))
    try:
        if not item.get("event_id") or not item.get("event_type"):
            raise InvalidBody("Missing event_id or event_type")
        parsed = open_envelope(item, parse)
        return ReadItem(event_id=event_id, topic=topic, parsed=_packed(parsed, len(orjson.dumps(item))))
    except (InvalidBody, InvalidField) as error:
        kept = named_event(item, parse)
        unread = None if kept is None else _as_text(kept)
        return ReadItem(event_id=event_id, topic=topic, unread=unread, error=error)


def _short_text(value: object) -> str:
    return value[:EVENT_ID_LENGTH] if isinstance(value, str) else ""


def _as_text(parsed: ParsedDelivery) -> ParsedDelivery:
    return replace(parsed, payload={}, payload_json=orjson.dumps(parsed.payload).decode())


def read_signed(connector: Connector, delivery: SignedDelivery) -> ReadDelivery:
    """Returns what `Connector.parse` returns, with a large payload as text; raises InvalidField."""
    return packed(connector.parse(delivery), len(delivery.body))


def packed(read: ReadDelivery, size: int) -> ReadDelivery:
    """Returns a delivery with a body of `size` bytes, with a large payload as text."""
    match read:
        case ParsedDelivery():
            return _packed(read, size)
        case UnreadDelivery():
            return replace(read, delivery=_packed(read.delivery, size))
        case IgnoredDelivery(payload=payload) if payload is not None and size > LARGEST_IN_WORKFLOW:
            return replace(read, payload=None, payload_json=orjson.dumps(payload).decode())
        case IgnoredDelivery():
            return read


def _packed(parsed: ParsedDelivery, size: int) -> ParsedDelivery:
    return parsed if size <= LARGEST_IN_WORKFLOW else _as_text(parsed)
