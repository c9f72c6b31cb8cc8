"""The baseline: a workflow with the activities of `ProductEvent`, which do nothing."""

from collections.abc import Callable
from typing import Any

from temporalio import activity, workflow

from contracts.wording.counted import indexed
from workflows.policies import DATABASE, EMBEDDING

with workflow.unsafe.imports_passed_through():
    from contracts.events import (
        EventOutcome,
        EventStatus,
        FinishedEvent,
        ProductEvent,
        RecordedEvent,
        SavedProduct,
        TextVersion,
    )

TASK_QUEUE = "bench-bare"


@activity.defn
async def record(event: ProductEvent) -> RecordedEvent:
    return RecordedEvent(row_id=1)


@activity.defn
async def save(event_row: int) -> SavedProduct:
    return SavedProduct(product_id=1, content_hash="0" * 64)


@activity.defn
async def stage(version: TextVersion) -> int:
    return 1


@activity.defn
async def embed(version: TextVersion) -> bool:
    return True


@activity.defn
async def publish(version: TextVersion) -> bool:
    return True


@activity.defn
async def finish(event: FinishedEvent) -> None:
    return


STEPS: list[Callable[..., Any]] = [record, save, stage, embed, publish, finish]


@workflow.defn(name="BareProductEvent")
class BareWorkflow:
    """Five local activities and a regular one, in the order and with the options of `ProductEvent`."""

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        recorded = await workflow.execute_local_activity(record, event, **DATABASE)
        saved = await workflow.execute_local_activity(save, recorded.row_id, **DATABASE)
        version = TextVersion(
            event_row=recorded.row_id, product_id=saved.product_id, content_hash=saved.content_hash
        )
        missing = await workflow.execute_local_activity(stage, version, **DATABASE)
        await workflow.execute_activity(embed, version, **EMBEDDING)
        await workflow.execute_local_activity(publish, version, **DATABASE)
        outcome = EventOutcome(status=EventStatus.SUCCEEDED, reason=indexed(missing))
        finished = FinishedEvent(event_row=recorded.row_id, outcome=outcome)
        await workflow.execute_local_activity(finish, finished, **DATABASE)
        return outcome
