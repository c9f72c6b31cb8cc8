"""One delivery of a shop, from its arrival to what search finds."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from workflows.policies import DATABASE, SHOP

with workflow.unsafe.imports_passed_through():
    from activities.events.confirm import ConfirmActivities
    from activities.events.record import EventActivities
    from activities.events.save import ProductActivities
    from contracts.events import (
        EventOutcome,
        EventStatus,
        FinishedEvent,
        ProductEvent,
        RecordedEvent,
        TextVersion,
    )
    from workflows.indexing import OUTDATED, index_product, plain

EVENT_STATUS = SearchAttributeKey.for_keyword("EventStatus")

CANCELLED = EventOutcome(status=EventStatus.FAILED, reason="Somebody cancelled its workflow.")


@workflow.defn(name="ProductEvent")
class ProductEventWorkflow:
    """Take a change until its product is quiet, save it, and make its text known."""

    @workflow.init
    def __init__(self, event: ProductEvent) -> None:
        self._event = event
        self._superseded_by: str | None = None

    @workflow.signal
    def superseded(self, event_id: str) -> None:
        """A newer event of the same thing is here; waiting on is of no use."""
        self._superseded_by = event_id

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        recorded = await workflow.execute_local_activity_method(
            EventActivities.record_event, event, **DATABASE
        )
        if recorded.duplicate:
            return self._show(EventOutcome(status=EventStatus.DUPLICATE, reason="It was processed before."))
        if recorded.outcome is not None:
            return self._end(recorded.outcome)
        try:
            outcome = await self._process(recorded)
        except (FailureError, asyncio.CancelledError) as error:
            if is_cancelled_exception(error):
                await self._finish(recorded, CANCELLED, abandons=True)
                self._show(CANCELLED)
                raise
            outcome = EventOutcome(status=EventStatus.FAILED, reason=plain(error))
        await self._finish(recorded, outcome)
        return self._end(outcome)

    async def _finish(
        self, recorded: RecordedEvent, outcome: EventOutcome, *, abandons: bool = False
    ) -> None:
        await workflow.execute_local_activity_method(
            EventActivities.finish_event,
            FinishedEvent(event_row=recorded.row_id, outcome=outcome, abandons=abandons),
            **DATABASE,
        )

    def _end(self, outcome: EventOutcome) -> EventOutcome:
        self._show(outcome)
        if outcome.status is EventStatus.FAILED:
            raise ApplicationError(outcome.reason, type="failed", non_retryable=True)
        return outcome

    async def _process(self, recorded: RecordedEvent) -> EventOutcome:
        await asyncio.gather(self._quiet(recorded.debounce_seconds), self._supersede(recorded.supersedes))
        note = await self._pull(recorded.row_id) if recorded.pull and not self._superseded_by else ""
        if self._superseded_by:
            reason = f"Event {self._superseded_by} is newer."
            return EventOutcome(status=EventStatus.SUPERSEDED, reason=reason)
        outcome = await self._save(recorded)
        return replace(outcome, reason=f"{outcome.reason} {note}") if note else outcome

    async def _save(self, recorded: RecordedEvent) -> EventOutcome:
        saved = await workflow.execute_local_activity_method(
            ProductActivities.save_product, recorded.row_id, **DATABASE
        )
        if saved.product_id:
            known = await index_product(
                TextVersion(
                    event_row=recorded.row_id,
                    product_id=saved.product_id,
                    content_hash=saved.content_hash,
                )
            )
            return saved.outcome or known
        return saved.outcome or OUTDATED

    async def _quiet(self, seconds: float) -> None:
        """Wait for the product to fall quiet, or for a newer change of it."""
        if seconds > 0:
            try:
                await workflow.wait_condition(
                    lambda: self._superseded_by is not None,
                    timeout=timedelta(seconds=seconds),
                    timeout_summary="waiting for the product to fall quiet",
                )
            except TimeoutError:
                return

    async def _pull(self, event_row: int) -> str:
        """Let the event say what its shop says now, unless a newer one comes; answers what to tell of it."""
        pulling = workflow.start_activity_method(ConfirmActivities.confirm_event, event_row, **SHOP)
        try:
            await workflow.wait_condition(lambda: pulling.done() or self._superseded_by is not None)
        finally:
            pulling.cancel()
        try:
            return (await pulling).note
        except ActivityError as error:
            if is_cancelled_exception(error):
                return ""
            return f"It was believed without a look into the shop: {plain(error)}"

    async def _supersede(self, older: tuple[str, ...]) -> None:
        """Wake the older events; one that ended in the meantime needs no waking."""
        for workflow_id in older:
            handle: workflow.ExternalWorkflowHandle[ProductEventWorkflow] = (
                workflow.get_external_workflow_handle(workflow_id)
            )
            try:
                await handle.signal(ProductEventWorkflow.superseded, self._event.event_id)
            except FailureError:
                workflow.logger.info("%s ended before it could be overtaken", workflow_id)

    def _show(self, outcome: EventOutcome) -> EventOutcome:
        workflow.upsert_search_attributes([EVENT_STATUS.value_set(outcome.status)])
        return outcome
