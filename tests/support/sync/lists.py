"""Pages of a shop's list, and a sync that reads them, for tests without a shop or a database."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from contracts.syncs import NumberedPage, SyncMode, SyncPosition, SyncRun

RUN = SyncRun(
    sync_id=1,
    store_id=1,
    mode=SyncMode.FULL,
    dry_run=False,
    allow_gone=False,
    modified_after=None,
    pages_per_step=1_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of ids."""

    listed: tuple[str, ...]
    next: str | None
    total: int | None = None
    numbered: NumberedPage | None = None
    moment: datetime | None = None

    def joined(self, other: "Page", *, only: Collection[str]) -> "Page":
        return replace(self, listed=(*self.listed, *(id_ for id_ in other.listed if id_ in only)))


class Seen:
    """Counts what pages listed; `reported` has the counts of incomplete lists."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.reported: list[tuple[int, int]] = []

    async def count(self) -> int:
        return len(self.ids)

    async def report_unlisted(self, count: int, total: int) -> None:
        self.reported.append((count, total))


async def clock() -> datetime:
    """Returns the time of a request."""
    return datetime.now(UTC)


class Heartbeats:
    """A heartbeat that keeps the positions it recorded; `details` is what the next attempt resumes from."""

    def __init__(self) -> None:
        self.details: tuple[SyncPosition, ...] = ()
        self.pages: list[int] = []

    def update(self, position: SyncPosition) -> None:
        self.details = (position,)
        self.pages.append(position.page)
