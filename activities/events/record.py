"""The first and the last step of an event: its row in the log."""

from datetime import timedelta

from temporalio import activity

from activities.errors import database_errors, event_errors
from connectors.registry import READABLE
from contracts.events import FinishedEvent, ProductEvent, RecordedEvent
from database.engine import Database
from database.events import write as events


class EventActivities:
    """Steps on the event log; `quiet` and `patience` are how long a product may keep changing."""

    def __init__(self, database: Database, *, quiet: timedelta, patience: timedelta) -> None:
        self._database = database
        self._quiet = quiet
        self._patience = patience

    @activity.defn
    async def record_event(self, event: ProductEvent) -> RecordedEvent:
        """Write the event down, and find whom it overtakes."""
        with database_errors():
            async with self._database.transaction() as connection:
                return await events.record(
                    connection,
                    event,
                    run_id=activity.info().workflow_run_id or "",
                    quiet=self._quiet,
                    patience=self._patience,
                    readable=READABLE,
                )

    @activity.defn
    async def finish_event(self, event: FinishedEvent) -> None:
        """Write down how the run ended."""
        async with event_errors(self._database, event.event_row):
            open_connection = self._database.transaction if event.abandons else self._database.single
            async with open_connection() as connection:
                await events.finish(connection, event, run_id=activity.info().workflow_run_id or "")
