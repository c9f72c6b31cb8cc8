"""Workers of two versions side by side: an event ends on the version that started it."""

from collections.abc import Sequence
from functools import partial

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import VersioningBehavior

from contracts.events import EventOutcome, ProductEvent
from fakes.openai import EmbeddingServer
from temporal.deployments import RollOutRefused, make_current, versions
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.pilito import Pilito
from tests.support.shop import Shop
from tests.support.system import running, running_inbox, working
from workflows import VERSIONED_WORKFLOWS, WORKFLOWS
from workflows.pinned import PinnedProductEventWorkflow
from workflows.product_event import ProductEventWorkflow

QUEUE = "rolled.out"
OTHERS = tuple(one for one in VERSIONED_WORKFLOWS if one is not PinnedProductEventWorkflow)


@workflow.defn(name="ProductEvent", sandboxed=False, versioning_behavior=VersioningBehavior.PINNED)
class NextWorkflow(ProductEventWorkflow):
    """A version with one more step, without a patch: it can continue no event of the former version."""

    @workflow.init
    def __init__(self, event: ProductEvent) -> None:
        super().__init__(event)

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        await workflow.sleep(0.01)
        return await super().run(event)


async def current(client: Client, build_id: str | None) -> bool:
    """Make a version the current one; returns False while its workers are not seen on both queues."""
    try:
        await make_current(client, QUEUE, build_id)
    except RollOutRefused:
        return False
    return {one.build_id for one in await versions(client, QUEUE) if one.status == "current"} == {build_id}


async def processed_by(shop: Shop, event_id: str) -> set[str]:
    """Returns the versions of the workers that processed an event's workflow tasks."""
    handle = shop.temporal.get_workflow_handle(shop.workflow_id(event_id))
    await handle.result()  # a step within a workflow task ends the event before the task is in the history
    history = await handle.fetch_history()
    return {
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    }


async def synced_by(shop: Shop, number: int) -> set[str]:
    """Sync a new product; returns the versions of the workers that did it."""
    event_id = f"event-{number}"
    assert await shop.sync({"id": number, "name": f"Lamp {number}"}, event_id=event_id) == "succeeded"
    return await processed_by(shop, event_id)


async def test_events_end_on_their_version_and_new_ones_start_on_the_current_one(
    configure: Configure,
    embeddings: EmbeddingServer,
    monkeypatch: pytest.MonkeyPatch,
    temporal_address: str,
) -> None:
    """Old and new code differ without a patch, and no event fails: rolled out, and rolled back."""
    settings = configure(task_queue=QUEUE, worker_build_id="1.0")
    pilito = Pilito({"PILITO_TEMPORAL_ADDRESS": temporal_address, "PILITO_TASK_QUEUE": QUEUE})
    async with running(settings) as system:
        client = system.temporal
        await eventually(partial(current, client, "1.0"), what="the first version")
        shop = await system.shop()
        embeddings.fail_always("hang")
        started = await shop.submit({"id": 1, "name": "Lamp 1"})
        await eventually(
            partial(shop.event, started), lambda row: row is not None and row["status"] == "processing"
        )
        with monkeypatch.context() as changed:
            changed.setattr("worker.VERSIONED_WORKFLOWS", (*OTHERS, NextWorkflow))
            following = settings.model_copy(update={"worker_build_id": "2.0"})
            async with working(following, schedules=False):
                await eventually(partial(current, client, "2.0"), what="the next version")
                embeddings.fail_always(None)
                embeddings.release()
                assert (await shop.ended(started))["status"] == "succeeded"
                assert await processed_by(shop, started) == {"1.0"}
                assert await synced_by(shop, 2) == {"2.0"}
                assert (await pilito("roll-out")).text == "current   2.0\ndraining  1.0\n"
                back = await pilito("roll-out", "1.0")
                assert (back.code, back.text.split(".")[:2]) == (0, ["Version 1", "0: current"])
                assert await synced_by(shop, 3) == {"1.0"}
        inbox = await eventually(partial(running_inbox, client, QUEUE), what="the inbox")
        assert inbox is not None
        described = await client.get_workflow_handle(inbox.workflow_id).describe()
        behaviour = described.raw_description.workflow_execution_info.versioning_info.behavior
        assert behaviour == VersioningBehavior.AUTO_UPGRADE.value


async def test_a_version_without_workers_takes_up_nothing(
    pilito_of_queue: Pilito, temporal_address: str
) -> None:
    """Temporal refuses it, and the command says what to start; before, there was no version at all."""
    listed = await pilito_of_queue("roll-out")
    assert "No worker has had a version" in listed.text
    refused = await pilito_of_queue("roll-out", "9.9")
    assert refused.code == 1
    assert "Start workers for events and for bulk work" in refused.text
    both = await pilito_of_queue("roll-out", "9.9", "--unversioned")
    assert (both.code, both.text) == (1, "Name a version or --unversioned, not both.\n")


@pytest.fixture
def pilito_of_queue(temporal_address: str) -> Pilito:
    return Pilito({"PILITO_TEMPORAL_ADDRESS": temporal_address, "PILITO_TASK_QUEUE": "without-versions"})


def behaviours(workflows: Sequence[type]) -> dict[str, VersioningBehavior | None]:
    definitions = [workflow._Definition.must_from_class(one) for one in workflows]
    return {str(one.name): one.versioning_behavior for one in definitions}


def test_only_events_are_pinned() -> None:
    """All others last for days, or repeat: they continue on the current version, behind patches."""
    versioned = behaviours(VERSIONED_WORKFLOWS)
    pinned = {name for name, said in versioned.items() if said is VersioningBehavior.PINNED}
    assert pinned == {"ProductEvent"}


def test_workers_with_and_without_a_version_know_the_same_workflows() -> None:
    """Temporal refuses a behaviour of a worker without a version."""
    assert set(behaviours(WORKFLOWS)) == set(behaviours(VERSIONED_WORKFLOWS))
    assert set(behaviours(WORKFLOWS).values()) == {VersioningBehavior.UNSPECIFIED}
