"""Events: one per delivery of a shop, with its status and outcome."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contracts.retry import Failure


class EventType(StrEnum):
    """What happened in the shop; all types but the deletion are handled as an upsert."""

    CREATED = "product.created"
    UPDATED = "product.updated"
    RESTORED = "product.restored"
    PUBLISHED = "product.published"
    DELETED = "product.deleted"


class EventStatus(StrEnum):
    """The status of an event."""

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
    """The argument of an event's workflow.

    `external_id` is the product or variation that changed; of a variation, `parent` is its product.
    `version` is the shop's time of change (UTC), `body` the product as sent. `received_at` is the time of
    arrival by the clock of Postgres; None where an API process could not read that clock, and then the start
    of the workflow counts. A body too large for a workflow history is None here and is stored in the event's
    row before the workflow starts; on its way there it is the text `body_json`. `confirm` asks for
    confirmation by the shop before the event is applied, where the shop can be read. `is_bulk` events came
    in a batch and run behind single changes. `in_one_step` is whether the workflow saves and indexes in one
    step; who starts it decides that, because a version that does not know the step then fails the workflow
    instead of repeating its task without an end.
    """

    store_id: int
    event_id: str
    event_type: EventType
    external_id: str
    received_at: datetime | None
    parent: str | None = None
    version: datetime | None = None
    source_address: str = ""
    user_agent: str = ""
    body: dict[str, Any] | None = None
    confirm: bool = False
    body_json: str | None = None
    is_bulk: bool = False
    in_one_step: bool = False


MOST_AHEAD = timedelta(minutes=5)
"""How far the clock of a shop may be ahead; its changes keep their order among each other until then."""


def time_of_change(version: datetime | None, *, arrived: datetime) -> datetime | None:
    """Returns a shop's time of change; a time that lies far in the future becomes the time of arrival."""
    return arrived if is_far_ahead(version, arrived=arrived) else version


def is_far_ahead(version: datetime | None, *, arrived: datetime) -> bool:
    """Returns whether a shop's time of change lies more than `MOST_AHEAD` after its arrival."""
    return version is not None and version > arrived + MOST_AHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOutcome:
    """How an event ended; `reason` is for people, one sentence."""

    status: EventStatus
    reason: str = ""

    def noted(self, note: str) -> "EventOutcome":
        """Returns the outcome with a note at the end of its reason."""
        return replace(self, reason=f"{self.reason} {note}") if note else self


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """The result of recording an event.

    `supersedes` are the workflow ids of the older pending events of the same product or variation.
    `debounce_seconds` is how long to wait for a newer change before this one is processed.
    `outcome` is set if this run had ended already, before a crash.
    `confirm` asks for confirmation by the shop before the event is saved.
    """

    row_id: int
    duplicate: bool = False
    supersedes: tuple[str, ...] = ()
    debounce_seconds: float = 0.0
    outcome: EventOutcome | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedProduct:
    """The result of confirming an event with its shop; `note` is appended to the outcome's reason."""

    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedProduct:
    """The result of saving: an outcome, or a text (`content_hash`) to index, or both.

    Both are set if an earlier event left its product's text to this one.
    """

    outcome: EventOutcome | None = None
    product_id: int = 0
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVersion:
    """A text of a product that is being indexed for an event; `event_row` is 0 without an event.

    `failure` is why its chunks could not be embedded at once, if that was tried and failed.
    """

    event_row: int
    product_id: int
    content_hash: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventText:
    """A text to index and to end its event with.

    `saved` is the outcome of saving if it has one, otherwise the event succeeds with `chunks` embedded.
    `note` is appended to the reason.
    """

    version: TextVersion
    saved: EventOutcome | None = None
    note: str = ""
    chunks: int = 0

    def embedded(self, chunks: int) -> "EventText":
        """Returns the text with the number of chunks that were embedded for it."""
        return replace(self, chunks=chunks)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedAtOnce:
    """How far a text was indexed at once: the outcome with which its event ended, or what is left to do.

    `missing` is what staging returned: how many chunks have no vector, None if the text is outdated.
    `failure` is why they could not be embedded, None if that was not tried or took too long. Nothing is left
    to do for a text that `is_outdated`.
    """

    missing: int | None = None
    outcome: EventOutcome | None = None
    failure: Failure | None = None
    is_outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRow:
    """The row of a recorded event to process; `note` is appended to the outcome's reason."""

    event_row: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedEvent:
    """What saving an event returned, and how far its text was indexed.

    `has_ended` is whether the event ended as it was saved, because there is no text to index.
    """

    saved: SavedProduct
    tried: TriedAtOnce | None = None
    has_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunEvent:
    """A recorded event; `processed` if it had nothing to wait for and was processed too."""

    recorded: RecordedEvent
    processed: ProcessedEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedPayloads:
    """How many payloads were trimmed, and whether there may be more to trim."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedEvent:
    """The final state of a run; `abandons` releases its claim, so that another event can index the text.

    `saved` is whether the run has saved the change: the row must show that, or the database was restored.
    """

    event_row: int
    outcome: EventOutcome
    abandons: bool = False
    saved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedEvent:
    """An event that has not ended, and the run that should end it, if one has recorded it."""

    row_id: int
    workflow_id: str
    run_id: str | None
    event: ProductEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRun:
    """The latest run of a workflow: its status, such as RUNNING, and how often in a row it was refused.

    A workflow task is refused if it fails, or if the worker that took it does not answer.
    """

    status: str | None
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnindexedProduct:
    """A product with a current text that is neither indexed nor claimed."""

    product_id: int
    store_id: int
    external_id: str
