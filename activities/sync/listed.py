"""What the pages of a sync listed, compared with what the shop counts."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.errors import database_errors
from activities.sync.step import sync_transaction
from contracts.syncs import FindingKind, SyncFinding, SyncRun
from database.engine import Database
from database.sync import findings, pages
from database.sync.pages import PageOutcome


class ListedProducts:
    """Implements `activities.sync.pagination.Listed`."""

    def __init__(self, database: Database, run: SyncRun) -> None:
        self._database = database
        self._run = run

    async def count(self) -> int:
        with database_errors():
            async with self._database.reading() as connection:
                return await pages.count_listed(connection, self._run.sync_id)

    async def report_unlisted(self, count: int, total: int) -> None:
        found = SyncFinding(
            external_id="",
            kind=FindingKind.UNLISTED,
            detail=(
                f"The shop counts {total:,} products and lists {count:,}. It may fail to show the others, or"
                " hide them from the consumer key."
            ),
        )
        with database_errors():
            async with sync_transaction(self._database, self._run) as connection:
                await findings.keep(connection, self._run.sync_id, [found])


async def only_new(connection: AsyncConnection, sync_id: int, outcome: PageOutcome) -> PageOutcome:
    """Returns the outcome of a page that does not count the products of earlier pages a second time."""
    before = await pages.listed_before(connection, sync_id, outcome.page, outcome.external_ids)
    counts = outcome.counts
    seen, unchanged = counts.seen - before, max(0, counts.unchanged - before)
    return replace(outcome, counts=replace(counts, seen=seen, unchanged=unchanged))


def unreadable_entries(page: int, reasons: tuple[str, ...]) -> list[SyncFinding]:
    """Returns the finding about the entries of a page that have no readable id; it names the page."""
    if not reasons:
        return []
    return [
        SyncFinding(external_id=f"page-{page}", kind=FindingKind.UNREADABLE, detail=" ".join(reasons[:10]))
    ]
