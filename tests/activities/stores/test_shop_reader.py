"""Requests to a shop: one at a time for syncs, within the rate limit for everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.stores.places import BUSY
from activities.stores.shop_reader import NOT_YET, ShopReader
from activities.sync.step import sync_step
from contracts.stores import StoreType
from contracts.syncs import SyncRequest
from database.access import shop_failures
from database.access.shop_failures import TOLERATED
from database.sync import runs
from fakes.woocommerce import ShopServer
from tests.support.environment import Configure
from tests.support.sync.syncs import Synced
from tests.support.system import forget_keys, running
from worker import open_shops


async def test_syncs_send_one_request_at_a_time_to_a_shop(configure: Configure) -> None:
    """All steps of a process together; requests of events do not wait for them."""
    settings = configure(
        allow_private_shops=True, shop_requests_per_minute=1_000_000, task_queue="one-request"
    )
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            product = server.add(name="کفش")
            store_id = synced.store.store_id
            shops = open_shops(settings, system.database)
            async with shops.open(store_id, bulk=True) as shop:
                await shop.catalogue.manifest(None)
            server.routes.clear()
            server.seen.clear()
            async with (
                shops.open(store_id, bulk=True) as first,
                shops.open(store_id, bulk=True) as second,
                shops.open(store_id) as of_an_event,
            ):
                assert first.terms.type is StoreType.WOOCOMMERCE
                server.fail_next("hang")
                lists = [asyncio.create_task(shop.catalogue.manifest(None)) for shop in (first, second)]
                await asyncio.to_thread(server.wait_for_requests, 1)
                assert await of_an_event.catalogue.product(f"woo_{product}") is not None
                assert server.routes == {"products": 1, "products/{id}": 1}
                server.release()
                await asyncio.gather(*lists)
            assert server.routes == {"products": 2, "products/{id}": 1}
            await forget_keys(system.database, system.made)


@pytest.mark.parametrize("bulk", [False, True], ids=["an event", "a sync"])
async def test_a_request_takes_one_slot_of_the_rate_limit(configure: Configure, *, bulk: bool) -> None:
    """Requests of events and of syncs take the same slots."""
    settings = configure(allow_private_shops=True, shop_requests_per_minute=6_000, task_queue="taking-slots")
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            server.add(name="کفش")
            async with open_shops(settings, system.database).open(synced.store.store_id, bulk=bulk) as shop:
                await shop.catalogue.manifest(None)
                now = "UPDATE shop_budgets SET next_at = now() WHERE store_id = :store RETURNING next_at"
                (before,) = await synced.store.rows(now)
                await shop.catalogue.manifest(None)
                later = "SELECT next_at FROM shop_budgets WHERE store_id = :store"
                (after,) = await synced.store.rows(later)
            seconds = (after["next_at"] - before["next_at"]).total_seconds()
            assert seconds == pytest.approx(60 / 6_000)
            await forget_keys(system.database, system.made)


@asynccontextmanager
async def readable(configure: Configure, queue: str) -> AsyncIterator[tuple[Synced, ShopReader]]:
    """A store with a shop, and a reader with few requests per minute."""
    settings = configure(allow_private_shops=True, shop_requests_per_minute=6, task_queue=queue)
    with ShopServer() as server:
        async with running(settings, work=False) as system:
            synced = await Synced.open(system, server)
            server.add(name="کفش")
            yield synced, open_shops(settings, system.database)
            await forget_keys(system.database, system.made)


async def next_slot(synced: Synced, *, after: timedelta) -> None:
    """Let the next slot of the rate limit be this far away."""
    async with synced.system.database.single() as connection:
        await connection.execute(
            text(
                "INSERT INTO shop_budgets AS b (store_id, next_at) VALUES (:id, now() + :after)"
                " ON CONFLICT (store_id) DO UPDATE SET next_at = excluded.next_at"
            ),
            {"id": synced.store.store_id, "after": after},
        )


async def test_only_the_first_request_of_a_visit_is_refused_a_slot_that_is_seconds_away(
    configure: Configure,
) -> None:
    """A visit that was given up later would begin again, and never end under a low rate limit."""
    async with readable(configure, "few-slots") as (synced, shops):
        await next_slot(synced, after=timedelta(seconds=1.5))
        with pytest.raises(ApplicationError, match="next slot is later"):
            async with shops.open(synced.store.store_id) as shop:
                await shop.catalogue.manifest(None)
        assert not synced.shop.seen
        await next_slot(synced, after=timedelta())
        async with shops.open(synced.store.store_id) as shop:
            await shop.catalogue.manifest(None)
            await next_slot(synced, after=timedelta(seconds=1.5))
            await shop.catalogue.manifest(None)
            await next_slot(synced, after=timedelta(hours=1))
            with pytest.raises(ApplicationError) as raised:
                await shop.catalogue.manifest(None)
        assert raised.value.message == NOT_YET
        assert len(synced.shop.seen) == 2


@pytest.mark.parametrize("how", ["cancelled", "no slot", "another error"])
async def test_a_visit_that_does_not_show_how_a_failing_shop_is_lets_others_in(
    configure: Configure, how: str
) -> None:
    """The next visit finds that the shop answers again."""
    async with readable(configure, f"probing-{how.split()[0]}") as (synced, shops):
        store_id = synced.store.store_id
        async with synced.system.database.single() as connection:
            for _ in range(TOLERATED + 1):
                await shop_failures.record(connection, store_id, "down")
            probe = text("UPDATE shop_budgets SET probe_at = now() WHERE store_id = :id")
            await connection.execute(probe, {"id": store_id})
        if how == "no slot":
            await next_slot(synced, after=timedelta(hours=1))
        opened = asyncio.Event()

        async def visit() -> None:
            async with shops.open(store_id) as shop:
                opened.set()
                if how == "another error":
                    raise OSError("the disk is full")
                if how == "cancelled":
                    await asyncio.Event().wait()
                await shop.catalogue.manifest(None)

        visiting = asyncio.create_task(visit())
        await opened.wait()
        if how == "cancelled":
            visiting.cancel()
        await asyncio.wait([visiting])
        assert visiting.cancelled() or visiting.exception()
        await next_slot(synced, after=timedelta())
        async with shops.open(store_id) as shop:
            await shop.catalogue.manifest(None)
        (row,) = await synced.store.rows("SELECT failures FROM shop_budgets WHERE store_id = :store")
        assert row["failures"] == 0


async def test_a_step_of_a_sync_that_waits_for_a_place_asks_less_often_and_writes_once(
    configure: Configure,
) -> None:
    """The first attempt stores the reason; the others find it stored."""
    async with readable(configure, "waiting-steps") as (synced, shops):
        environment = ActivityEnvironment()
        async with synced.system.database.transaction() as connection:
            request = SyncRequest(store_id=synced.store.store_id)
            run = await runs.begin(
                connection, request, workflow_id=environment.info.workflow_id or "", run_id="waiting"
            )
        assert run

        async def step() -> None:
            async with sync_step(synced.system.database, shops, run):
                pass

        versions = []
        async with shops.open(synced.store.store_id, bulk=True):
            for attempt in (1, 7):
                environment.info = replace(environment.info, attempt=attempt)
                with pytest.raises(ApplicationError) as raised:
                    await environment.run(step)
                assert raised.value.message == BUSY.reason
                assert BUSY.pause
                assert raised.value.next_retry_delay == attempt * BUSY.pause
                versions += await synced.store.rows(
                    "SELECT xmin::text, reason FROM syncs WHERE store_id = :store"
                )
        assert versions[0] == versions[1]
        assert versions[0]["reason"] == BUSY.reason
