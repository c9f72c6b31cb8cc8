"""The sync schedules of stores: created, changed, paused and removed with the settings of the stores."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Schedule, ScheduleActionStartWorkflow, ScheduleOverlapPolicy
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import catalog_sync_id, store_schedules_id, sync_schedule_id
from contracts.stores import Aligned, ReadableStore, SyncSchedule
from contracts.syncs import SyncMode, SyncStatus
from database.access import stores
from fakes.openai import EmbeddingServer
from fakes.woocommerce import ShopServer
from temporal.store_schedules import OURS, StoreSchedules, turns
from tests.support.eventually import eventually
from tests.support.sync.syncs import Synced
from tests.support.system import System, started_by
from workflows.store_schedules import StoreSchedulesWorkflow

NUMBERS = range(1, 400)
DAY = timedelta(days=1)


def test_the_moment_of_a_store_is_always_the_same() -> None:
    """Stores are spread over the whole interval."""
    usual = SyncSchedule()
    first = [turns(number, usual) for number in NUMBERS]
    assert first == [turns(number, usual) for number in NUMBERS]
    for mode, every in ((SyncMode.INCREMENTAL, timedelta(hours=6)), (SyncMode.FULL, 7 * DAY)):
        offsets = [found[mode].offset or timedelta() for found in first]
        assert all(timedelta() <= offset < every for offset in offsets)
        assert {found[mode].every for found in first} == {every}
        quarters = [int(4 * (offset / every)) for offset in offsets]
        assert min(map(quarters.count, range(4))) > len(NUMBERS) / 8


def test_the_two_syncs_of_a_store_do_not_meet() -> None:
    """The full sync starts halfway between two incremental ones; otherwise it would be skipped every week."""
    for number in NUMBERS:
        found = turns(number, SyncSchedule())
        first, full = (found[mode].offset or timedelta() for mode in SyncMode)
        assert (full - first) % timedelta(hours=6) == timedelta(hours=3)


@pytest.mark.parametrize("days", [None, 1, 31])
@pytest.mark.parametrize("hours", [None, 1, 5, 168])
def test_a_mode_that_is_off_has_no_schedule(hours: int | None, days: int | None) -> None:
    """Temporal accepts all offsets."""
    for number in NUMBERS:
        found = turns(number, SyncSchedule(incremental_hours=hours, full_days=days))
        assert set(found) == {
            mode for mode, every in zip(SyncMode, (hours, days), strict=True) if every is not None
        }
        assert all((turn.offset or timedelta()) < turn.every for turn in found.values())


@pytest_asyncio.fixture(loop_scope="session")
async def scheduled(reading: System, server: ShopServer, embeddings: EmbeddingServer) -> "Scheduled":
    return Scheduled(await Synced.open(reading, server))


class Scheduled:
    """A store and its schedules in Temporal."""

    def __init__(self, synced: Synced) -> None:
        self.synced = synced
        self.system = synced.system
        self.store_id = synced.store.store_id
        self.queue = synced.system.settings.task_queue
        self.schedules = StoreSchedules(synced.system.temporal, task_queue=self.queue)

    def name(self, mode: SyncMode) -> str:
        return sync_schedule_id(self.queue, self.store_id, mode)

    async def want(self, **values: Any) -> None:
        """Change the store in Postgres only."""
        async with self.system.database.transaction() as connection:
            await stores.change(connection, self.store_id, values)

    async def align(self) -> Aligned:
        """Run one alignment, as the schedule does every few minutes."""
        aligned: Aligned = await self.system.temporal.execute_workflow(
            StoreSchedulesWorkflow.run, id=f"align-{self.store_id}", task_queue=self.queue
        )
        return aligned

    async def find(self, mode: SyncMode) -> Schedule | None:
        try:
            return (await self.system.temporal.get_schedule_handle(self.name(mode)).describe()).schedule
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def aligned(self, mode: SyncMode, good: Callable[[Schedule | None], bool]) -> None:
        """Align until a schedule is right: Temporal's list may be a moment old."""

        async def found() -> Schedule | None:
            await self.align()
            return await self.find(mode)

        await eventually(found, good, what=f"the {mode} schedule")


def every(hours: int, *, paused: bool) -> Callable[[Schedule | None], bool]:
    return lambda found: (
        found is not None
        and [turn.every for turn in found.spec.intervals] == [timedelta(hours=hours)]
        and found.state.paused is paused
    )


async def test_a_store_that_can_be_read_gets_its_schedules(scheduled: Scheduled) -> None:
    """It has two schedules, which start its one sync, skip overlaps and catch up for a short time."""
    await scheduled.align()
    for mode, hours in ((SyncMode.INCREMENTAL, 6), (SyncMode.FULL, 168)):
        found = await scheduled.find(mode)
        assert every(hours, paused=True)(found)
        assert found is not None
        assert found.policy.overlap is ScheduleOverlapPolicy.SKIP
        assert found.policy.catchup_window == timedelta(hours=1)
        assert isinstance(found.action, ScheduleActionStartWorkflow)
        assert (found.action.workflow, found.action.task_queue) == ("ScheduledSync", scheduled.queue)


async def test_an_aligned_schedule_is_not_touched(scheduled: Scheduled) -> None:
    """An alignment without differences only lists the schedules."""
    await eventually(
        scheduled.align,
        lambda done: (done.created, done.changed, done.deleted, done.started) == (0, 0, 0, 0),
        what="nothing to do",
    )


async def test_schedules_follow_the_store(scheduled: Scheduled) -> None:
    """Changed, paused, resumed, switched off, and removed with the credentials."""
    await scheduled.align()
    await scheduled.want(schedule={"incremental_hours": 12, "paused": True})
    await scheduled.aligned(SyncMode.INCREMENTAL, every(12, paused=True))
    await scheduled.synced.sync()
    await scheduled.want(schedule={"incremental_hours": 12, "paused": False})
    await scheduled.aligned(SyncMode.INCREMENTAL, every(12, paused=False))
    await scheduled.want(schedule={"incremental_hours": None})
    await scheduled.aligned(SyncMode.INCREMENTAL, lambda found: found is None)
    await scheduled.aligned(SyncMode.FULL, every(168, paused=False))
    await scheduled.want(credentials=None)
    await scheduled.aligned(SyncMode.FULL, lambda found: found is None)


async def test_a_removed_stores_schedules_go(scheduled: Scheduled) -> None:
    """Even if Temporal was down when the store was removed; schedules of another installation stay."""
    elsewhere = StoreSchedules(scheduled.system.temporal, task_queue=f"{scheduled.queue}/other")
    await elsewhere.set(scheduled.store_id, ReadableStore(store_id=scheduled.store_id, is_new=False))
    await scheduled.align()
    async with scheduled.system.database.transaction() as connection:
        await stores.remove(connection, scheduled.store_id)
    await scheduled.aligned(SyncMode.FULL, lambda found: found is None)
    await scheduled.aligned(SyncMode.INCREMENTAL, lambda found: found is None)
    theirs = sync_schedule_id(f"{scheduled.queue}/other", scheduled.store_id, SyncMode.FULL)
    await scheduled.system.temporal.get_schedule_handle(theirs).describe()
    await elsewhere.set(scheduled.store_id, None)


async def test_a_schedule_that_a_person_paused_stays_paused(scheduled: Scheduled) -> None:
    """Until a person resumes it, or the store's schedule is changed."""
    await scheduled.synced.sync()
    await scheduled.want(schedule=None)
    await scheduled.aligned(SyncMode.FULL, every(168, paused=False))
    handle = scheduled.system.temporal.get_schedule_handle(scheduled.name(SyncMode.FULL))
    await handle.pause(note="The shop is moving")
    await scheduled.want(schedule={"incremental_hours": 1})
    await scheduled.aligned(SyncMode.INCREMENTAL, every(1, paused=False))
    assert every(168, paused=True)(await scheduled.find(SyncMode.FULL))
    wanted = ReadableStore(store_id=scheduled.store_id, is_new=False)
    await scheduled.schedules.set(scheduled.store_id, wanted)
    assert every(168, paused=True)(await scheduled.find(SyncMode.FULL))
    await scheduled.schedules.set(scheduled.store_id, wanted, insist=True)
    assert every(168, paused=False)(await scheduled.find(SyncMode.FULL))
    await scheduled.want(schedule=None)
    await handle.pause(note="The shop is moving")
    await handle.unpause(note="It has moved")
    await scheduled.aligned(
        SyncMode.FULL,
        lambda found: found is not None and (found.state.note or "").startswith(OURS),
    )


async def test_a_new_shop_is_read_at_once_and_once(scheduled: Scheduled) -> None:
    """An alignment starts the first import if the API could not."""
    scheduled.synced.shop.add(name="کفش")
    await scheduled.want(schedule=None)
    await scheduled.align()
    first = await scheduled.synced.ended(await scheduled.synced.latest())
    assert (first.mode, first.status, first.counts.new) == (SyncMode.FULL, SyncStatus.SUCCEEDED, 1)
    await scheduled.system.temporal.get_workflow_handle(
        catalog_sync_id(scheduled.system.settings.task_queue, scheduled.store_id)
    ).result()
    await scheduled.align()
    assert await scheduled.synced.latest() == first.id


async def test_a_schedule_starts_the_stores_sync(scheduled: Scheduled) -> None:
    """Trigger the schedule instead of waiting for its time."""
    scheduled.synced.shop.add(name="کفش")
    await scheduled.align()
    await scheduled.system.temporal.get_schedule_handle(scheduled.name(SyncMode.INCREMENTAL)).trigger()
    ended = await scheduled.synced.ended(await scheduled.synced.latest())
    assert (ended.mode, ended.status) == (SyncMode.INCREMENTAL, SyncStatus.SUCCEEDED)


async def test_alignments_are_scheduled(reading: System) -> None:
    """When the worker starts, and every ten minutes from then on."""
    handle = reading.temporal.get_schedule_handle(store_schedules_id(reading.settings.task_queue))
    described = await eventually(handle.describe, lambda now: bool(started_by(now)), what="an alignment")
    assert [turn.every for turn in described.schedule.spec.intervals] == [timedelta(minutes=10)]
    done: Any = await reading.temporal.get_workflow_handle(started_by(described)[0]).result()
    assert "created" in done
