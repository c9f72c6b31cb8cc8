"""Start events that were stored while Temporal did not answer, and recover stalled ones."""

from temporalio import workflow

from workflows.policies import DATABASE, INBOX_INTERVAL

with workflow.unsafe.imports_passed_through():
    from activities.events.inbox import InboxActivities
    from activities.events.stalled import StalledActivities

ROUNDS = 500
"""Rounds before the workflow continues as new."""

RECOVER_EVERY = 12
"""Rounds between two recoveries of stalled events and texts."""


@workflow.defn(name="EventInbox")
class EventInboxWorkflow:
    """One workflow for the whole installation; it never ends."""

    @workflow.run
    async def run(self) -> None:
        last_row = 0
        for number in range(ROUNDS):
            more = await workflow.execute_local_activity_method(InboxActivities.start_waiting, **DATABASE)
            if last_row or number % RECOVER_EVERY == 0:
                last_row = await workflow.execute_local_activity_method(
                    StalledActivities.recover_stalled, last_row, **DATABASE
                )
            if not more:
                await workflow.sleep(INBOX_INTERVAL)
        workflow.continue_as_new()
