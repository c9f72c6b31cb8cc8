"""Process an event in one step: record it where it waits for nothing, save it, index it, and end it."""

from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.events.at_once import AtOnceActivities
from activities.events.record import EventActivities
from activities.events.save import ProductActivities, Saved
from contracts.events import (
    BegunEvent,
    EventText,
    ProcessedEvent,
    ProductEvent,
    RecordedEvent,
    RecordedRow,
    TextVersion,
    TriedAtOnce,
)


class ProcessActivities:
    """Activities that take several steps of an event, because each activity has its own cost."""

    def __init__(
        self, events: EventActivities, products: ProductActivities, at_once: AtOnceActivities
    ) -> None:
        self._events = events
        self._products = products
        self._at_once = at_once

    @property
    def steps(self) -> list[Callable[..., Any]]:
        """The activities of events that need no shop; some only for workflows of older versions."""
        return [
            self.begin_event,
            self.process_event,
            self._events.record_event,
            self._events.finish_event,
            self._events.abandon_event,
            self._products.save_product,
            self._at_once.index_at_once,
            self._at_once.publish_event,
        ]

    @activity.defn
    async def begin_event(self, event: ProductEvent) -> BegunEvent:
        """Record an event, and process it unless it has to wait for something.

        An event that could not be processed is only recorded: the step `process_event` is retried.
        """
        recorded = await self._events.record_event(event)
        if not _is_due(recorded):
            return BegunEvent(recorded=recorded)
        try:
            processed = await self.process_event(RecordedRow(event_row=recorded.row_id))
        except ApplicationError as error:
            activity.logger.info("an event is not processed at once: %s", error.message)
            return BegunEvent(recorded=recorded)
        return BegunEvent(recorded=recorded, processed=processed)

    @activity.defn
    async def process_event(self, row: RecordedRow) -> ProcessedEvent:
        """Save a change, and index its text as far as that takes a few seconds.

        Only saving is retried. What is left of indexing, or its failure, is in the result.
        """
        saved = await self._products.save(row.event_row, note=row.note)
        product = saved.product
        if not product.product_id:
            return ProcessedEvent(saved=product, has_ended=saved.has_ended)
        version = TextVersion(
            event_row=row.event_row, product_id=product.product_id, content_hash=product.content_hash
        )
        text = EventText(version=version, saved=product.outcome, note=row.note)
        return ProcessedEvent(saved=product, tried=await self._index(text, saved))

    async def _index(self, text: EventText, saved: Saved) -> TriedAtOnce:
        """Index a text; the change is saved, so an error that may pass is left to the following steps."""
        try:
            return await self._at_once.index(text, saved)
        except ApplicationError as error:
            if error.non_retryable:
                raise
            return TriedAtOnce()
        except Exception:  # the steps that follow are retried, and show it in Temporal
            activity.logger.exception("indexing at once failed")
            return TriedAtOnce()


def _is_due(recorded: RecordedEvent) -> bool:
    """Returns whether nothing comes before an event is saved."""
    has_ended = recorded.duplicate or recorded.outcome is not None
    return not (has_ended or recorded.confirm or recorded.supersedes or recorded.debounce_seconds > 0)
