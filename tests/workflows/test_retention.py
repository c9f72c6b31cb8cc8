"""Payloads of old events are trimmed; their outcomes stay."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import ScheduleHandle, WorkflowExecutionStatus

from activities.events import retention
from contracts.ids import event_inbox_id, event_retention_id
from database.events import retention as batches
from fakes.openai import EmbeddingServer, bad_request
from temporal.schedules import ensure_schedules
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System, running, running_inbox, started_by

QUEUE = "trimming"
LAMP = {"id": 1, "name": "لامپ", "description": "<p>روشن</p>", "price": "5"}


@pytest_asyncio.fixture(scope="module")
async def trimming(configure: Configure) -> AsyncIterator[System]:
    async with running(configure(task_queue=QUEUE, debounce_seconds=0.3)) as started:
        yield started


def schedule(system: System) -> ScheduleHandle:
    return system.temporal.get_schedule_handle(event_retention_id(QUEUE))


async def aged(shop: Shop, days: int, *events: str) -> None:
    async with shop.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE events SET finished_at = now() - make_interval(days => :days)"
                " WHERE store_id = :store AND event_id = ANY(:events)"
            ),
            {"days": days, "store": shop.store_id, "events": list(events)},
        )


async def trim(system: System) -> int:
    """Run the retention workflow; returns how many payloads it trimmed."""
    handle = schedule(system)
    before = (await handle.describe()).info.num_actions
    await handle.trigger()
    described = await eventually(
        handle.describe, lambda now: now.info.num_actions > before, what="the scheduled run"
    )
    run = system.temporal.get_workflow_handle(started_by(described)[-1])
    trimmed: int = await run.result()
    return trimmed


async def kept(shop: Shop) -> dict[str, bool]:
    rows = await shop.rows("SELECT event_id, payload IS NOT NULL AS kept FROM events WHERE store_id = :store")
    return {row["event_id"]: row["kept"] for row in rows}


async def test_only_payloads_of_events_that_ended_long_ago_are_trimmed(
    trimming: System, embeddings: EmbeddingServer
) -> None:
    """Recent, failed and unfinished events keep their payloads; every row and outcome stays."""
    shop = await trimming.shop()
    await shop.sync(LAMP, event_id="old")
    await shop.sync(LAMP, event_id="young")
    embeddings.fail_always(bad_request())
    assert await shop.sync({**LAMP, "id": 2}, event_id="failed") == "failed"
    embeddings.fail_always("hang")
    unfinished = await shop.submit({**LAMP, "id": 3}, event_id="unfinished")
    await eventually(
        lambda: shop.event(unfinished), lambda row: row is not None and row["status"] == "processing"
    )
    before = await shop.event("old")
    await aged(shop, 91, "old", "failed")
    await aged(shop, 89, "young")
    assert await trim(trimming) == 1
    assert await kept(shop) == {"old": False, "young": True, "failed": True, "unfinished": True}
    after = await shop.event("old")
    assert before is not None
    assert after is not None
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"payload", "payload_trimmed_at", "finished_at"}
    admin = await session(trimming, "retention@example.com", is_staff=True)
    shown = (await shop.http.get(f"/api/v1/integrations/events/{after['id']}/", headers=admin)).json()
    assert shown["payload"] is None
    assert datetime.fromisoformat(shown["payload_trimmed_at"]) <= datetime.now(UTC)
    embeddings.fail_always(None)
    embeddings.release()
    await shop.ended(unfinished)


async def test_any_number_is_trimmed_in_small_steps(
    trimming: System, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions and activities are bounded; the run returns the sum."""
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "BATCHES", 2)
    shop = await trimming.shop()
    sent = [await shop.submit({**LAMP, "id": n}) for n in range(1, 8)]
    for event in sent:
        await shop.ended(event)
    await aged(shop, 100, *sent)
    assert await trim(trimming) == 7
    assert not any((await kept(shop)).values())


async def test_a_retry_resumes_after_the_last_batch(
    trimming: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry counts earlier batches once and does not read them again."""
    monkeypatch.setattr(retention, "BATCH", 1)
    shop = await trimming.shop()
    sent = [await shop.submit({**LAMP, "id": n}) for n in (1, 2, 3)]
    for days, event in zip((103, 102, 101), sent, strict=True):
        await shop.ended(event)
        await aged(shop, days, event)
    whole, asked = batches.trim, []

    async def dying(*arguments: Any, **named: Any) -> Any:
        asked.append(named["since"])
        if len(asked) == 2:
            raise RuntimeError("as if by kill -9")
        return await whole(*arguments, **named)

    monkeypatch.setattr(batches, "trim", dying)
    assert await trim(trimming) == 3
    assert asked[1] == asked[2] is not None, "the second attempt goes on after the first batch"


async def test_a_reset_of_a_trimmed_event_changes_nothing(
    trimming: System, embeddings: EmbeddingServer
) -> None:
    """After a reset to any step, the event ends with a reason; its outcome and newer changes stay."""
    shop = await trimming.shop()
    await shop.sync(LAMP, event_id="old")
    await shop.sync({**LAMP, "price": "7", "description": "<p>تازه</p>"}, event_id="new")
    await aged(shop, 91, "old")
    await trim(trimming)
    row, product, requests = await shop.event("old"), await shop.product(1), len(embeddings.requests)
    assert row is not None
    saving = {
        "ignored": "was trimmed",
        "superseded": "changed again",
    }  # a late worker saves in its first task
    for step, reasons in enumerate(({"duplicate": "before"}, saving)):
        result = await reset(shop, "old", step)
        assert reasons[result["status"]] in result["reason"]
        after = await shop.event("old")
        assert after is not None
        changed = {name for name in row if row[name] != after[name]}
        assert changed <= {"redeliveries", "attempts"}
    assert await shop.product(1) == product
    assert len(embeddings.requests) == requests


async def reset(shop: Shop, event_id: str, step: int) -> dict[str, Any]:
    """Reset a workflow to the task of this number; returns the result of the new run."""
    workflow_id = shop.workflow_id(event_id)
    original = (await shop.event(event_id) or {})["run_id"]
    history = await shop.temporal.get_workflow_handle(workflow_id, run_id=original).fetch_history()
    tasks = [
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
    answer = await shop.temporal.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=shop.temporal.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=original),
            reason="try again",
            workflow_task_finish_event_id=tasks[step],
            request_id=f"{workflow_id}/{step}",
        )
    )
    result: dict[str, Any] = await shop.temporal.get_workflow_handle(
        workflow_id, run_id=answer.run_id
    ).result()
    return result


async def test_schedules_are_made_once_and_brought_up_to_date(trimming: System) -> None:
    """Any number of workers may start; a schedule that an operator paused stays paused."""
    handle = schedule(trimming)
    await handle.pause()
    first = await handle.describe()
    await ensure_schedules(trimming.temporal, task_queue=QUEUE)
    again = await handle.describe()
    assert again.schedule.state.paused
    assert again.schedule.spec == first.schedule.spec
    assert again.id == first.id
    await handle.unpause()


async def test_the_inbox_survives_being_terminated(trimming: System) -> None:
    """The schedule starts the inbox again, and never a second one."""
    client = trimming.temporal
    inbox = await eventually(partial(running_inbox, client, QUEUE), what="the inbox")
    assert inbox is not None
    handle = client.get_schedule_handle(event_inbox_id(QUEUE))
    await handle.trigger()
    assert await running_inbox(client, QUEUE) == inbox
    await client.get_workflow_handle(inbox.workflow_id).terminate("by mistake")
    other = await eventually(
        partial(running_inbox, client, QUEUE),
        lambda now: now not in (None, inbox),
        what="another inbox",
        patience=90,
    )
    assert other is not None
    described = await client.get_workflow_handle(other.workflow_id).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
