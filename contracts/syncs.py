"""A bulk resync: one pass through a shop's catalogue, and the differences it found."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SyncMode(StrEnum):
    """Incremental asks for what changed since the last successful sync; full compares everything."""

    INCREMENTAL = "incremental"
    FULL = "full"


class SyncStatus(StrEnum):
    """The state of a sync. A refused sync would have removed too many products, and removed none."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FindingKind(StrEnum):
    """Why a stored product differed from the shop; `unlisted` is about products that no page listed."""

    MISSED_EVENT = "missed_event"
    SILENT_DELETE = "silent_delete"
    RENAME = "rename"
    STALE_WRITE = "stale_write"
    UNKNOWN_TEXT = "unknown_text"
    UNREADABLE = "unreadable"
    CUT = "cut"
    UNLISTED = "unlisted"
    NOT_EMBEDDED = "not_embedded"
    OUTDATED = "outdated"
    """About this release, not about a product: its `external_id` is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPage:
    """The place of a page in a list with numbered pages; the first number is 1.

    `pages` is the shop's count of pages; None if it does not count them. `lacking` is how many products fewer
    than the shop's counts promise the page has. `before` are the cursors of preceding pages, the nearest
    last, and `after` is that of the following page, whether or not the shop counts it. `otherwise` is the
    cursor of the same page, requested in another way; `again` begins the list again, in another way. Both
    are None if there is no other way.
    """

    number: int
    pages: int | None
    lacking: int = 0
    before: tuple[str, ...] = ()
    after: str
    otherwise: str | None = None
    again: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """A requested sync. `allow_gone` permits it to remove more than a fifth of the products.

    After `pages_per_run` pages the workflow continues as new, with an empty history. One activity processes
    up to `pages_per_step` pages; the default depends on the kind of sync. A schedule names the `task_queue`,
    which the workflow id of its sync contains; schedules of earlier versions do not.
    """

    store_id: int
    mode: SyncMode = SyncMode.INCREMENTAL
    dry_run: bool = False
    allow_gone: bool = False
    pages_per_run: int = 1_000
    pages_per_step: int | None = None
    task_queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """A running sync. `modified_after` is in the shop's time; None compares every product.

    On the first sync (`is_first`), products we do not have are expected and are not reported as missed
    events. Where the store has no product at all (`is_import`), pages are read in full instead of compared.
    `missed` is the number of missed events that the previous sync found.
    """

    sync_id: int
    store_id: int
    mode: SyncMode
    dry_run: bool
    allow_gone: bool
    modified_after: datetime | None
    is_first: bool = False
    is_import: bool = False
    missed: int = 0
    pages_per_step: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPosition:
    """The next page of a sync; all that one run of the workflow hands over to the next.

    `pages` and `total` are how many pages and products the shop counted so far, where it counts them.
    `listed` is how many products its pages listed, `claimed` how many it counted at the first page of this
    reading of the list. `lacking` is how many products the pages have fewer than the shop's counts promise.
    `is_repeating` is whether a page had only products of earlier pages, and `is_second` whether the list is
    read a second time.
    """

    run: SyncRun
    page: int = 1
    cursor: str | None = None
    empty_in_row: int = 0
    pages: int | None = None
    total: int | None = None
    listed: int = 0
    claimed: int | None = None
    lacking: int = 0
    is_repeating: bool = False
    is_second: bool = False
    incomplete: str = ""
    """Why the list is not complete; the sync fails with this reason once the listed products are applied."""
    unlisted_after: int | None = None
    """The product row after which the shop is asked for unlisted products; None while pages are read."""
    missing_after: int | None = None
    """The product row after which missing products are looked for; None while pages are processed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedPages:
    """The result of one step: the next position, and the pages with products that differ.

    A next position without a cursor is the end of the list.
    """

    next: SyncPosition
    differing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingPages:
    """Compared pages with products to apply."""

    run: SyncRun
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingProducts:
    """How many stored products no page of a complete sync listed, and how many products are stored."""

    missing: int
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncEnd:
    """The result of a sync; `reason` is one sentence for people."""

    sync_id: int
    status: SyncStatus
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCounts:
    """Products by result, texts that were embedded or reused a vector, and tokens spent."""

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
    """A product that differed, and why; `detail` is one sentence for people."""

    external_id: str
    kind: FindingKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """A sync as its store's owner sees it; the counts grow while it runs."""

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
        """Whether the sync compared every product and found none new, changed, gone or unreadable."""
        differing = self.counts.new + self.counts.changed + self.counts.gone + self.counts.failed
        complete = self.status is SyncStatus.SUCCEEDED and self.modified_after is None
        return complete and not differing
