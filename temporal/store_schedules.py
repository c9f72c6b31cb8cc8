"""The sync schedules of stores in Temporal."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import sync_schedule_id
from contracts.stores import Aligned, ReadableStore, SyncSchedule
from contracts.syncs import SyncMode, SyncRequest
from temporal.client import ANSWER_WITHIN
from temporal.starts import start_catalog_sync
from workflows.catalog_sync import ScheduledSyncWorkflow
from workflows.policies import of_store

CATCH_UP = timedelta(hours=1)
"""How late a sync may start after Temporal was down; a later one waits for its next time."""

OURS = "As the store is set; "
"""The start of our notes; a schedule with another note was paused or resumed in the UI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSchedule:
    """A schedule in Temporal's list of schedules."""

    paused: bool
    note: str


def _number(store_id: int) -> int:
    return int.from_bytes(hashlib.sha256(str(store_id).encode()).digest()[:8], "big")


def turns(store_id: int, schedule: SyncSchedule) -> dict[SyncMode, ScheduleIntervalSpec]:
    """Returns the times of a store's syncs by mode; stores are spread over the interval by their ids.

    Full syncs start halfway between two incremental ones, because a store has one sync at a time.
    """
    number, intervals = _number(store_id), {}
    often = timedelta(hours=schedule.incremental_hours or 6)
    first = timedelta(seconds=number % int(often.total_seconds()))
    if schedule.incremental_hours is not None:
        intervals[SyncMode.INCREMENTAL] = ScheduleIntervalSpec(every=often, offset=first)
    if schedule.full_days is not None:
        every = timedelta(days=schedule.full_days)
        which = number // int(often.total_seconds()) % max(1, every // often)
        intervals[SyncMode.FULL] = ScheduleIntervalSpec(
            every=every, offset=(first + often / 2 + which * often) % every
        )
    return intervals


def _wanted(task_queue: str, store: ReadableStore) -> dict[str, Schedule]:
    """Returns schedules by id; the note of each ends with a fingerprint of its settings."""
    found = {}
    for mode, interval in turns(store.store_id, store.schedule).items():
        schedule_id = sync_schedule_id(task_queue, store.store_id, mode)
        request = SyncRequest(store_id=store.store_id, mode=mode, task_queue=task_queue)
        action = ScheduleActionStartWorkflow(
            ScheduledSyncWorkflow.run,
            request,
            id=schedule_id,
            task_queue=task_queue,
            priority=of_store(store.store_id),
            static_summary=f"Starts the {mode} sync of store {store.store_id}",
        )
        policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP)
        settings = (action.static_summary, request, action.priority, interval, policy, store.schedule.paused)
        fingerprint = hashlib.sha256(repr(settings).encode()).hexdigest()[:12]
        found[schedule_id] = Schedule(
            action=action,
            spec=ScheduleSpec(intervals=[interval]),
            policy=policy,
            state=ScheduleState(paused=store.schedule.paused, note=f"{OURS}{fingerprint}"),
        )
    return found


def _stays(paused: bool, note: str, wanted: Schedule) -> bool:  # noqa: FBT001 - as in Temporal's ScheduleState
    """Returns whether a person paused the schedule, so that only a person may resume it."""
    return paused and not note.startswith(OURS) and not wanted.state.paused


def _family(schedule_id: str) -> str:
    return schedule_id.rpartition("/")[0]


class StoreSchedules:
    """The sync schedules of an installation; errors of Temporal are raised as RPCError."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def list(self) -> dict[str, ListedSchedule]:
        """Returns our schedules by id; schedules of the last second may be missing."""
        ours = {_family(sync_schedule_id(self._task_queue, 0, mode)) for mode in SyncMode}
        return {
            schedule.id: _listed(schedule)
            async for schedule in await self._client.list_schedules()
            if _family(schedule.id) in ours
        }

    async def paused_by_hand(self) -> Sequence[str]:
        """Returns the ids of our schedules that a person paused in the UI."""
        listed = await self.list()
        return [name for name, one in listed.items() if one.paused and not one.note.startswith(OURS)]

    async def align(self, listed: Mapping[str, ListedSchedule], stores: Sequence[ReadableStore]) -> Aligned:
        """Align the listed schedules with the stores, which must be read after `list` was called."""
        aligned = Aligned(stores=len(stores))
        wanted = {
            schedule_id: schedule
            for store in stores
            for schedule_id, schedule in _wanted(self._task_queue, store).items()
        }
        for schedule_id in listed.keys() - wanted.keys():
            await self._delete(schedule_id)
            aligned = replace(aligned, deleted=aligned.deleted + 1)
        for schedule_id, schedule in wanted.items():
            current = listed.get(schedule_id)
            if current is None:
                await self._create(schedule_id, schedule)
                aligned = replace(aligned, created=aligned.created + 1)
            elif current.note != schedule.state.note and not _stays(current.paused, current.note, schedule):
                await self._update(schedule_id, schedule)
                aligned = replace(aligned, changed=aligned.changed + 1)
        for store in stores:
            aligned = replace(aligned, started=aligned.started + await self._start_first_sync(store))
        return aligned

    async def set(self, store_id: int, store: ReadableStore | None, *, insist: bool = False) -> None:
        """Align the schedules of one store; None removes them.

        A schedule that a person paused is resumed only with `insist`, after the store's schedule was changed.
        """
        wanted = _wanted(self._task_queue, store) if store else {}
        for schedule_id, schedule in wanted.items():
            await self._create(schedule_id, schedule, insist=insist)
        for mode in SyncMode:
            schedule_id = sync_schedule_id(self._task_queue, store_id, mode)
            if schedule_id not in wanted:
                await self._delete(schedule_id)
        if store:
            await self._start_first_sync(store)

    async def _create(self, schedule_id: str, schedule: Schedule, *, insist: bool = False) -> None:
        try:
            await self._client.create_schedule(schedule_id, schedule, rpc_timeout=ANSWER_WITHIN)
        except ScheduleAlreadyRunningError:
            await self._update(schedule_id, schedule, insist=insist)

    async def _update(self, schedule_id: str, schedule: Schedule, *, insist: bool = False) -> None:
        def renewed(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
            state = current.description.schedule.state
            stays = _stays(state.paused, state.note or "", schedule) and not insist
            return None if stays else ScheduleUpdate(schedule)

        handle = self._client.get_schedule_handle(schedule_id)
        await handle.update(renewed, rpc_timeout=ANSWER_WITHIN)

    async def _delete(self, schedule_id: str) -> None:
        try:
            await self._client.get_schedule_handle(schedule_id).delete(rpc_timeout=ANSWER_WITHIN)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _start_first_sync(self, store: ReadableStore) -> bool:
        """Start the first sync of a new store at once; returns whether it was started."""
        if store.first_sync is None:
            return False
        request = SyncRequest(store_id=store.store_id, mode=store.first_sync)
        try:
            await start_catalog_sync(self._client, request, task_queue=self._task_queue)
        except WorkflowAlreadyStartedError:
            return False
        return True


def _listed(schedule: ScheduleListDescription) -> ListedSchedule:
    state = schedule.schedule.state if schedule.schedule else None
    return ListedSchedule(paused=bool(state and state.paused), note=(state.note if state else None) or "")
