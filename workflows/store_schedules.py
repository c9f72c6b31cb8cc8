"""Align the sync schedules of all stores with the settings of the stores."""

from temporalio import workflow

from workflows.policies import ALIGNING

with workflow.unsafe.imports_passed_through():
    from activities.stores.schedules import ScheduleActivities
    from contracts.stores import Aligned


@workflow.defn(name="StoreSchedules")
class StoreSchedulesWorkflow:
    """One alignment; its schedule starts another every few minutes."""

    @workflow.run
    async def run(self) -> Aligned:
        return await workflow.execute_activity_method(ScheduleActivities.align_schedules, **ALIGNING)
