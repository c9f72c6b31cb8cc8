"""A bulk resync: one walk through a shop's catalogue, and what it found."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SyncMode(StrEnum):
    """Incremental asks for what changed since the last good walk; full compares everything."""

    INCREMENTAL = "incremental"
    FULL = "full"


class SyncStatus(StrEnum):
    """Where a sync stands; a refused one would have removed too much, and removed nothing."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FindingKind(StrEnum):
    """Why we differed from the shop."""

    MISSED_EVENT = "missed_event"
    SILENT_DELETE = "silent_delete"
    RENAME = "rename"
    STALE_WRITE = "stale_write"
    UNKNOWN_TEXT = "unknown_text"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """A sync as it is asked for; `allow_gone` lets more than a fifth of the products vanish.

    After `pages_per_run` another run of its workflow goes on, with a history that begins anew; one step of a
    run walks `pages_per_step` at most, by default as many as suit the kind of walk.
    """

    store_id: int
    mode: SyncMode = SyncMode.INCREMENTAL
    dry_run: bool = False
    allow_gone: bool = False
    pages_per_run: int = 1_000
    pages_per_step: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """A sync under way; `modified_after` is of the shop's clock, None where everything is walked.

    On the `first` one, no product that we lack was missed. Where we hold nothing to compare the list with,
    its products are read `whole` at once. `missed` is how many changes the walk before found of which no
    event had told.
    """

    sync_id: int
    store_id: int
    mode: SyncMode
    dry_run: bool
    allow_gone: bool
    modified_after: datetime | None
    first: bool = False
    whole: bool = False
    missed: int = 0
    pages_per_step: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPosition:
    """How far a walk is; all that a run hands over to the next one.

    `numbered` is how many pages the shop said there are, where a page's number is its cursor, and `total` how
    many products. Where a step begins, `until` is the page before which it ends.
    """

    run: SyncRun
    page: int = 1
    cursor: str | None = None
    empty_in_row: int = 0
    numbered: int | None = None
    total: int | None = None
    until: int | None = None
    beyond: int | None = None
    """Of the products that were not seen, the row to go on after; None while pages are walked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkedPages:
    """Some pages of the shop's list were compared: where to go on, and those on which something differs.

    A position without a cursor is the end.
    """

    at: SyncPosition
    differing: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingPages:
    """Pages whose differing products are to be taken over."""

    run: SyncRun
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingProducts:
    """How many of the products we hold a complete walk did not see.

    `to_ask` is whether there is one to ask about; syncs begun before it was told of always asked.
    """

    absent: int
    held: int
    to_ask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncEnd:
    """How a sync ended; `reason` is for people, one sentence."""

    sync_id: int
    status: SyncStatus
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCounts:
    """Products by what became of them, texts that were embedded or had their vectors, and tokens."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    failed: int = 0
    embedded: int = 0
    reused: int = 0
    tokens_spent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFinding:
    """One product that differed, and why; `detail` is a sentence for people."""

    external_id: str
    kind: FindingKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """A sync as its store's owner sees it; what is counted grows while it runs."""

    id: int
    store_id: int
    workflow_id: str
    run_id: str
    mode: SyncMode
    dry_run: bool
    allow_gone: bool
    status: SyncStatus
    reason: str
    started_at: datetime
    modified_after: datetime | None
    finished_at: datetime | None
    total: int | None
    tokens_saved: int
    counts: SyncCounts = field(default_factory=SyncCounts)

    @property
    def shows_no_difference(self) -> bool:
        """Whether it compared everything, and none of it was new, changed, gone or unreadable."""
        differing = self.counts.new + self.counts.changed + self.counts.gone + self.counts.failed
        complete = self.status is SyncStatus.SUCCEEDED and self.modified_after is None
        return complete and not differing
