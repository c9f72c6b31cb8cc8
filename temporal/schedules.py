"""Schedules of the installation: inbox, retention, and the alignment of the stores' schedules."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from contracts.ids import event_inbox_id, event_retention_id, store_schedules_id
from temporal.client import ANSWER_WITHIN
from workflows.event_inbox import EventInboxWorkflow
from workflows.event_retention import EventRetentionWorkflow
from workflows.store_schedules import StoreSchedulesWorkflow

AT_MOST_MISSING = timedelta(minutes=1)
"""How long the inbox may be missing before it is started again."""

ALIGNED_EVERY = timedelta(minutes=10)
"""How long a store's schedule may differ from the store's settings if Temporal was down."""


def _one_at_a_time(catch_up: timedelta) -> SchedulePolicy:
    return SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=catch_up)


def _inbox(task_queue: str) -> Schedule:
    summary = "Starts events that were accepted while Temporal did not answer"
    return Schedule(
        action=ScheduleActionStartWorkflow(
            EventInboxWorkflow.run,
            id=event_inbox_id(task_queue),
            task_queue=task_queue,
            static_summary=summary,
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=AT_MOST_MISSING)]),
        policy=_one_at_a_time(AT_MOST_MISSING),
        state=ScheduleState(note=f"{summary}; it never ends, so it is started only if it is missing"),
    )


def _retention(task_queue: str) -> Schedule:
    summary = "Trims the payloads of events that ended long ago"
    return Schedule(
        action=ScheduleActionStartWorkflow(
            EventRetentionWorkflow.run,
            0,
            id=event_retention_id(task_queue),
            task_queue=task_queue,
            static_summary=summary,
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=timedelta(days=1), offset=timedelta(hours=2))],
            jitter=timedelta(hours=1),
        ),
        policy=_one_at_a_time(timedelta(days=1)),
        state=ScheduleState(note=summary),
    )


def _stores(task_queue: str) -> Schedule:
    summary = "Aligns the schedules of stores with the settings of the stores"
    return Schedule(
        action=ScheduleActionStartWorkflow(
            StoreSchedulesWorkflow.run,
            id=store_schedules_id(task_queue),
            task_queue=task_queue,
            static_summary=summary,
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=ALIGNED_EVERY)]),
        policy=_one_at_a_time(ALIGNED_EVERY),
        state=ScheduleState(note=summary),
    )


async def _ensure(client: Client, name: str, wanted: Schedule, *, at_once: bool) -> None:
    """Create or update a schedule; a paused schedule stays paused."""
    try:
        await client.create_schedule(name, wanted, trigger_immediately=at_once)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(name)

        def renewed(current: ScheduleUpdateInput) -> ScheduleUpdate:
            wanted.state = current.description.schedule.state
            return ScheduleUpdate(wanted)

        await handle.update(renewed)
        if at_once and not wanted.state.paused:
            await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)


async def ensure_schedules(client: Client, *, task_queue: str) -> None:
    """Create or update the schedules of an installation; any number of workers may do so at once."""
    await _ensure(client, event_inbox_id(task_queue), _inbox(task_queue), at_once=True)
    await _ensure(client, event_retention_id(task_queue), _retention(task_queue), at_once=False)
    await _ensure(client, store_schedules_id(task_queue), _stores(task_queue), at_once=True)


async def own_schedules(client: Client, *, task_queue: str) -> tuple[list[str], list[str]]:
    """Returns the ids of the schedules of an installation that are missing, and of the paused ones."""
    missing, paused = [], []
    for name in (event_inbox_id(task_queue), event_retention_id(task_queue), store_schedules_id(task_queue)):
        try:
            described = await client.get_schedule_handle(name).describe(rpc_timeout=ANSWER_WITHIN)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            missing.append(name)
        else:
            if described.schedule.state.paused:
                paused.append(name)
    return missing, paused
