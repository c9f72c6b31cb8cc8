"""What the pages of a sync listed, compared with what the shop counts."""

from sqlalchemy.ext.asyncio import AsyncConnection

from activities.errors import database_errors
from activities.sync.pagination import FetchedPage
from activities.sync.step import sync_transaction
from connectors.base import ManifestPage, WholePage
from contracts.syncs import FindingKind, SyncFinding, SyncRun
from contracts.wording.counted import agreeing
from database.engine import Database
from database.sync import findings, pages


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
            detail=agreeing(
                total,
                f"The shop counts 1 product and lists {count:,}. It may fail to show the product, or hide it"
                " from the consumer key.",
                f"The shop counts {total:,} products and lists {count:,}. It may fail to show the others, or"
                " hide them from the consumer key.",
            ),
        )
        with database_errors():
            async with sync_transaction(self._database, self._run) as connection:
                await findings.keep(connection, self._run.sync_id, [found])


async def listed_before(
    connection: AsyncConnection, fetched: FetchedPage[ManifestPage] | FetchedPage[WholePage]
) -> frozenset[str]:
    """Returns the products of a page that earlier pages of its sync have; these count and apply once."""
    if not fetched.is_again:
        return frozenset()
    position = fetched.position
    return await pages.listed_before(connection, position.run.sync_id, position.page, fetched.page.listed)


def unreadable_entries(page: int, reasons: tuple[str, ...]) -> list[SyncFinding]:
    """Returns the finding about the entries of a page that have no readable id; it names the page."""
    if not reasons:
        return []
    return [
        SyncFinding(external_id=f"page-{page}", kind=FindingKind.UNREADABLE, detail=" ".join(reasons[:10]))
    ]
