"""Products a complete walk did not see: still there, hidden from our key, or gone."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from temporalio import activity

from activities.errors import database_errors
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.sync.apply import Bodies, Taking
from contracts.errors import ShopHides
from contracts.syncs import FindingKind, MissingProducts, SyncCounts, SyncFinding, SyncPosition, SyncRun
from database.engine import Database
from database.sync import missing as absent
from database.sync import pages as sync_findings
from database.sync import pages as sync_pages
from database.sync.pages import Outcome

BATCH = 100
"""Products asked for at a time."""


def _silent(external_id: str) -> SyncFinding:
    return SyncFinding(
        external_id=external_id,
        kind=FindingKind.SILENT_DELETE,
        detail="The shop no longer has it, and no event told of that.",
    )


class AbsentActivities:
    """Steps of a full sync after its last page."""

    def __init__(self, database: Database, shops: ShopReader, taking: Taking) -> None:
        self._database = database
        self._shops = shops
        self._taking = taking

    @activity.defn
    async def weigh_absent(self, run: SyncRun) -> MissingProducts:
        """How much of what we hold no page named; a dry run tells of it and leaves it at that."""
        with database_errors():
            async with self._database.transaction() as connection:
                missing, held = await absent.weigh(connection, run.sync_id)
                if run.dry_run and missing:
                    batch = await absent.find(connection, run.sync_id, beyond=0, limit=sync_findings.KEPT)
                    findings = [_silent(unseen.external_id) for unseen in batch]
                    await sync_findings.keep_findings(connection, run.sync_id, findings)
        return MissingProducts(absent=missing, held=held, to_ask=missing > 0)

    @activity.defn
    async def take_absent(self, at: SyncPosition) -> int | None:
        """Ask the shop for products no page named, and remove those it does not have.

        Answers the row to go on after, None where that was all. A product that changed its page during the
        walk is still there, and is taken over as it is. Where pages named fewer products than there are,
        the shop hides some from our key: then each is asked for by itself, for only that tells hidden from
        gone.
        """
        run = at.run
        async with self._taking.explained(run.sync_id):
            async with self._database.reading() as connection:
                batch = await absent.find(connection, run.sync_id, beyond=at.beyond or 0, limit=BATCH)
            if not batch:
                return None
            asked = [unseen.external_id for unseen in batch]
            async with self._shops.open(run.store_id, bulk=True) as shop:
                read_at = datetime.now(UTC)
                shown, hidden = (
                    (await shop.catalogue.fetch(asked), [])
                    if batch[0].saw_all
                    else await _one_by_one(shop, asked)
                )
            gone = [external_id for external_id in asked if external_id not in {*shown, *hidden}]
            await self._settle(at, gone, [*shown, *hidden], read_at)
            await self._taking.take(run, [at.page], shop, shown, read_at)
        return batch[-1].id if len(batch) == BATCH else None

    async def _settle(
        self, at: SyncPosition, missing: Sequence[str], there: Sequence[str], read_at: datetime
    ) -> None:
        async with self._database.transaction() as connection:
            gone = await absent.remove(connection, at.run.sync_id, missing, read_at=read_at)
            outcome = Outcome(
                page=at.page,
                external_ids=there,
                counts=SyncCounts(gone=len(gone), seen=len(there), changed=len(there)),
                findings=[_silent(external_id) for external_id in gone],
            )
            await sync_pages.keep(connection, at.run.sync_id, [outcome])


async def _one_by_one(shop: OpenShop, asked: Sequence[str]) -> tuple[Bodies, list[str]]:
    """What the shop shows, and the ids of what it has and hides."""
    shown: dict[str, Mapping[str, Any]] = {}
    hidden = []
    for external_id in asked:
        try:
            body = await shop.catalogue.product(external_id)
        except ShopHides:
            hidden.append(external_id)
            continue
        if body is not None:
            shown[external_id] = body
    return shown, hidden
