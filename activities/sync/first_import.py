"""A shop of which we hold nothing: its pages are read in full and taken over as they come."""

from collections.abc import Sequence

from temporalio import activity

from activities.errors import database_errors
from activities.stores.shop_reader import ShopReader
from activities.sync.apply import Taking
from activities.sync.pagination import Seen, begun, is_over, left_off, walk, with_currency
from connectors.base import WholePage
from contracts.syncs import SyncPosition, WalkedPages
from database.engine import Database

IMPORTED_TOGETHER = 3
"""Pages whose texts are embedded in one call, as long as they fit, and written in one transaction."""


class FirstImportActivities:
    """The step of a walk that has nothing to compare."""

    def __init__(self, database: Database, shops: ShopReader, taking: Taking) -> None:
        self._database = database
        self._shops = shops
        self._taking = taking

    @activity.defn
    async def import_pages(self, start: SyncPosition) -> WalkedPages:
        """Read some pages in full and take them over."""
        async with self._taking.explained(start.run.sync_id) as heart:
            at = left_off(start, heart)
            if is_over(at, start):
                return WalkedPages(at=at, differing=())
            async with self._shops.open(start.run.store_id, bulk=True) as opened:
                shop = await with_currency(self._database, at, opened)

                async def take(pages: Sequence[Seen[WholePage]]) -> None:
                    with database_errors():
                        await begun(self._database, pages[0])
                    await self._taking.take_listed(shop, pages)

                at = await walk(at, start, heart, shop.catalogue.whole, take, together=IMPORTED_TOGETHER)
        return WalkedPages(at=at, differing=())
