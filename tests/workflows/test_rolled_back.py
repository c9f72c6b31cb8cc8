"""Workers with another version of the workflows: rolled forward without a patch, and rolled back."""

from functools import partial

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from activities.events.stalled import REFUSED
from contracts.events import EventOutcome, ProductEvent, RecordedEvent
from fakes.openai import EmbeddingServer
from settings import Settings
from temporal.client import status_of
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.recovery import age, look
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System, running
from workflows import WORKFLOWS
from workflows.product_event import EVENT_STATUS, ProductEventWorkflow

LAMP = {"id": 1, "name": "Lamp", "price": "5"}
OTHERS = tuple(one for one in WORKFLOWS if one is not ProductEventWorkflow)


@workflow.defn(name="ProductEvent", sandboxed=False)
class UnpatchedWorkflow(ProductEventWorkflow):
    """A version that shows that it waits, and waits without a timer, without a patch."""

    @workflow.init
    def __init__(self, event: ProductEvent) -> None:
        super().__init__(event)

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        return await super().run(event)

    async def _debounce(self, seconds: float) -> None:
        workflow.upsert_search_attributes([EVENT_STATUS.value_set("waiting")])
        await workflow.wait_condition(lambda: self._superseded_by is not None)


@workflow.defn(name="ProductEvent", sandboxed=False)
class BrokenWorkflow(ProductEventWorkflow):
    """A version with a programming error after the debounce."""

    @workflow.init
    def __init__(self, event: ProductEvent) -> None:
        super().__init__(event)

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        return await super().run(event)

    async def _save(self, recorded: RecordedEvent, note: str) -> EventOutcome:
        raise ZeroDivisionError


async def waiting(system: System, shop: Shop) -> str:
    """Send an event, and return its id while it is in its debounce, with its first step in the history."""
    shop.http = system.http
    event_id = await shop.submit(LAMP)
    await shop.taken_up(event_id)
    history = system.temporal.get_workflow_handle(shop.workflow_id(event_id)).fetch_history
    await eventually(
        history,
        lambda found: any(
            event.HasField("workflow_task_completed_event_attributes") for event in found.events
        ),
        what="the first answer of the workflow",
    )
    return event_id


async def becomes_failed(system: System, shop: Shop, event_id: str) -> None:
    """The event's workflow goes on and fails, and recovery fails the event with a reason."""
    shop.http = system.http
    workflow_id = shop.workflow_id(event_id)
    await system.temporal.get_workflow_handle(workflow_id).signal(
        ProductEventWorkflow.superseded, "a newer one"
    )
    status = partial(status_of, system.temporal, workflow_id)
    await eventually(status, lambda now: now == "FAILED", what="the failure of the workflow")
    await age(shop, event_id)
    await look(system)
    row = await shop.ended(event_id)
    assert row["status"] == "failed"
    assert "another version of the code" in row["reason"]


async def test_events_of_another_version_fail_and_can_be_retried(
    configure: Configure, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One version, a changed one without a patch, and the first one again: no event waits without a word."""
    settings = configure(task_queue="rolled-back", debounce_seconds=60.0, debounce_max_seconds=60.0)
    async with running(settings) as system:
        shop = await system.shop()
        old = await waiting(system, shop)
    with monkeypatch.context() as changed:
        changed.setattr("worker.WORKFLOWS", (*OTHERS, UnpatchedWorkflow))
        async with running(settings) as system:
            await becomes_failed(system, shop, old)
            new = await waiting(system, shop)
    async with running(configure(task_queue="rolled-back")) as system:
        await becomes_failed(system, shop, new)
        admin = await session(system, "roll@example.com", is_staff=True)
        for event_id in (old, new):
            row = await shop.event(event_id)
            assert row is not None
            path = f"/api/v1/integrations/events/{row['id']}/retry/"
            assert (await system.http.post(path, headers=admin)).status_code == 202
            row = await eventually(
                partial(shop.event, event_id), lambda row: row is not None and row["status"] != "failed"
            )
        assert {(await shop.ended(event_id))["status"] for event_id in (old, new)} <= {
            "succeeded",
            "superseded",
            "unchanged",
            "stale",
        }
        product = await shop.product(1)
        assert product is not None
        assert product["title"] == "Lamp"


async def test_an_event_that_no_worker_can_continue_says_so(
    configure: Configure, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A programming error in a workflow shows in the event, which goes on with the next version."""
    settings: Settings = configure(task_queue="broken", debounce_seconds=5.0)
    with monkeypatch.context() as changed:
        changed.setattr("worker.WORKFLOWS", (*OTHERS, BrokenWorkflow))
        changed.setattr("activities.events.stalled.MANY_REFUSALS", 2)
        async with running(settings) as system:
            shop = await system.shop()
            event_id = await waiting(system, shop)
            handle = system.temporal.get_workflow_handle(shop.workflow_id(event_id))
            await eventually(
                handle.describe,
                lambda now: now.raw_description.pending_workflow_task.attempt > 2,
                what="refusals",
            )
            await age(shop, event_id)
            await look(system)
            row = await eventually(
                partial(shop.event, event_id), lambda row: row is not None and row["status"] == "retrying"
            )
            assert row is not None
            assert row["reason"] == REFUSED
    async with running(settings):
        assert (await shop.ended(event_id))["status"] == "succeeded"


async def test_a_workflow_that_the_code_does_not_have_fails(system: System) -> None:
    """As after a roll-back of the version that brought the workflow."""
    started = await system.temporal.start_workflow(
        "FromTheFuture", id="from-the-future", task_queue=system.settings.task_queue
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await started.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == "This version of the worker has no workflow FromTheFuture."
