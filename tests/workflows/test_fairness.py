"""Stores take turns: a store with a backlog delays no other one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from temporalio.client import Client, ScheduleActionStartWorkflow, WorkflowHistory
from temporalio.common import Priority

import worker
from contracts.events import UnindexedProduct
from contracts.ids import catalog_sync_id, product_text_id, sync_schedule_id
from contracts.stores import ReadableStore
from contracts.syncs import SyncMode, SyncStatus
from fakes.openai import EmbeddingServer
from fakes.woocommerce import ShopServer
from temporal.starts import start_product_text
from temporal.store_schedules import StoreSchedules
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced
from tests.support.system import System, running
from workflows.policies import BEHIND_EVENTS, IN_ORDER

BACKLOG = 300
FEW = 4
"""Slots of the worker for each kind of task, so that the backlog is long against what is under way."""


def product(number: int) -> dict[str, object]:
    return {"id": number, "name": f"کفش {number}", "description": f"<p>توضیح {number}</p>", "price": "10"}


async def ends(shop: Shop) -> list[datetime]:
    """Returns when the events of a store ended."""
    rows = await shop.rows(
        "SELECT finished_at FROM events WHERE store_id = :store AND finished_at IS NOT NULL"
    )
    return [row["finished_at"] for row in rows]


async def ended(shop: Shop, count: int) -> list[datetime]:
    return await eventually(
        lambda: ends(shop), lambda found: len(found) >= count, what=f"the end of {count} events", patience=120
    )


async def test_a_small_store_overtakes_the_backlog_of_a_big_one(
    configure: Configure, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its five events are among the first twenty that end after they arrived, of some 290."""
    for name in ("WORKFLOW_TASKS", "DATABASE_STEPS", "EMBEDDING_CALLS"):
        monkeypatch.setattr(worker, name, FEW)
    async with running(configure(task_queue="fairness")) as system:
        big, small = await system.shop(), await system.shop()
        for first in range(0, BACKLOG, 50):
            await asyncio.gather(*(big.submit(product(first + number)) for number in range(1, 51)))
        await ended(big, 1)
        before = len(await ends(big))
        for number in range(1, 6):
            await small.submit(product(number))
        last = max(await ended(small, 5))
        assert before < BACKLOG - 100, "there was a backlog"
        overtook = sum(at <= last for at in await ends(big)) - before
        assert overtook + 5 <= 20
        await ended(big, BACKLOG)


@pytest.fixture
async def narrow(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    """A system in which one bulk step runs at a time."""
    monkeypatch.setattr(worker, "BULK_STEPS", 1)
    settings = configure(
        task_queue="fair-syncs", allow_private_shops=True, shop_requests_per_minute=1_000_000
    )
    async with running(settings) as system:
        yield system


async def history(synced: Synced) -> WorkflowHistory:
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    return await handle.fetch_history()


async def steps(synced: Synced) -> list[tuple[datetime, int]]:
    """Returns when each step of a store's sync started, and the store."""
    started = (
        event.event_time.ToDatetime()
        for event in (await history(synced)).events
        if event.HasField("activity_task_started_event_attributes")
    )
    return [(at, synced.store.store_id) for at in started]


async def test_the_steps_of_two_syncs_take_turns(narrow: System, embeddings: EmbeddingServer) -> None:
    """With one slot, no sync has three steps in a row while the other one waits."""
    with ShopServer() as one, ShopServer() as two:
        syncs = [await Synced.open(narrow, shop) for shop in (one, two)]
        for shop in (one, two):
            for number in range(800):
                shop.add(name=f"کفش {number}")
        ids = [await synced.start(pages_per_step=1) for synced in syncs]
        reports = [await synced.ended(sync_id) for synced, sync_id in zip(syncs, ids, strict=True)]
        assert {report.status for report in reports} == {SyncStatus.SUCCEEDED}
        of_one, of_two = [await steps(synced) for synced in syncs]
    both = sorted(of_one + of_two)
    shared = [at for at in both if max(of_one[0], of_two[0]) <= at <= min(of_one[-1], of_two[-1])]
    turns = [store for _, store in shared]
    assert len(turns) >= 8
    assert all(len(set(turns[at : at + 3])) > 1 for at in range(len(turns) - 2)), turns


async def priority(temporal: Client, workflow_id: str) -> tuple[int, str]:
    """Returns the priority and the fairness key of a workflow's latest run."""
    described = await temporal.get_workflow_handle(workflow_id).describe()
    found = described.raw_description.workflow_execution_info.priority
    return found.priority_key, found.fairness_key


async def test_every_workflow_of_a_store_carries_its_key(narrow: System, embeddings: EmbeddingServer) -> None:
    """Events, texts and syncs, also when a schedule starts them or they continue as new."""
    with ShopServer() as shop:
        for number in range(250):
            shop.add(name=f"کفش {number}")
        synced = await Synced.open(narrow, shop)
        event_id = await synced.store.submit(product(1))
        await synced.sync(pages_per_run=1, pages_per_step=1)
        temporal, queue, store_id = narrow.temporal, narrow.settings.task_queue, synced.store.store_id
        text = UnindexedProduct(product_id=store_id, store_id=store_id, external_id="woo_1")
        await start_product_text(temporal, text, task_queue=queue)
        schedules = StoreSchedules(temporal, task_queue=queue)
        await schedules.set(store_id, ReadableStore(store_id=store_id, is_new=False))
        scheduled = temporal.get_schedule_handle(sync_schedule_id(queue, store_id, SyncMode.FULL))
        action = (await scheduled.describe()).schedule.action
        of_store = (IN_ORDER, str(store_id))
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.priority == Priority(priority_key=IN_ORDER, fairness_key=str(store_id))
        for workflow_id in (
            synced.store.workflow_id(event_id),
            product_text_id(queue, store_id),
            catalog_sync_id(queue, store_id),
        ):
            assert await priority(temporal, workflow_id) == of_store
        first = await history(synced)
        assert first.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        waiting = [
            event.activity_task_scheduled_event_attributes.priority
            for event in first.events
            if event.HasField("activity_task_scheduled_event_attributes")
        ]
        assert {(one.priority_key, one.fairness_key) for one in waiting} == {(BEHIND_EVENTS, str(store_id))}
        await scheduled.trigger()
        child = temporal.get_workflow_handle(catalog_sync_id(queue, store_id))
        await eventually(child.describe, lambda run: run.parent_id is not None, what="the scheduled sync")
        assert await priority(temporal, catalog_sync_id(queue, store_id)) == of_store
