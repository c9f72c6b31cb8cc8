"""Events that nobody works on: started as soon as Temporal answers, or settled where their run is gone."""

from temporalio import workflow

from workflows.policies import DATABASE, INBOX_INTERVAL

with workflow.unsafe.imports_passed_through():
    from activities.events.inbox import InboxActivities
    from activities.events.stalled import StalledActivities

ROUNDS = 500
"""Rounds before the history starts anew."""

LOOK_EVERY = 12
"""Rounds between two looks at events and texts that were lost."""


@workflow.defn(name="EventInbox")
class EventInboxWorkflow:
    """One for the whole installation; it never ends."""

    @workflow.run
    async def run(self) -> None:
        looked_at = 0
        for number in range(ROUNDS):
            more = await workflow.execute_local_activity_method(InboxActivities.start_waiting, **DATABASE)
            if looked_at or number % LOOK_EVERY == 0:
                looked_at = await workflow.execute_local_activity_method(
                    StalledActivities.recover_stalled, looked_at, **DATABASE
                )
            if not more:
                await workflow.sleep(INBOX_INTERVAL)
        workflow.continue_as_new()
