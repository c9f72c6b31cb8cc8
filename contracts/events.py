"""One delivery a shop made to us, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What the shop says happened; all but the deletion are one upsert."""

    CREATED = "product.created"
    UPDATED = "product.updated"
    RESTORED = "product.restored"
    PUBLISHED = "product.published"
    DELETED = "product.deleted"


class EventStatus(StrEnum):
    """Where an event stands."""

    RECEIVED = "received"
    WAITING = "waiting"
    PROCESSING = "processing"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    STALE = "stale"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    FAILED = "failed"


IN_PROGRESS = (EventStatus.WAITING, EventStatus.PROCESSING, EventStatus.RETRYING)
"""A workflow run works on the event."""

UNFINISHED = (EventStatus.RECEIVED, *IN_PROGRESS)
"""The event has not ended."""

RUNNABLE = (*UNFINISHED, EventStatus.FAILED)
"""A workflow run may still process the event; a delivery of it in any other status is a repetition."""

SUCCESSFUL = (
    EventStatus.SUCCEEDED,
    EventStatus.UNCHANGED,
    EventStatus.SUPERSEDED,
    EventStatus.STALE,
    EventStatus.IGNORED,
    EventStatus.DUPLICATE,
)
"""The event ended and needs no attention."""

TERMINAL = (*SUCCESSFUL, EventStatus.FAILED)
"""The event has ended."""

YIELDED = (EventStatus.SUPERSEDED, EventStatus.STALE, EventStatus.DUPLICATE)
"""The event ended without effect, because another event decides what happens to the product."""

EFFECTIVE = (*IN_PROGRESS, *SUCCESSFUL)
"""The event counts when changes are ordered: an older change of the same product yields to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEvent:
    """What the event's workflow is started with.

    `external_id` is the thing that changed, which may be a variation; `parent` is then its product.
    `version` is when the shop changed it (UTC), `body` the product as sent. A body too large for a
    history is None here and lies in the event's row, written before the workflow was started. `confirm` asks
    for a look into the shop, where we may look, before the event is believed.
    """

    store_id: int
    event_id: str
    event_type: EventType
    external_id: str
    received_at: datetime
    parent: str | None = None
    version: datetime | None = None
    source_address: str = ""
    user_agent: str = ""
    body: dict[str, Any] | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """How an event ended; `reason` is for people, one sentence."""

    status: EventStatus
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """The event's row, and whom it overtakes.

    `overtakes` are workflow ids of older waiting events of the same thing.
    `quiet_seconds` is how long to wait for a newer change before this one is processed.
    `outcome` is there where this very run had ended already, before a crash.
    `pull` asks for a look into the shop before the event is saved.
    """

    row_id: int
    duplicate: bool = False
    supersedes: tuple[str, ...] = ()
    debounce_seconds: float = 0.0
    outcome: EventOutcome | None = None
    pull: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedProduct:
    """What a look into the shop adds to what the event log tells people; often nothing."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedProduct:
    """What saving decided: an outcome, or a text (`content_hash`) to make known, or both.

    Both, where an earlier event left its product's text to this one.
    """

    outcome: EventOutcome | None = None
    product_id: int = 0
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVersion:
    """One text of one product, on its way into search on behalf of an event; row 0 is none."""

    event_row: int
    product_id: int
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedPayloads:
    """How many payloads were trimmed, and whether there may be more."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedEvent:
    """The last thing written of a run; one that `gives_up` leaves the text it took on to whoever comes."""

    event_row: int
    outcome: EventOutcome
    abandons: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedEvent:
    """An event that has not ended, and the run that should end it, if any was seen."""

    row_id: int
    workflow_id: str
    run_id: str | None
    event: ProductEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UnindexedProduct:
    """A product whose text nobody is making known."""

    product_id: int
    store_id: int
    external_id: str
