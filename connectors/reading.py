"""Reads deliveries, from their bytes to the event that is stored; a child process can do it.

What is returned is small, or text, so that the process which receives it has little to do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from compute import INLINE_BYTES
from connectors.base import Change, Connector
from connectors.envelope import open_envelope
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
    if size <= LARGEST_IN_WORKFLOW:
        return parsed
    return replace(parsed, payload={}, payload_json=orjson.dumps(parsed.payload).decode())
