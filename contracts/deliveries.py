"""What a shop sent as its own webhook, before and after it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.events import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDelivery:
    """A webhook as it came: header names in lower case, the body's exact bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDelivery:
    """A delivery that says something of a product.

    `confirm` asks for a look into the shop, where we may look, before the delivery is believed.
    """

    event_id: str
    event_type: EventType
    external_id: str
    payload: Mapping[str, Any]
    parent: str | None = None
    version: datetime | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredDelivery:
    """A genuine delivery that means nothing to us; `reason` is a sentence for people."""

    event_id: str
    topic: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A platform asks whether somebody listens; nobody signs that."""
