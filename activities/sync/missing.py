"""Products that no page of a complete sync listed: still in the shop, hidden from our key, or deleted."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.errors import database_errors
from activities.stores.shop_reader import ShopReader
from activities.sync.apply import PageApplier
from activities.sync.step import sync_step, sync_transaction
from connectors.base import Body, Unreadable
from contracts.syncs import FindingKind, MissingProducts, SyncCounts, SyncFinding, SyncPosition, SyncRun
from database.engine import Database
from database.sync import findings, missing
from database.sync import pages as sync_pages
from database.sync.pages import PageOutcome

BATCH = 100
"""Products that one activity confirms."""


class MissingActivities:
    """The activities of a full sync after its last page."""

    def __init__(self, database: Database, shops: ShopReader, applier: PageApplier) -> None:
        self._database = database
        self._shops = shops
        self._applier = applier

    @activity.defn
    async def count_missing(self, run: SyncRun) -> MissingProducts:
        """Count the stored products that no page listed; a dry run reports them as findings."""
        with database_errors():
            async with sync_transaction(self._database, run) as connection:
                counted = await missing.count(connection, run.sync_id)
                if run.dry_run and counted.missing:
                    batch = await missing.find(connection, run.sync_id, after=0, limit=findings.KEPT)
                    reported = [_silent_delete(product.external_id) for product in batch]
                    await findings.keep(connection, run.sync_id, reported)
        return counted

    @activity.defn
    async def remove_missing(self, position: SyncPosition) -> int | None:
        """Ask the shop for missing products, and remove those it no longer has.

        Returns the row after which the next batch begins, None after the last batch. A product that exists
        after all is applied; one that the shop hides from our key stays as it is.
        """
        run = position.run
        async with sync_step(self._database, self._shops, run) as (shop, _):
            async with self._database.reading() as connection:
                batch = await missing.find(
                    connection, run.sync_id, after=position.missing_after or 0, limit=BATCH
                )
            if not batch:
                return None
            ids = [product.external_id for product in batch]
            requested_at = await self._database.clock.read()
            existing = await shop.catalogue.fetch(ids)
            deleted = [external_id for external_id in ids if external_id not in existing]
            await self._remove(position, deleted, list(existing), requested_at)
            shown = {external_id: body for external_id, body in existing.items() if not is_hidden(body)}
            await self._applier.apply(run, [position.page], shop, shown, requested_at)
        return batch[-1].id if len(batch) == BATCH else None

    async def _remove(
        self, position: SyncPosition, deleted: Sequence[str], existing: Sequence[str], requested_at: datetime
    ) -> None:
        sync_id = position.run.sync_id
        async with sync_transaction(self._database, position.run) as connection:
            removed = await missing.remove(connection, sync_id, deleted, requested_at=requested_at)
            outcome = PageOutcome(
                page=position.page,
                external_ids=existing,
                counts=SyncCounts(gone=len(removed), seen=len(existing), changed=len(existing)),
                findings=[_silent_delete(external_id) for external_id in removed],
            )
            await sync_pages.keep(connection, sync_id, outcome)


def _silent_delete(external_id: str) -> SyncFinding:
    return SyncFinding(
        external_id=external_id,
        kind=FindingKind.SILENT_DELETE,
        detail="The shop no longer has the product, but we never received an event for its deletion.",
    )


def is_hidden(body: Body) -> bool:
    """Returns whether the shop has a product that our key may not read."""
    return isinstance(body, Unreadable) and body.is_hidden
