"""The steps of a bulk resync: compare the shop's list page by page, and take over what differs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from temporalio import activity

from activities.failures import STORE_GONE
from activities.findings import finding
from activities.guard import application_error, database_errors
from activities.shops import OpenShop, Shops
from activities.taking import Taking
from connectors.base import ManifestPage
from contracts.syncs import ComparedPage, SyncCounts, SyncEnd, SyncPosition, SyncRequest, SyncRun
from database import manifest, shops, syncs
from database.engine import Database
from database.manifest import Compared, Listed, Verdict


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
    async def compare_page(self, at: SyncPosition) -> ComparedPage:
        """Read a page of the shop's list, and keep what differs from what we hold."""
        run = at.run
        async with self._taking.explained(run.sync_id), self._shops.open(run.store_id) as shop:
            if at.page == 1:
                await self._learn_currency(shop)
            read_at = datetime.now(UTC)
            listed = await shop.catalogue.manifest(at.cursor, modified_after=run.modified_after)
            with database_errors():
                await self._keep(at, listed, read_at)
            wanted = 0 if run.dry_run else await self._wanted(run.sync_id, at.page)
        return ComparedPage(seen=len(listed.entries), wanted=wanted, next=listed.next)

    @activity.defn
    async def take_page(self, at: SyncPosition) -> None:
        """Take over what differs on a page; nothing where that was done."""
        run = at.run
        async with self._taking.explained(run.sync_id):
            with database_errors():
                async with self._database.reading() as connection:
                    wanted = await syncs.wanted(connection, run.sync_id, at.page)
            if wanted is None:
                return
            async with self._shops.open(run.store_id) as shop:
                read_at = datetime.now(UTC)
                bodies = await shop.catalogue.fetch(wanted)
            await self._taking.take(at, shop, bodies, read_at)

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

    async def _wanted(self, sync_id: int, page: int) -> int:
        with database_errors():
            async with self._database.reading() as connection:
                return len(await syncs.wanted(connection, sync_id, page) or ())
