"""What a worker does with a workflow that its version of the code does not have."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError


@workflow.defn(dynamic=True)
class UnknownWorkflow:
    """Fail, which can be seen and retried; without it the workflow would wait without a word."""

    @workflow.run
    async def run(self, _: Sequence[RawValue]) -> None:
        name = workflow.info().workflow_type
        raise ApplicationError(
            f"This version of the worker has no workflow {name}.", type="unknown", non_retryable=True
        )
