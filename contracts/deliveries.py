"""Deliveries of a platform's own webhooks, before and after parsing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.events import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDelivery:
    """A webhook as received: header names in lower case, the exact bytes of the body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDelivery:
    """A delivery about a product.

    `confirm` asks for confirmation by the shop before the delivery is applied, where the shop can be read.
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
    """An authentic delivery that concerns no product; `reason` is a sentence for people."""

    event_id: str
    topic: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A platform checks that the address answers; pings are not signed."""
