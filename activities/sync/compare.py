"""The activities of a sync: begin, compare or import pages of the shop's list, apply what differs, finish."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

from temporalio import activity

from activities.database_failures import STORE_GONE
from activities.errors import application_error, database_errors
from activities.reading import read_bodies, read_large_entries
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.sync.apply import PageApplier
from activities.sync.listed import ListedProducts, listed_before, unreadable_entries
from activities.sync.missing import is_hidden
from activities.sync.pagination import FetchedPage, process_pages, record_start
from activities.sync.report import finding, is_on_its_way
from activities.sync.step import sync_step, sync_transaction, with_currency
from activities.this_workflow import run_id, workflow_id
from compute import Compute
from connectors.base import (
    MOST_FETCHED,
    ManifestEntry,
    ManifestPage,
    Unreadable,
    WholePage,
    fetch_all,
)
from contracts.catalog import Product
from contracts.errors import InvalidField
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
from database.sync import diff, missing, runs
from database.sync import pages as sync_pages
from database.sync.diff import Difference, ListedProduct, Verdict
from database.sync.missing import MissingProduct
from database.sync.pages import PageOutcome

UNLISTED = "unlisted"
"""The cursor behind the last page of a list: products that no page listed."""

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
        """Compare pages of the shop's list with the stored products, and store which products differ.

        After the last page, the shop is asked for the stored products that no page listed: a list may have
        one language only, or hide products. What the shop still has is compared as if it was listed.
        """
        run = start.run
        async with sync_step(self._database, self._shops, run) as (shop, heartbeat):
            if start.unlisted_after is None:
                await with_currency(self._database, start, shop)
                position = await process_pages(
                    start,
                    heartbeat,
                    partial(shop.catalogue.manifest, modified_after=run.modified_after),
                    self._compare,
                    clock=self._database.clock.read,
                    listed=ListedProducts(self._database, run),
                    most_products=self._most_products,
                )
                if position.cursor is None and run.modified_after is None:
                    position = await self._before_unlisted(position)
            else:
                position = await self._compare_unlisted(start, shop)
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
                listed=ListedProducts(self._database, start.run),
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

    async def _before_unlisted(self, position: SyncPosition) -> SyncPosition:
        """Returns the position at the end of the list, with a cursor if stored products were not listed."""
        if not await self._unlisted(position, after=0, limit=1):
            return position
        return replace(position, cursor=UNLISTED, unlisted_after=0)

    async def _unlisted(self, position: SyncPosition, *, after: int, limit: int) -> list[MissingProduct]:
        async with self._database.reading() as connection:
            return await missing.unlisted(connection, position.run.sync_id, after=after, limit=limit)

    async def _compare_unlisted(self, position: SyncPosition, shop: OpenShop) -> SyncPosition:
        """Ask for a batch of unlisted products, and compare what the shop still has."""
        batch = await self._unlisted(position, after=position.unlisted_after or 0, limit=MOST_FETCHED)
        requested_at = await self._database.clock.read()
        bodies = await shop.catalogue.fetch([product.external_id for product in batch])
        readable = {id_: body for id_, body in bodies.items() if not isinstance(body, Unreadable)}
        read = await read_bodies(self._compute, position.run.store_id, shop.terms.type, readable)
        products = {
            id_: change.change
            for id_, change in read.items()
            if not isinstance(change, InvalidField) and isinstance(change.change, Product)
        }
        entries = tuple(
            ManifestEntry(
                external_id=id_,
                fingerprint=(shop.catalogue.fingerprint(readable[id_]) if id_ in readable else None) or "",
                read=partial(products.get, id_),
            )
            for id_, body in bodies.items()
            if not is_hidden(body)
        )
        is_last = len(batch) < MOST_FETCHED
        next_position = replace(
            position,
            page=position.page + 1,
            cursor=None if is_last else UNLISTED,
            unlisted_after=None if is_last else batch[-1].id,
        )
        page = ManifestPage(entries=entries, next=next_position.cursor, total=None, moment=None)
        fetched = FetchedPage(position=position, page=page, requested_at=requested_at, next=next_position)
        await self._compare(fetched, hidden=[id_ for id_, body in bodies.items() if is_hidden(body)])
        return next_position

    async def _compare(self, fetched: FetchedPage[ManifestPage], *, hidden: Sequence[str] = ()) -> None:
        """Compare one page; only entries with a new fingerprint are read and compared field by field.

        `hidden` products exist and are left as they are.
        """
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
            before = await listed_before(connection, fetched)
            outcome = _outcome(fetched, [*entries, *hidden], differences, before)
            await sync_pages.keep(connection, run.sync_id, outcome)


def _outcome(
    fetched: FetchedPage[ManifestPage],
    listed: Sequence[str],
    found: Sequence[Difference],
    before: Set[str],
) -> PageOutcome:
    """Returns the outcome of a page, without counts of products that earlier pages had `before`.

    A change is no finding while its event may still arrive, and a dry run does not count it.
    """
    run = fetched.position.run
    new_here = [one for one in found if one.external_id not in before]
    overdue = [one for one in new_here if not is_on_its_way(one, requested_at=fetched.requested_at)]
    differences = overdue if run.dry_run else new_here
    seen = len(listed) - len(before)
    new = sum(one.verdict is Verdict.NEW for one in differences)
    unreported = (Verdict.INCOMPLETE, Verdict.NEW) if run.is_first else (Verdict.INCOMPLETE,)
    unreadable = () if fetched.is_again else fetched.page.unreadable
    return PageOutcome(
        page=fetched.position.page,
        external_ids=listed,
        differing=() if run.dry_run else [one.external_id for one in differences],
        counts=SyncCounts(
            seen=seen,
            new=new,
            changed=len(differences) - new,
            unchanged=seen - len(differences),
            failed=len(unreadable),
        ),
        findings=[
            *(finding(one) for one in overdue if one.verdict not in unreported),
            *unreadable_entries(fetched.position.page, unreadable),
        ],
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
