"""Once a day: trim the payloads of events that ended long ago."""

from temporalio import workflow

from workflows.policies import TRIMMING

with workflow.unsafe.imports_passed_through():
    from activities.events.retention import RetentionActivities

ROUNDS = 100
"""Rounds before the workflow continues as new."""


@workflow.defn(name="EventRetention")
class EventRetentionWorkflow:
    """Returns the number of payloads it trimmed."""

    @workflow.run
    async def run(self, trimmed: int = 0) -> int:
        for _ in range(ROUNDS):
            batch = await workflow.execute_activity_method(RetentionActivities.trim_payloads, **TRIMMING)
            trimmed += batch.count
            if not batch.more:
                break
        else:
            workflow.continue_as_new(trimmed)
        return trimmed
