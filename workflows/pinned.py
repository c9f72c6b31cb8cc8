"""The workflow of an event on workers that have a version: it ends on the version that started it.

Temporal refuses a pinned workflow of a worker without a version, so this is a class of its own.
"""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from contracts.events import EventOutcome, ProductEvent
    from workflows.product_event import ProductEventWorkflow


@workflow.defn(name="ProductEvent", versioning_behavior=VersioningBehavior.PINNED)
class PinnedProductEventWorkflow(ProductEventWorkflow):
    """The same steps; only its tasks are routed differently."""

    @workflow.init
    def __init__(self, event: ProductEvent) -> None:
        super().__init__(event)

    @workflow.run
    async def run(self, event: ProductEvent) -> EventOutcome:
        return await super().run(event)
