"""Index a text that no event will index, because its event is gone."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

from workflows.policies import DATABASE

with workflow.unsafe.imports_passed_through():
    from activities.events.stalled import StalledActivities
    from contracts.events import EventOutcome, EventStatus
    from workflows.indexing import index_product, plain


@workflow.defn(name="ProductText")
class ProductTextWorkflow:
    """Index the current text of a product; after a final failure the product's next event tries again."""

    @workflow.run
    async def run(self, product_id: int) -> EventOutcome:
        version = await workflow.execute_local_activity_method(
            StalledActivities.unindexed_version, product_id, **DATABASE
        )
        if version is None:
            return EventOutcome(
                status=EventStatus.UNCHANGED, reason="The text is indexed already, or an event will index it."
            )
        try:
            return await index_product(version)
        except (FailureError, asyncio.CancelledError) as error:
            await workflow.execute_local_activity_method(
                StalledActivities.abandon_indexing, version, **DATABASE
            )
            if is_cancelled_exception(error):
                raise
            raise ApplicationError(plain(error), type="failed", non_retryable=True) from None
