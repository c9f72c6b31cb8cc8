"""Checks of Temporal: the server, the workers that listen, and work in queues without a worker."""

from collections.abc import AsyncIterator, Sequence

from temporalio.client import Client
from temporalio.service import RPCError

from commands.doctor.result import CheckResult
from commands.trouble import temporal_problem
from contracts.wording.counted import counted
from settings import Settings
from temporal.client import missing_search_attributes
from temporal.connecting import open_client
from temporal.open_events import other_queues, other_schedules
from temporal.queues import QueueReader, QueueState
from temporal.schedules import own_schedules
from temporal.store_schedules import StoreSchedules

WAITED_TOO_LONG = 60.0
"""Seconds that work may wait for a worker."""


async def check_temporal(settings: Settings) -> AsyncIterator[CheckResult]:
    """Yields the results of all checks that Temporal lets us make."""
    if not settings.temporal_address:
        advice = "Set PILITO_TEMPORAL_ADDRESS or `pilito up`."
        yield CheckResult(subject="Temporal", said="no address", advice=advice)
        return
    try:
        client = await open_client(settings)
        missing = await missing_search_attributes(client)
        yield CheckResult(
            subject="Temporal", said=f"{settings.temporal_address}, namespace {client.namespace}"
        )
        yield CheckResult(
            subject="Search attributes",
            said=f"missing: {', '.join(missing)}" if missing else "registered",
            advice="Run `pilito prepare-temporal`." if missing else "",
        )
        yield await _schedules(client, settings.task_queue)
        reader = QueueReader(client, task_queue=settings.task_queue)
        yield _workers(await reader.read())
        yield await _forsaken(client, reader, settings.task_queue)
    except (RPCError, RuntimeError, ValueError) as error:
        problem = temporal_problem(error)
        if problem is None:
            raise
        said = f"{settings.temporal_address} cannot be used: {problem.said}"
        yield CheckResult(subject="Temporal", said=said, advice=problem.advice)


async def _schedules(client: Client, task_queue: str) -> CheckResult:
    """Look for schedules of the installation that are missing, and for any that a person paused."""
    missing, paused = await own_schedules(client, task_queue=task_queue)
    paused += await StoreSchedules(client, task_queue=task_queue).paused_by_hand()
    if not missing and not paused:
        return CheckResult(subject="Schedules", said="none missing or paused")
    said = [f"missing: {', '.join(missing)}"] if missing else []
    said += [f"paused: {', '.join(paused)}"] if paused else []
    advice = ["Run `pilito prepare-temporal`."] if missing else []
    advice += ["Resume what should run, in the Temporal UI."] if paused else []
    return CheckResult(
        subject="Schedules", said="; ".join(said), advice=" ".join(advice), is_warning=not missing
    )


def _workers(queues: Sequence[QueueState] | None) -> CheckResult:
    if queues is None:
        return CheckResult(
            subject="Workers", said="Temporal did not say", advice="Run `pilito doctor` again."
        )
    deaf = [state.queue for state in queues if state.is_deserted]
    if deaf:
        advice = f"Start `pilito worker`: with this PILITO_TASK_QUEUE none listens on {' and '.join(deaf)}."
    elif any(state.backlog_seconds > WAITED_TOO_LONG for state in queues):
        advice = "Start more workers, or look into their logs: work waits."
    else:
        advice = ""
    return CheckResult(subject="Workers", said="; ".join(map(_described, queues)), advice=advice)


def _described(state: QueueState) -> str:
    said = f"{state.workers} on {state.queue}"
    if not state.backlog:
        return said
    waiting = counted(state.backlog, "task waits", "tasks wait")
    return f"{said}, where {waiting}, the oldest for {state.backlog_seconds:.0f} s"


async def _forsaken(client: Client, reader: QueueReader, task_queue: str) -> CheckResult:
    """Find queues of an earlier PILITO_TASK_QUEUE: with open workflows or schedules, and without a worker."""
    known = [state.queue for state in await reader.read() or ()] or [task_queue]
    workflows, schedules = await other_queues(client, known), await other_schedules(client, task_queue)
    forsaken = []
    for queue in sorted({*workflows, *schedules}):
        state = (await QueueReader(client, task_queue=queue).read() or [None])[0]
        if state is not None and not state.workers:
            open_ones = counted(workflows.get(queue, 0), "open workflow")
            counts = f"{open_ones}, {counted(len(schedules.get(queue, ())), 'schedule')}"
            forsaken.append(f"{queue} ({counts})")
    if not forsaken:
        return CheckResult(subject="Other queues", said="none without a worker")
    return CheckResult(
        subject="Other queues",
        said=f"no worker listens on {', '.join(forsaken)}",
        advice=(
            "If PILITO_TASK_QUEUE was renamed, run a worker with the old name until its events have ended;"
            " then delete its schedules and terminate what is left in the Temporal UI."
        ),
    )
