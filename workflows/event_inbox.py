"""Events that were accepted while Temporal did not answer: started as soon as it does."""

from temporalio import workflow

from workflows.policies import DATABASE, INBOX_INTERVAL

with workflow.unsafe.imports_passed_through():
    from activities.inbox import InboxActivities

ROUNDS = 500
"""Rounds before the history starts anew."""


@workflow.defn(name="EventInbox")
class EventInboxWorkflow:
    """One for the whole installation; it never ends."""

    @workflow.run
    async def run(self) -> None:
        for _ in range(ROUNDS):
            more = await workflow.execute_local_activity_method(InboxActivities.start_waiting, **DATABASE)
            if not more:
                await workflow.sleep(INBOX_INTERVAL)
        workflow.continue_as_new()
