"""Reading the product of an event: the time that the shop has is for its answers only."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.events.confirm import fetch_current
from activities.stores.request_time import RequestTime
from compute import Compute
from contracts.errors import ShopDown
from contracts.events import EventType
from database.events.confirm import ShopSnapshot, Subject
from fakes.woocommerce import ShopServer
from tests.support.environment import Configure
from tests.support.sync.syncs import Synced
from tests.support.system import forget_keys, running
from worker import open_shops

LONGEST = timedelta(seconds=0.5)


class Queued(Compute):
    """Reads each product only once the shop's time would be over."""

    async def run(self, function: Callable[..., Any], *args: Any, **_: Any) -> Any:
        with suppress(ShopDown):
            async with RequestTime(2 * LONGEST, LONGEST).limited():
                await asyncio.Event().wait()
        return function(*args)


async def test_a_queue_of_our_own_is_not_the_shops_failure(configure: Configure) -> None:
    """A variation and its product are read, each behind other products of the store."""
    settings = configure(allow_private_shops=True, task_queue="queued")
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            shirt = server.add(name="پیراهن", variations=[{"price": "10"}])
            (red,) = server.products[shirt]["variations"]
            subject = Subject(
                id=1,
                store_id=synced.store.store_id,
                event_type=EventType.UPDATED,
                external_id=f"woo_{red}",
                product_key=f"woo_{red}",
                received_at=datetime.now(UTC),
                is_followed=False,
            )

            async def confirm() -> ShopSnapshot | None:
                async with open_shops(settings, system.database).open(subject.store_id) as shop:
                    slow = replace(shop, time=RequestTime(LONGEST, LONGEST))
                    return await fetch_current(slow, Queued(), subject, read_at=datetime.now(UTC))

            snapshot = await ActivityEnvironment().run(confirm)
            assert snapshot
            assert snapshot.payload
            assert snapshot.payload["id"] == shirt
            rows = await synced.store.rows("SELECT failures FROM shop_budgets WHERE store_id = :store")
            assert [row["failures"] for row in rows] == [0]
            await forget_keys(system.database, system.made)
