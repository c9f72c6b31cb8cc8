"""Taking products over on behalf of a sync: what was done, what failed, and what it waits for."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.exceptions import ApplicationError

from activities.errors import application_error, database_errors
from activities.heartbeat import Heartbeater, heartbeating
from activities.stores.shop_reader import OpenShop
from activities.sync.index_page import Spent
from activities.sync.new_products import Foresight
from activities.sync.pagination import Seen
from activities.sync.save_page import Pages, ReadPage, ReadProduct, SavedPage
from connectors.base import WholePage
from connectors.registry import PLATFORMS
from contracts.catalog import Product
from contracts.errors import InvalidField
from contracts.events import EventType
from contracts.retry import Failure, Retry
from contracts.syncs import FindingKind, SyncCounts, SyncFinding, SyncRun
from database.engine import Database
from database.sync import pages as sync_findings
from database.sync import pages as sync_pages
from database.sync import runs as syncs
from database.sync.pages import Outcome

Bodies = Mapping[str, Mapping[str, Any]]
"""What a catalogue tells of products, by their ids."""


def _read(shop: OpenShop, bodies: Bodies, read_at: datetime) -> tuple[list[ReadProduct], list[SyncFinding]]:
    """The products, and findings on those that cannot be read."""
    products, unreadable = [], []
    for external_id, body in bodies.items():
        try:
            change = PLATFORMS[shop.terms.type].deliveries.change(EventType.UPDATED, body)
        except InvalidField as error:
            detail = f"The product cannot be read: {error}."
            unreadable.append(
                SyncFinding(external_id=external_id, kind=FindingKind.UNREADABLE, detail=detail)
            )
            continue
        if isinstance(change, Product):
            listed = shop.catalogue.fingerprint(body)
            products.append(ReadProduct(product=change, read_at=read_at, listed_hash=listed))
    return products, unreadable


def _outcomes(
    pages: Sequence[Seen[WholePage]], new: Set[str], unreadable: Mapping[int, Sequence[SyncFinding]]
) -> Iterator[Outcome]:
    """What pages came to; products are new on the first one that names them."""
    left = new | {finding.external_id for findings in unreadable.values() for finding in findings}
    for seen in pages:
        page, listed = seen.at.page, seen.page.listed
        fresh = left & {*listed}
        left -= fresh
        yield Outcome(
            page=page,
            external_ids=listed,
            counts=SyncCounts(
                seen=len(listed),
                new=len(fresh),
                unchanged=len(listed) - len(fresh),
                failed=len(unreadable[page]),
            ),
            findings=unreadable[page],
        )


def _waited_for(failure: Failure) -> Failure:
    """What somebody must mend is waited for, as long as a page may take."""
    return replace(failure, retry=Retry.RETRY) if failure.retry is Retry.BLOCKED else failure


@contextmanager
def _meant(failure: Callable[[Exception], Failure]) -> Iterator[None]:
    """Turn what the database and the embeddings API raise into what it means."""
    try:
        with database_errors():
            yield
    except ApplicationError:
        raise
    except Exception as error:  # the mapping is total
        raise application_error(_waited_for(failure(error))) from None


class Taking:
    """Takes over pages of a sync."""

    def __init__(
        self,
        database: Database,
        pages: Pages,
        foresight: Foresight,
        *,
        failure: Callable[[Exception], Failure],
    ) -> None:
        self._database = database
        self._pages = pages
        self._foresight = foresight
        self._failure = failure

    async def take(
        self, run: SyncRun, numbers: Sequence[int], shop: OpenShop, bodies: Bodies, read_at: datetime
    ) -> None:
        """Save products as they were read, make their texts known, and mark their pages as done."""
        products, unreadable = _read(shop, bodies, read_at)
        page = ReadPage(store_id=run.store_id, terms=shop.terms, products=products)
        with _meant(self._failure):
            async with self._database.transaction() as connection:
                saved = await self._pages.save(connection, page)
            await self._make_known(run, numbers, saved, Spent(), unreadable)

    async def take_listed(self, shop: OpenShop, pages: Sequence[Seen[WholePage]]) -> None:
        """The same for pages of the list, which are kept with their products; new ones are embedded first.

        Of a product that moved from one of them to another, the later page tells.
        """
        run, numbers = pages[0].at.run, [seen.at.page for seen in pages]
        read: dict[str, ReadProduct] = {}
        unreadable: dict[int, list[SyncFinding]] = {}
        for seen in pages:
            products, unreadable[seen.at.page] = _read(shop, seen.page.products, seen.read_at)
            read |= {one.product.external_id: one for one in products}
        page = ReadPage(store_id=run.store_id, terms=shop.terms, products=list(read.values()))
        with _meant(self._failure):
            async with (
                self._foresight.of(run.store_id, [one.product for one in page.products]) as newcomers,
                self._database.transaction() as connection,
            ):
                saved = await self._pages.save(connection, page, newcomers)
                outcomes = list(_outcomes(pages, saved.new, unreadable))
                await sync_pages.keep(connection, run.sync_id, outcomes)
                if not saved.unknown:
                    await self._taken(connection, run, numbers, newcomers.spent)
            if saved.unknown:
                await self._make_known(run, numbers, saved, newcomers.spent)

    async def _make_known(
        self,
        run: SyncRun,
        numbers: Sequence[int],
        saved: SavedPage,
        before: Spent,
        unreadable: Sequence[SyncFinding] = (),
    ) -> None:
        spent = before + await self._pages.make_known(saved)
        async with self._database.transaction() as connection:
            await self._taken(connection, run, numbers, spent, unreadable)

    async def _taken(
        self,
        connection: AsyncConnection,
        run: SyncRun,
        numbers: Sequence[int],
        spent: Spent,
        unreadable: Sequence[SyncFinding] = (),
    ) -> None:
        """Mark pages as done, with what they cost and what of them cannot be read."""
        counts = SyncCounts(
            failed=len(unreadable),
            embedded=spent.embedded,
            reused=spent.reused,
            tokens_spent=spent.tokens,
        )
        if unreadable:
            await sync_findings.keep_findings(connection, run.sync_id, unreadable)
        await sync_pages.taken(connection, run.sync_id, numbers, counts)

    @asynccontextmanager
    async def explained(self, sync_id: int) -> AsyncIterator[Heartbeater]:
        """Beat while within, and tell the sync what it waits for.

        A shop that refuses us ends the sync: whoever asked is told at once, and its schedule tries again.
        """
        try:
            async with heartbeating() as heart:
                with database_errors():
                    yield heart
        except ApplicationError as error:
            with database_errors():
                async with self._database.single() as connection:
                    await syncs.show(connection, sync_id, error.message)
            if error.type == Retry.BLOCKED:
                raise application_error(Failure(retry=Retry.FATAL, reason=error.message)) from None
            raise
