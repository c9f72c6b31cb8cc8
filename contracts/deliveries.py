"""Deliveries of a shop's own webhooks, before and after parsing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.events import EventType

LARGEST_IN_WORKFLOW = 256 * 1024
"""Bytes of the largest body that a workflow carries; larger ones are stored in the event's row as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDelivery:
    """An unparsed webhook: header names in lower case, the body's exact bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDelivery:
    """A delivery about a product.

    `confirm` is whether the change is confirmed with the shop, if it can be read, before it counts. A payload
    over `LARGEST_IN_WORKFLOW` is text in `payload_json`, and `payload` is empty.
    """

    event_id: str
    event_type: EventType
    external_id: str
    payload: Mapping[str, Any]
    parent: str | None = None
    version: datetime | None = None
    confirm: bool = False
    payload_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadDelivery:
    """A delivery with a valid signature about a product that cannot be read; `reason` is for people.

    `delivery` is the event that is stored as failed, and that runs when it is retried.
    """

    delivery: ParsedDelivery
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredDelivery:
    """A delivery with a valid signature that is not processed; `reason` is a sentence for people.

    `payload` is its body, if it is kept: only deliveries about products are, because others, such as orders,
    are about people. A large one is text in `payload_json`.
    """

    event_id: str
    topic: str
    reason: str
    payload: Mapping[str, Any] | None = None
    payload_json: str | None = None


ReadDelivery = ParsedDelivery | UnreadDelivery | IgnoredDelivery
"""What a delivery with a valid signature is."""

MOST_EVENTS = 100
"""Events of a batch."""


class ItemStatus(StrEnum):
    """What became of an event of a batch.

    A `refused` event can never be taken as it is; an event to `retry` could not be stored now.
    """

    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    REFUSED = "refused"
    RETRY = "retry"


class ItemCode(StrEnum):
    """Why an event has its status; programs may rely on the values."""

    STORED = "stored"
    KNOWN = "known"
    TWICE = "twice"
    INVALID = "invalid"
    UNSTORABLE = "unstorable"
    NOT_STORED = "not_stored"

    @property
    def status(self) -> ItemStatus:
        """The status that the code explains."""
        match self:
            case ItemCode.STORED:
                return ItemStatus.ACCEPTED
            case ItemCode.KNOWN | ItemCode.TWICE:
                return ItemStatus.SKIPPED
            case ItemCode.INVALID | ItemCode.UNSTORABLE:
                return ItemStatus.REFUSED
            case ItemCode.NOT_STORED:
                return ItemStatus.RETRY
