"""The activities of a sync: begin, compare or import pages of the shop's list, apply what differs, finish."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from temporalio import activity

from activities.database_failures import STORE_GONE
from activities.errors import application_error, database_errors
from activities.reading import read_large_entries
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.sync.apply import PageApplier
from activities.sync.pagination import FetchedPage, process_pages, record_start
from activities.sync.report import finding
from activities.sync.step import sync_step, sync_transaction, with_currency
from activities.this_workflow import run_id, workflow_id
from compute import Compute
from connectors.base import MOST_FETCHED, ManifestPage, WholePage, fetch_all
from contracts.syncs import (
    DifferingPages,
    ProcessedPages,
    SyncCounts,
    SyncEnd,
    SyncPosition,
    SyncRequest,
    SyncRun,
)
from database.engine import Database
from database.sync import diff, runs
from database.sync import pages as sync_pages
from database.sync.diff import Difference, ListedProduct, Verdict
from database.sync.pages import PageOutcome

ProductIds = Mapping[int, Sequence[str]]
"""Ids of products by the number of their page."""


class CatalogSyncActivities:
    """The activities of a sync of one store; `model` is the label of the vectors that search uses.

    A shop that lists more than `most_products` fails the sync.
    """

    def __init__(
        self,
        database: Database,
        shops: ShopReader,
        compute: Compute,
        applier: PageApplier,
        *,
        model: str,
        most_products: int,
    ) -> None:
        self._database = database
        self._shops = shops
        self._compute = compute
        self._applier = applier
        self._model = model
        self._most_products = most_products

    @activity.defn
    async def begin_sync(self, request: SyncRequest) -> SyncRun:
        """Write the sync's row. Returns the settings that apply to the whole sync."""
        with database_errors():
            async with self._database.transaction() as connection:
                run = await runs.begin(
                    connection,
                    request,
                    workflow_id=workflow_id(),
                    run_id=run_id(),
                )
        if run is None:
            raise application_error(STORE_GONE)
        return run

    @activity.defn
    async def compare_pages(self, start: SyncPosition) -> ProcessedPages:
        """Compare pages of the shop's list with the stored products, and store which products differ."""
        run = start.run
        async with sync_step(self._database, self._shops, run) as (shop, heartbeat):
            await with_currency(self._database, start, shop)
            read = partial(shop.catalogue.manifest, modified_after=run.modified_after)
            position = await process_pages(
                start,
                heartbeat,
                read,
                self._compare,
                clock=self._database.clock.read,
                most_products=self._most_products,
            )
            async with self._database.reading() as connection:
                differing = await sync_pages.differing_pages(
                    connection, run.sync_id, first=start.page, last=position.page - 1
                )
        return ProcessedPages(next=position, differing=differing)

    @activity.defn
    async def import_pages(self, start: SyncPosition) -> ProcessedPages:
        """Read pages in full, for a store without products, and save and index their products."""
        async with sync_step(self._database, self._shops, start.run) as (opened, heartbeat):
            shop = await with_currency(self._database, start, opened)
            import_page = partial(self._import, shop)
            position = await process_pages(
                start,
                heartbeat,
                shop.catalogue.whole,
                import_page,
                clock=self._database.clock.read,
                most_products=self._most_products,
            )
        return ProcessedPages(next=position)

    @activity.defn
    async def apply_pages(self, work: DifferingPages) -> None:
        """Fetch, save and index the differing products of the pages that were not applied yet."""
        run = work.run
        async with sync_step(self._database, self._shops, run) as (shop, _):
            async with self._database.reading() as connection:
                differing = await sync_pages.differing_products(connection, run.sync_id, work.pages)
            for combined in _combined(differing):
                ids = list(dict.fromkeys(id_ for of_page in combined.values() for id_ in of_page))
                requested_at = await self._database.clock.read()
                bodies = await fetch_all(shop.catalogue, ids)
                await self._applier.apply(run, list(combined), shop, bodies, requested_at)

    @activity.defn
    async def finish_sync(self, end: SyncEnd) -> None:
        """Store the result of the sync."""
        with database_errors():
            async with self._database.transaction() as connection:
                await runs.finish(connection, end, workflow_id=workflow_id())

    async def _import(self, shop: OpenShop, fetched: FetchedPage[WholePage]) -> None:
        await record_start(self._database, fetched)
        await self._applier.import_page(shop, fetched)

    async def _compare(self, fetched: FetchedPage[ManifestPage]) -> None:
        """Compare one page; only entries with a new fingerprint are read and compared field by field."""
        run = fetched.position.run
        await record_start(self._database, fetched)
        entries = {entry.external_id: entry for entry in fetched.page.entries}
        fingerprints = {external_id: entry.fingerprint for external_id, entry in entries.items()}
        read = await read_large_entries(self._compute, run.store_id, entries)
        async with sync_transaction(self._database, run) as connection:
            suspects = await diff.skip_unchanged(connection, run.store_id, fingerprints, model=self._model)
            listed = [
                ListedProduct(
                    external_id=external_id,
                    fingerprint=entry.fingerprint,
                    product=read[external_id] if external_id in read else entry.read(),
                    with_facts=entry.with_facts,
                )
                for external_id, entry in entries.items()
                if external_id in suspects
            ]
            differences = await diff.compare(
                connection, run.store_id, listed, requested_at=fetched.requested_at, model=self._model
            )
            await sync_pages.keep(connection, run.sync_id, _outcome(fetched, list(entries), differences))


def _outcome(
    fetched: FetchedPage[ManifestPage], listed: Sequence[str], differences: Sequence[Difference]
) -> PageOutcome:
    run = fetched.position.run
    new = sum(one.verdict is Verdict.NEW for one in differences)
    return PageOutcome(
        page=fetched.position.page,
        external_ids=listed,
        differing=() if run.dry_run else [one.external_id for one in differences],
        counts=SyncCounts(
            seen=len(listed),
            new=new,
            changed=len(differences) - new,
            unchanged=len(listed) - len(differences),
        ),
        findings=[finding(one) for one in differences if not (run.is_first and one.verdict is Verdict.NEW)],
    )


def _combined(differing: ProductIds) -> Iterator[ProductIds]:
    """Yields groups of pages; the differing products of a group fit into one request to the shop."""
    group: dict[int, Sequence[str]] = {}
    for page, ids in differing.items():
        if group and sum(map(len, group.values())) + len(ids) > MOST_FETCHED:
            yield group
            group = {}
        group[page] = ids
    if group:
        yield group
