"""The steps of a bulk resync: compare the shop's list page by page, and take over what differs."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import TypeAdapter
from temporalio import activity

from activities.failures import STORE_GONE
from activities.findings import finding
from activities.guard import application_error, database_errors
from activities.shops import OpenShop, Shops
from activities.taking import Taking
from connectors.base import ManifestPage
from contracts.failures import Failure, Posture
from contracts.syncs import (
    DifferingPages,
    SyncCounts,
    SyncEnd,
    SyncPosition,
    SyncRequest,
    SyncRun,
    WalkedPages,
)
from database import manifest, shops, syncs
from database.engine import Database
from database.manifest import Compared, Listed, Verdict

PAGES_PER_STEP = 10
EMPTY_PAGES_BELIEVED = 3

_POSITION = TypeAdapter(SyncPosition)


def _counts(compared: Sequence[Compared]) -> SyncCounts:
    new = sum(one.verdict is Verdict.NEW for one in compared)
    same = sum(one.verdict is Verdict.SAME for one in compared)
    return SyncCounts(seen=len(compared), new=new, unchanged=same, changed=len(compared) - new - same)


class CatalogSyncActivities:
    """`model` names the vectors search uses."""

    def __init__(self, database: Database, shops: Shops, taking: Taking, *, model: str) -> None:
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
        """Read some pages of the shop's list, and keep what differs from what we hold.

        While one is compared the next is read already. Who takes over goes on after the last one kept.
        """
        run, last = start.run, start.page + PAGES_PER_STEP - 1
        async with self._taking.explained(run.sync_id) as heart:
            at = _POSITION.validate_python(heart.details[0]) if heart.details else start
            if at.page == start.page or (at.cursor and at.page <= last):
                async with self._shops.open(run.store_id) as shop:
                    if at.page == 1:
                        await self._learn_currency(shop)
                    async with aclosing(_read_ahead(shop, at, last)) as pages:
                        async for page, read_at in pages:
                            with database_errors():
                                await self._keep(at, page, read_at)
                            at = _after(at, page)
                            heart.tell(at)
            async with self._database.reading() as connection:
                differing = await syncs.differing(connection, run.sync_id, first=start.page, last=last)
        return WalkedPages(at=at, differing=differing)

    @activity.defn
    async def take_pages(self, work: DifferingPages) -> None:
        """Take over what differs on these pages, but those where that was done."""
        run = work.run
        async with self._taking.explained(run.sync_id), self._shops.open(run.store_id) as shop:
            for number in work.pages:
                with database_errors():
                    async with self._database.reading() as connection:
                        wanted = await syncs.wanted(connection, run.sync_id, number)
                if wanted is not None:
                    read_at = datetime.now(UTC)
                    bodies = await shop.catalogue.fetch(wanted)
                    await self._taking.take(run, number, shop, bodies, read_at)

    @activity.defn
    async def finish_sync(self, end: SyncEnd) -> None:
        """Write how it ended."""
        with database_errors():
            async with self._database.transaction() as connection:
                await syncs.finish(connection, end)

    async def _learn_currency(self, shop: OpenShop) -> None:
        if shop.terms.currency is None and (currency := await shop.catalogue.currency()):
            with database_errors():
                async with self._database.single() as connection:
                    await shops.learn_currency(connection, shop.store_id, currency)

    async def _keep(self, at: SyncPosition, page: ManifestPage, read_at: datetime) -> None:
        run = at.run
        listed = {
            entry.external_id: Listed(
                external_id=entry.external_id, product=entry.product, with_facts=entry.with_facts
            )
            for entry in page.entries
        }
        async with self._database.transaction() as connection:
            compared = await manifest.compare(
                connection, run.store_id, list(listed.values()), read_at=read_at, model=self._model
            )
            differing = [one for one in compared if one.verdict is not Verdict.SAME]
            await syncs.keep_page(
                connection,
                run.sync_id,
                at.page,
                wanted=() if run.dry_run else [one.external_id for one in differing],
                seen=list(listed),
                counts=_counts(compared),
                findings=[
                    finding(one) for one in differing if not (run.first and one.verdict is Verdict.NEW)
                ],
            )
            if at.page == 1:
                moment = min(page.moment, read_at) if page.moment else read_at
                await syncs.started(connection, run.sync_id, moment=moment, total=page.total)


def _after(at: SyncPosition, page: ManifestPage) -> SyncPosition:
    empty = 0 if page.entries else at.empty_in_row + 1
    if page.next and empty > EMPTY_PAGES_BELIEVED:
        reason = "The shop claims to have more pages, but nothing is on them."
        raise application_error(Failure(posture=Posture.NEVER, reason=reason))
    return replace(at, page=at.page + 1, cursor=page.next, empty_in_row=empty)


async def _read_ahead(
    shop: OpenShop, at: SyncPosition, last: int
) -> AsyncGenerator[tuple[ManifestPage, datetime], None]:
    """Pages up to the last one, each with the time from which on it may be outdated."""

    async def read(cursor: str | None) -> tuple[ManifestPage, datetime]:
        read_at = datetime.now(UTC)
        page = await shop.catalogue.manifest(cursor, modified_after=at.run.modified_after)
        return page, read_at

    reading = asyncio.create_task(read(at.cursor))
    try:
        for number in range(at.page, last + 1):
            page, read_at = await reading
            if page.next and number < last:
                reading = asyncio.create_task(read(page.next))
            yield page, read_at
            if not page.next:
                return
    finally:
        reading.cancel()
