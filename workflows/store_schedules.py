"""Keeps the schedules of all stores what the stores want, whatever went unnoticed."""

from temporalio import workflow

from workflows.policies import ALIGNING

with workflow.unsafe.imports_passed_through():
    from activities.stores.schedules import ScheduleActivities
    from contracts.stores import Aligned


@workflow.defn(name="StoreSchedules")
class StoreSchedulesWorkflow:
    """One alignment; its schedule begins another every few minutes."""

    @workflow.run
    async def run(self) -> Aligned:
        return await workflow.execute_activity_method(ScheduleActivities.align_schedules, **ALIGNING)
