"""The first and the last step of an event: write its row in the event log."""

from temporalio import activity

from activities.errors import database_errors, event_errors
from activities.this_workflow import run_id, workflow_id
from connectors.registry import READABLE
from contracts.events import EventOutcome, FinishedEvent, ProductEvent, RecordedEvent
from database.engine import Database
from database.events import ownership
from database.events import write as events
from database.events.debounce import Debounce
from database.events.record import record


class EventActivities:
    """Activities on the event log."""

    def __init__(self, database: Database, *, debounce: Debounce) -> None:
        self._database = database
        self._debounce = debounce

    @activity.defn
    async def record_event(self, event: ProductEvent) -> RecordedEvent:
        """Insert the event's row and find the pending events that it supersedes."""
        with database_errors():
            async with self._database.transaction() as connection:
                return await record(
                    connection,
                    event,
                    workflow_id=workflow_id(),
                    run_id=run_id(),
                    debounce=self._debounce,
                    readable=READABLE,
                )

    @activity.defn
    async def finish_event(self, event: FinishedEvent) -> None:
        """Write the outcome of the run."""
        async with event_errors(self._database, event.event_row):
            open_connection = self._database.transaction if event.abandons else self._database.single
            async with open_connection() as connection:
                await events.finish(connection, event, workflow_id=workflow_id(), run_id=run_id())

    @activity.defn
    async def abandon_event(self, event: ProductEvent, outcome: EventOutcome) -> None:
        """Write the outcome of a run that does not know the row of its event.

        Writes nothing if there is none, or if the event has ended.
        """
        with database_errors():
            async with self._database.transaction() as connection:
                row = await ownership.find(
                    connection, event.store_id, event.event_id, workflow_id=workflow_id()
                )
                if row is not None:
                    ended = FinishedEvent(event_row=row, outcome=outcome, abandons=True)
                    await events.finish(connection, ended, workflow_id=workflow_id(), run_id=run_id())
