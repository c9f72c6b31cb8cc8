"""The schedules of stores in Temporal, made what the stores want."""

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
from temporal.client import ANSWER_WITHIN, start_catalog_sync
from workflows.catalog_sync import ScheduledSyncWorkflow

CATCH_UP = timedelta(hours=1)
"""How late a sync may begin after Temporal was down; later ones wait for their next turn."""

OURS = "As the store is set; "
"""How our notes begin: a schedule with another one was paused or resumed by somebody in the UI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A schedule as the list of all shows it."""

    paused: bool
    note: str


def _number(store_id: int) -> int:
    return int.from_bytes(hashlib.sha256(str(store_id).encode()).digest()[:8], "big")


def turns(store_id: int, schedule: SyncSchedule) -> dict[SyncMode, ScheduleIntervalSpec]:
    """When a store is read: always at the same moments, other stores at others.

    Full syncs come halfway between two incremental ones, for a store has one sync at a time.
    """
    number, found = _number(store_id), {}
    often = timedelta(hours=schedule.incremental_hours or 6)
    first = timedelta(seconds=number % int(often.total_seconds()))
    if schedule.incremental_hours is not None:
        found[SyncMode.INCREMENTAL] = ScheduleIntervalSpec(every=often, offset=first)
    if schedule.full_days is not None:
        every = timedelta(days=schedule.full_days)
        which = number // int(often.total_seconds()) % max(1, every // often)
        found[SyncMode.FULL] = ScheduleIntervalSpec(
            every=every, offset=(first + often / 2 + which * often) % every
        )
    return found


def _wanted(task_queue: str, store: ReadableStore) -> dict[str, Schedule]:
    """Id -> schedule; the end of its note is a fingerprint of all it should be."""
    found = {}
    for mode, interval in turns(store.store_id, store.schedule).items():
        schedule_id = sync_schedule_id(task_queue, store.store_id, mode)
        action = ScheduleActionStartWorkflow(
            ScheduledSyncWorkflow.run,
            SyncRequest(store_id=store.store_id, mode=mode),
            id=schedule_id,
            task_queue=task_queue,
            static_summary=f"Starts the {mode} sync of store {store.store_id}",
        )
        policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP)
        told = (action.static_summary, interval, policy, store.schedule.paused)
        fingerprint = hashlib.sha256(repr(told).encode()).hexdigest()[:12]
        found[schedule_id] = Schedule(
            action=action,
            spec=ScheduleSpec(intervals=[interval]),
            policy=policy,
            state=ScheduleState(paused=store.schedule.paused, note=f"{OURS}{fingerprint}"),
        )
    return found


def _stays(paused: bool, note: str, wanted: Schedule) -> bool:  # noqa: FBT001 - as Temporal tells it
    """Whether somebody paused it, and nobody but them is to resume it."""
    return paused and not note.startswith(OURS) and not wanted.state.paused


def _family(schedule_id: str) -> str:
    return schedule_id.rpartition("/")[0]


class StoreSchedules:
    """Those of one installation; what goes wrong with Temporal is raised as RPCError."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def found(self) -> dict[str, Found]:
        """Our schedules by their ids; those of the last second may be missing."""
        ours = {_family(sync_schedule_id(self._task_queue, 0, mode)) for mode in SyncMode}
        return {
            listed.id: _found(listed)
            async for listed in await self._client.list_schedules()
            if _family(listed.id) in ours
        }

    async def align(self, found: Mapping[str, Found], stores: Sequence[ReadableStore]) -> Aligned:
        """Make what was found what the stores want; they are to be read after it was listed."""
        aligned = Aligned(stores=len(stores))
        wanted = {
            schedule_id: schedule
            for store in stores
            for schedule_id, schedule in _wanted(self._task_queue, store).items()
        }
        for schedule_id in found.keys() - wanted.keys():
            await self._delete(schedule_id)
            aligned = replace(aligned, deleted=aligned.deleted + 1)
        for schedule_id, schedule in wanted.items():
            there = found.get(schedule_id)
            if there is None:
                await self._create(schedule_id, schedule)
                aligned = replace(aligned, created=aligned.created + 1)
            elif there.note != schedule.state.note and not _stays(there.paused, there.note, schedule):
                await self._update(schedule_id, schedule)
                aligned = replace(aligned, changed=aligned.changed + 1)
        for store in stores:
            aligned = replace(aligned, started=aligned.started + await self._begin(store))
        return aligned

    async def set(self, store_id: int, store: ReadableStore | None, *, insist: bool = False) -> None:
        """Make the schedules of one store what it wants now; None wants none.

        What somebody paused is resumed only where the store insists, having been set anew.
        """
        wanted = _wanted(self._task_queue, store) if store else {}
        for schedule_id, schedule in wanted.items():
            await self._create(schedule_id, schedule, insist=insist)
        for mode in SyncMode:
            schedule_id = sync_schedule_id(self._task_queue, store_id, mode)
            if schedule_id not in wanted:
                await self._delete(schedule_id)
        if store:
            await self._begin(store)

    async def _create(self, schedule_id: str, schedule: Schedule, *, insist: bool = False) -> None:
        try:
            await self._client.create_schedule(schedule_id, schedule, rpc_timeout=ANSWER_WITHIN)
        except ScheduleAlreadyRunningError:
            await self._update(schedule_id, schedule, insist=insist)

    async def _update(self, schedule_id: str, schedule: Schedule, *, insist: bool = False) -> None:
        def renewed(there: ScheduleUpdateInput) -> ScheduleUpdate | None:
            state = there.description.schedule.state
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

    async def _begin(self, store: ReadableStore) -> bool:
        """Read a new shop at once, for its owner waits for the first import."""
        if store.first_sync is None:
            return False
        request = SyncRequest(store_id=store.store_id, mode=store.first_sync)
        try:
            await start_catalog_sync(self._client, request, task_queue=self._task_queue)
        except WorkflowAlreadyStartedError:
            return False
        return True


def _found(listed: ScheduleListDescription) -> Found:
    state = listed.schedule.state if listed.schedule else None
    return Found(paused=bool(state and state.paused), note=(state.note if state else None) or "")
