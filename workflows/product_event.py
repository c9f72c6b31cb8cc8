"""The workflow of one event: record, debounce, confirm, save, index, finish."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from workflows.policies import DATABASE, SHOP

with workflow.unsafe.imports_passed_through():
    from activities.events.confirm import ConfirmActivities
    from activities.events.process import ProcessActivities
    from activities.events.record import EventActivities
    from activities.events.save import ProductActivities
    from contracts.events import (
        BegunEvent,
        EventOutcome,
        EventStatus,
        EventText,
        FinishedEvent,
        ProcessedEvent,
        ProductEvent,
        RecordedEvent,
        RecordedRow,
        SavedProduct,
        TextVersion,
    )
    from contracts.retry import ROW_GONE
    from workflows.indexing import OUTDATED, cause_of, index_event, index_product, index_rest, plain

EVENT_STATUS = SearchAttributeKey.for_keyword("EventStatus")

AT_ONCE = "index-at-once"
"""The patch that tries to embed at once, and ends an event together with its text."""

RECORDINGS = 3
"""How often a run may record its event: again where the row is gone, as after a restore of the database."""

CANCELLED = EventOutcome(status=EventStatus.FAILED, reason="The workflow was cancelled.")

LOST = EventOutcome(
    status=EventStatus.FAILED, reason="The database was restored again and again; send the product again."
)


class _RowGone(Exception):
    """The event's row is gone, or belongs to another workflow."""


@workflow.defn(name="ProductEvent")
class ProductEventWorkflow:
    """Debounce a change, save it, and index its product's text."""

    @workflow.init
    def __init__(self, event: ProductEvent) -> None:
        self._event = event
        self._superseded_by: str | None = None
        self._has_saved = False
        self._has_ended = False

    @workflow.signal
    def superseded(self, event_id: str) -> None:
        """A newer event of the same product or variation has arrived, so this one ends its debounce."""
        self._superseded_by = event_id

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        if event.received_at is None:
            event = replace(event, received_at=workflow.info().workflow_start_time)
        for number in range(RECORDINGS):
            try:
                return await self._handle(event, is_first=number == 0)
            except _RowGone:
                workflow.logger.warning("the event's row is gone: it is recorded again")
                self._superseded_by, self._has_saved = None, False
        return self._end(LOST)

    async def _handle(self, event: ProductEvent, *, is_first: bool) -> EventOutcome:
        """Record the event and process it; raises _RowGone if the row disappears on the way."""
        try:
            begun = await self._begin(event)
        except FailureError as error:
            if is_first or is_cancelled_exception(error):
                raise
            return self._end(EventOutcome(status=EventStatus.FAILED, reason=plain(error)))
        recorded = begun.recorded
        if recorded.duplicate:
            return self._show(
                EventOutcome(status=EventStatus.DUPLICATE, reason="The event was processed before.")
            )
        if recorded.outcome is not None:
            return self._end(recorded.outcome)
        try:
            outcome = await self._process(begun)
        except (FailureError, asyncio.CancelledError) as error:
            if is_cancelled_exception(error):
                with suppress(_RowGone):
                    await self._finish(recorded, CANCELLED, abandons=True)
                self._show(CANCELLED)
                raise
            if _is_row_gone(error):
                raise _RowGone from None
            outcome = EventOutcome(status=EventStatus.FAILED, reason=plain(error))
        if not self._has_ended:
            await self._finish(recorded, outcome)
        return self._end(outcome)

    async def _begin(self, event: ProductEvent) -> BegunEvent:
        """Record the event, and process it where it waits for nothing; in one step if it was started so."""
        if not event.in_one_step:
            recorded = await workflow.execute_local_activity_method(
                EventActivities.record_event, event, **DATABASE
            )
            return BegunEvent(recorded=recorded)
        try:
            return await workflow.execute_local_activity_method(
                ProcessActivities.begin_event, event, **DATABASE
            )
        except (FailureError, asyncio.CancelledError) as error:
            if is_cancelled_exception(error):
                await workflow.execute_local_activity_method(
                    EventActivities.abandon_event, args=[event, CANCELLED], **DATABASE
                )
                self._show(CANCELLED)
            raise

    async def _finish(
        self, recorded: RecordedEvent, outcome: EventOutcome, *, abandons: bool = False
    ) -> None:
        saved = self._has_saved and outcome.status is not EventStatus.FAILED
        try:
            await workflow.execute_local_activity_method(
                EventActivities.finish_event,
                FinishedEvent(event_row=recorded.row_id, outcome=outcome, abandons=abandons, saved=saved),
                **DATABASE,
            )
        except FailureError as error:
            if _is_row_gone(error):
                raise _RowGone from None
            raise

    def _end(self, outcome: EventOutcome) -> EventOutcome:
        self._show(outcome)
        if outcome.status is EventStatus.FAILED:
            raise ApplicationError(outcome.reason, type="failed", non_retryable=True)
        return outcome

    async def _process(self, begun: BegunEvent) -> EventOutcome:
        recorded = begun.recorded
        if begun.processed is not None:
            return await self._index(recorded, begun.processed, "")
        await asyncio.gather(self._debounce(recorded.debounce_seconds), self._supersede(recorded.supersedes))
        note = await self._confirm(recorded.row_id) if recorded.confirm and not self._superseded_by else ""
        if self._superseded_by:
            reason = f"Event {self._superseded_by} is newer."
            return EventOutcome(status=EventStatus.SUPERSEDED, reason=reason)
        return await self._save(recorded, note)

    async def _save(self, recorded: RecordedEvent, note: str) -> EventOutcome:
        if self._event.in_one_step:
            row = RecordedRow(event_row=recorded.row_id, note=note)
            processed = await workflow.execute_local_activity_method(
                ProcessActivities.process_event, row, **DATABASE
            )
            return await self._index(recorded, processed, note)
        saved = await workflow.execute_local_activity_method(
            ProductActivities.save_product, recorded.row_id, **DATABASE
        )
        self._has_saved = True
        if not saved.product_id:
            return (saved.outcome or OUTDATED).noted(note)
        text = _text_of(recorded, saved, note)
        if not workflow.patched(AT_ONCE):
            indexed = await index_product(text.version)
            return (saved.outcome or indexed).noted(note)
        outcome, self._has_ended = await index_event(text)
        return outcome if self._has_ended else (saved.outcome or outcome).noted(note)

    async def _index(self, recorded: RecordedEvent, processed: ProcessedEvent, note: str) -> EventOutcome:
        """Do what is left of an event that was saved; returns its outcome."""
        self._has_saved, self._has_ended = True, processed.has_ended
        saved = processed.saved
        if processed.tried is None:
            return (saved.outcome or OUTDATED).noted(note)
        outcome, self._has_ended = await index_rest(_text_of(recorded, saved, note), processed.tried)
        return outcome if self._has_ended else (saved.outcome or outcome).noted(note)

    async def _debounce(self, seconds: float) -> None:
        """Wait until the debounce ends, or until a newer event supersedes this one."""
        if seconds > 0:
            try:
                await workflow.wait_condition(
                    lambda: self._superseded_by is not None,
                    timeout=timedelta(seconds=seconds),
                    timeout_summary="debouncing: waiting for newer changes of the product",
                )
            except TimeoutError:
                return

    async def _confirm(self, event_row: int) -> str:
        """Confirm the event with the shop, unless a newer one arrives; returns a note for the outcome."""
        confirming = workflow.start_activity_method(ConfirmActivities.confirm_event, event_row, **SHOP)
        try:
            await workflow.wait_condition(lambda: confirming.done() or self._superseded_by is not None)
        finally:
            confirming.cancel()
        try:
            return (await confirming).note
        except ActivityError as error:
            if is_cancelled_exception(error):
                return ""
            return f"Accepted without confirmation from the shop: {plain(error)}"

    async def _supersede(self, older: tuple[str, ...]) -> None:
        """Signal the older events; one that has ended in the meantime needs no signal."""
        for workflow_id in older:
            handle: workflow.ExternalWorkflowHandle[ProductEventWorkflow] = (
                workflow.get_external_workflow_handle(workflow_id)
            )
            try:
                await handle.signal(ProductEventWorkflow.superseded, self._event.event_id)
            except FailureError:
                workflow.logger.info("%s ended before it could be superseded", workflow_id)

    def _show(self, outcome: EventOutcome) -> EventOutcome:
        workflow.upsert_search_attributes([EVENT_STATUS.value_set(outcome.status)])
        return outcome


def _text_of(recorded: RecordedEvent, saved: SavedProduct, note: str) -> EventText:
    version = TextVersion(
        event_row=recorded.row_id, product_id=saved.product_id, content_hash=saved.content_hash
    )
    return EventText(version=version, saved=saved.outcome, note=note)


def _is_row_gone(error: BaseException) -> bool:
    cause = cause_of(error)
    return isinstance(cause, ApplicationError) and cause.type == ROW_GONE
