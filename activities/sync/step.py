"""What every activity of a sync that reads the shop has: a heartbeat, an open shop, and readable failures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.exceptions import ApplicationError

from activities.errors import database_errors
from activities.heartbeat import Heartbeater, heartbeating
from activities.retry_limits import fatal_if_blocked, waiting_longer
from activities.stores.shop_reader import OpenShop, ShopReader
from activities.sync import categories, notices
from activities.this_workflow import workflow_id
from contracts.syncs import SyncPosition, SyncRun
from database.access import shop_access
from database.engine import Database
from database.sync import findings, runs


@asynccontextmanager
async def sync_step(
    database: Database, shops: ShopReader, run: SyncRun
) -> AsyncIterator[tuple[OpenShop, Heartbeater]]:
    """Open the store's shop with a heartbeat. A failure is stored as the reason why the sync waits.

    The pause before the next attempt grows while the sync waits for a place or for its turn. A shop that
    refuses our key fails the sync instead of being retried for hours; the next sync of the schedule tries
    again. So does a sync without a row of its own.
    """
    try:
        async with heartbeating() as heartbeat, shops.open(run.store_id, bulk=True) as shop:
            with database_errors():
                async with database.reading() as connection:
                    await runs.check(connection, run, workflow_id=workflow_id())
                await categories.place(database, shop)
                yield shop, heartbeat
            if (outdated := notices.finding(shop)) is not None:
                async with sync_transaction(database, run) as connection:
                    await findings.keep(connection, run.sync_id, [outdated])
    except ApplicationError as error:
        with database_errors():
            async with database.single() as connection:
                await runs.show_reason(connection, run.sync_id, error.message, workflow_id=workflow_id())
        raise waiting_longer(fatal_if_blocked(error)) from None


@asynccontextmanager
async def sync_transaction(database: Database, run: SyncRun) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that writes results of a sync.

    Raises RowGone if the sync has no row of its own, or was ended by a later one.
    """
    async with database.transaction() as connection:
        await runs.check(connection, run, workflow_id=workflow_id())
        yield connection


async def with_currency(database: Database, position: SyncPosition, shop: OpenShop) -> OpenShop:
    """Returns the shop with its currency, which is read and stored before the first page if it is unknown.

    Before the first page, the shop's categories are read and stored too.
    """
    if position.page > 1:
        return shop
    await categories.read(database, shop)
    if shop.terms.currency is not None:
        return shop
    if not (currency := await shop.catalogue.currency()):
        return shop
    async with database.single() as connection:
        await shop_access.learn_currency(connection, shop.store_id, currency)
    return replace(shop, terms=replace(shop.terms, currency=currency))
