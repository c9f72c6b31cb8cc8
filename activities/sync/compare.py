"""The steps of a bulk resync: compare the shop's list page by page, and take over what differs."""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from functools import partial

from temporalio import activity

from activities.errors import application_error, database_errors
from activities.failures import STORE_GONE
from activities.side_by_side import SideBySide
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.sync.apply import Taking
from activities.sync.pagination import AT_A_TIME, Seen, begun, is_over, left_off, walk, with_currency
from activities.sync.report import finding
from connectors.base import MOST_FETCHED, ManifestPage, fetch_all
from contracts.syncs import (
    DifferingPages,
    SyncCounts,
    SyncEnd,
    SyncPosition,
    SyncRequest,
    SyncRun,
    WalkedPages,
)
from database.engine import Database
from database.sync import diff as manifest
from database.sync import pages as sync_pages
from database.sync import runs as syncs
from database.sync.diff import Compared, Listed, Verdict
from database.sync.pages import Outcome

COMPARED_TOGETHER = 10
"""Pages of which a statement tells whether anything on them differs from what we hold."""

Wanted = Mapping[int, Sequence[str]]
"""The ids of products to take over, by the pages that named them."""


def _together(wanted: Wanted) -> Iterator[Wanted]:
    """Pages whose products can be asked for in one question."""
    batch: dict[int, Sequence[str]] = {}
    for page, ids in wanted.items():
        if batch and sum(map(len, batch.values())) + len(ids) > MOST_FETCHED:
            yield batch
            batch = {}
        batch[page] = ids
    if batch:
        yield batch


def _outcome(seen: Seen[ManifestPage], compared: Sequence[Compared]) -> Outcome:
    run, page, named = seen.at.run, seen.at.page, list(dict.fromkeys(seen.page.listed))
    differing = [one for one in compared if one.page == page and one.verdict is not Verdict.SAME]
    new = sum(one.verdict is Verdict.NEW for one in differing)
    return Outcome(
        page=page,
        external_ids=named,
        wanted=() if run.dry_run else [one.external_id for one in differing],
        counts=SyncCounts(
            seen=len(named), new=new, changed=len(differing) - new, unchanged=len(named) - len(differing)
        ),
        findings=[finding(one) for one in differing if not (run.first and one.verdict is Verdict.NEW)],
    )


class CatalogSyncActivities:
    """`model` names the vectors search uses."""

    def __init__(self, database: Database, shops: ShopReader, taking: Taking, *, model: str) -> None:
        self._database = database
        self._shops = shops
        self._taking = taking
        self._model = model

    @activity.defn
    async def begin_sync(self, request: SyncRequest) -> SyncRun:
        """Write the sync's row, and learn the shop's currency where nobody told us."""
        info = activity.info()
        with database_errors():
            async with self._database.transaction() as connection:
                run = await syncs.begin(
                    connection,
                    request,
                    workflow_id=info.workflow_id or "",
                    run_id=info.workflow_run_id or "",
                )
        if run is None:
            raise application_error(STORE_GONE)
        return run

    @activity.defn
    async def compare_pages(self, start: SyncPosition) -> WalkedPages:
        """Read some pages of the shop's list, and keep what differs from what we hold."""
        run = start.run
        async with self._taking.explained(run.sync_id) as heart:
            at = left_off(start, heart)
            if not is_over(at, start):
                async with self._shops.open(run.store_id, bulk=True) as shop:
                    await with_currency(self._database, at, shop)
                    read = partial(shop.catalogue.manifest, modified_after=run.modified_after)
                    at = await walk(at, start, heart, read, self._compare, together=COMPARED_TOGETHER)
            async with self._database.reading() as connection:
                differing = await sync_pages.differing(
                    connection, run.sync_id, first=start.page, last=at.page - 1
                )
        return WalkedPages(at=at, differing=differing)

    @activity.defn
    async def take_pages(self, work: DifferingPages) -> None:
        """Take over what differs on these pages, but those where that was done."""
        run = work.run
        async with (
            self._taking.explained(run.sync_id),
            self._shops.open(run.store_id, bulk=True) as shop,
            SideBySide(AT_A_TIME) as taking,
        ):
            with database_errors():
                async with self._database.reading() as connection:
                    wanted = await sync_pages.wanted(connection, run.sync_id, work.pages)
            for together in _together(wanted):
                await taking.begin(self._take(run, together, shop), then=lambda: None)

    async def _take(self, run: SyncRun, wanted: Wanted, shop: OpenShop) -> None:
        """Take over products of some pages, for which the shop is asked in as few questions as can be."""
        ids = list(dict.fromkeys(id_ for of_page in wanted.values() for id_ in of_page))
        read_at = datetime.now(UTC)
        bodies = await fetch_all(shop.catalogue, ids)
        await self._taking.take(run, list(wanted), shop, bodies, read_at)

    @activity.defn
    async def finish_sync(self, end: SyncEnd) -> None:
        """Write how it ended."""
        with database_errors():
            async with self._database.transaction() as connection:
                await syncs.finish(connection, end)

    async def _compare(self, pages: Sequence[Seen[ManifestPage]]) -> None:
        """Keep pages with those of their products that differ.

        Only entries other than those our products were found equal to before are looked at more closely.
        """
        run = pages[0].at.run
        fingerprints = {
            seen.at.page: {entry.external_id: entry.fingerprint for entry in seen.page.entries}
            for seen in pages
        }
        with database_errors():
            await begun(self._database, pages[0])
            async with self._database.single() as connection:
                others = await manifest.keep_unchanged(
                    connection, run.store_id, run.sync_id, fingerprints, model=self._model
                )
            if others:
                await self._keep([seen for seen in pages if seen.at.page in others], others)

    async def _keep(self, pages: Sequence[Seen[ManifestPage]], others: Mapping[int, Set[str]]) -> None:
        """Compare the `others` of each page."""
        run = pages[0].at.run
        listed = [
            Listed(
                page=seen.at.page,
                read_at=seen.read_at,
                external_id=entry.external_id,
                fingerprint=entry.fingerprint,
                product=entry.read(),
                with_facts=entry.with_facts,
            )
            for seen in pages
            for entry in {entry.external_id: entry for entry in seen.page.entries}.values()
            if entry.external_id in others[seen.at.page]
        ]
        async with self._database.transaction() as connection:
            compared = await manifest.compare(connection, run.store_id, listed, model=self._model)
            await sync_pages.keep(connection, run.sync_id, [_outcome(seen, compared) for seen in pages])
