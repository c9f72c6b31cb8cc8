"""Apply products as the shop has them: save them, index their texts, and mark their pages as applied."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from activities.errors import classified_errors
from activities.reading import Prepared, read_bodies, with_prepared
from activities.retry_limits import retried_if_blocked
from activities.stores.shop_reader import OpenShop
from activities.sync.index_page import PageIndexer
from activities.sync.listed import listed_before, unreadable_entries
from activities.sync.pagination import FetchedPage
from activities.sync.save_page import ReadPage, ReadProduct, SavedPage, save_page
from activities.sync.step import sync_transaction
from compute import Compute
from connectors.base import Body, Unreadable, WholePage
from contracts.catalog import Product
from contracts.errors import InvalidField
from contracts.retry import Failure
from contracts.syncs import FindingKind, SyncCounts, SyncFinding, SyncRun
from database.engine import Database
from database.sync import findings
from database.sync import pages as sync_pages
from database.sync.pages import PageOutcome

Bodies = Mapping[str, Body]
"""Products as the shop's catalogue shows them, by their ids."""


class PageApplier:
    """Applies the products of pages to the database and to the search index.

    `failure` maps an error of the embeddings API to a retry decision.
    """

    def __init__(
        self,
        database: Database,
        compute: Compute,
        indexer: PageIndexer,
        *,
        failure: Callable[[Exception], Failure],
    ) -> None:
        self._database = database
        self._compute = compute
        self._indexer = indexer
        self._failure = failure

    def _classify(self, error: Exception) -> Failure:
        """Like `failure`, but an error such as an invalid API key is retried as long as the step may take."""
        return retried_if_blocked(self._failure(error))

    async def apply(
        self, run: SyncRun, pages: Sequence[int], shop: OpenShop, bodies: Bodies, requested_at: datetime
    ) -> None:
        """Save and index products that differed on compared pages, and mark these pages as applied."""
        page, noted = await self._read(shop, bodies, requested_at)

        async def save(_: Prepared) -> SavedPage:
            async with sync_transaction(self._database, run) as connection:
                return await save_page(connection, page, model=self._indexer.model)

        async with classified_errors(self._classify):
            saved = await with_prepared(self._compute, save, page.prepared)
            indexed = await self._indexer.index(shop.store_id, saved.unindexed)
            noted = [*noted, *indexed.findings]
            async with sync_transaction(self._database, run) as connection:
                await findings.keep(connection, run.sync_id, noted)
                counts = replace(indexed.counts, failed=len(_failed(noted)))
                await sync_pages.mark_applied(connection, run.sync_id, pages, counts)

    async def import_page(self, shop: OpenShop, fetched: FetchedPage[WholePage]) -> None:
        """Save and index the products of a page that was read in full, and mark it as applied.

        Products of earlier pages of the sync are applied already.
        """
        run, number = fetched.position.run, fetched.position.page
        async with self._database.reading() as connection:
            before = await listed_before(connection, fetched)
        bodies = {id_: body for id_, body in fetched.page.products.items() if id_ not in before}
        page, noted = await self._read(shop, bodies, fetched.requested_at)

        async def save(_: Prepared) -> SavedPage:
            async with sync_transaction(self._database, run) as connection:
                saved = await save_page(connection, page, model=self._indexer.model)
                outcome = _outcome(fetched, saved, noted, before)
                await sync_pages.keep(connection, run.sync_id, outcome)
                return saved

        async with classified_errors(self._classify):
            saved = await with_prepared(self._compute, save, page.prepared)
            indexed = await self._indexer.index(shop.store_id, saved.unindexed)
            counts = replace(indexed.counts, failed=len(_failed(indexed.findings)))
            async with sync_transaction(self._database, run) as connection:
                await findings.keep(connection, run.sync_id, indexed.findings)
                await sync_pages.mark_applied(connection, run.sync_id, [number], counts)

    async def _read(
        self, shop: OpenShop, bodies: Bodies, requested_at: datetime
    ) -> tuple[ReadPage, list[SyncFinding]]:
        """Returns the products, and findings about bodies that cannot be read or were cut."""
        readable = {id_: body for id_, body in bodies.items() if not isinstance(body, Unreadable)}
        read = await read_bodies(self._compute, shop.store_id, shop.terms.type, readable)
        prepared = Prepared(store_id=shop.store_id)
        products = []
        noted = [
            _unreadable(id_, body.reason) for id_, body in bodies.items() if isinstance(body, Unreadable)
        ]
        for external_id, change in read.items():
            if isinstance(change, InvalidField):
                noted.append(_unreadable(external_id, f"{change}."))
                continue
            if change.notes:
                detail = " ".join(change.notes)
                noted.append(SyncFinding(external_id=external_id, kind=FindingKind.CUT, detail=detail))
            if isinstance(change.change, Product):
                listed_hash = shop.catalogue.fingerprint(readable[external_id])
                products.append(ReadProduct(product=change.change, listed_hash=listed_hash))
                if change.content:
                    prepared.keep(change.change, change.change.variations, change.content)
        page = ReadPage(
            store_id=shop.store_id,
            terms=shop.terms,
            requested_at=requested_at,
            products=products,
            prepared=prepared,
        )
        return page, noted


def _unreadable(external_id: str, reason: str) -> SyncFinding:
    detail = f"The product cannot be read: {reason}"
    return SyncFinding(external_id=external_id, kind=FindingKind.UNREADABLE, detail=detail)


def _failed(noted: Sequence[SyncFinding]) -> list[SyncFinding]:
    failures = (FindingKind.UNREADABLE, FindingKind.NOT_EMBEDDED)
    return [finding for finding in noted if finding.kind in failures]


def _outcome(
    fetched: FetchedPage[WholePage], saved: SavedPage, noted: Sequence[SyncFinding], before: Set[str]
) -> PageOutcome:
    """Returns the outcome of an imported page, without counts of products that earlier pages had `before`.

    Products that cannot be read count as new and as failed.
    """
    listed, unreadable = list(dict.fromkeys(fetched.page.listed)), _failed(noted)
    new = len({*listed} & (saved.new | {one.external_id for one in unreadable}))
    seen = len(listed) - len(before)
    without_id = () if fetched.is_again else fetched.page.unreadable
    return PageOutcome(
        page=fetched.position.page,
        external_ids=listed,
        counts=SyncCounts(
            seen=seen,
            new=new,
            unchanged=seen - new,
            failed=len(unreadable) + len(without_id),
        ),
        findings=[*noted, *unreadable_entries(fetched.position.page, without_id)],
    )
