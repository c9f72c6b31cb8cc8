"""The steps from a saved text to an indexed one, shared by all workflows that index."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.policies import DATABASE, EMBEDDING

with workflow.unsafe.imports_passed_through():
    from activities.events.index import BUDGET_SPENT, IndexingActivities
    from contracts.events import EventOutcome, EventStatus, TextVersion

OUTDATED = EventOutcome(
    status=EventStatus.SUPERSEDED, reason="The product changed again before it was embedded."
)


OVER_BUDGET = EventOutcome(
    status=EventStatus.SUCCEEDED,
    reason="Saved; the text waits, because the store has spent its budget of tokens.",
)


async def index_product(version: TextVersion) -> EventOutcome:
    """Stage the chunks, embed those without a vector, publish; OUTDATED if the product's text has changed.

    OVER_BUDGET if the text is left to the recovery until the store may spend tokens again.
    """
    missing = await workflow.execute_local_activity_method(
        IndexingActivities.stage_chunks, version, **DATABASE
    )
    if missing is None:
        return OUTDATED
    if missing == BUDGET_SPENT:
        return OVER_BUDGET
    if missing:
        wanted = await workflow.execute_activity_method(IndexingActivities.embed_chunks, version, **EMBEDDING)
        if not wanted:
            return OUTDATED
    published = await workflow.execute_local_activity_method(
        IndexingActivities.publish_chunks, version, **DATABASE
    )
    if not published:
        return OUTDATED
    return EventOutcome(status=EventStatus.SUCCEEDED, reason=f"Indexed; {missing} chunks were embedded.")


def cause_of(error: BaseException) -> BaseException | None:
    """Returns why an activity failed; the failure of a local activity comes unwrapped."""
    return error.cause if isinstance(error, ActivityError) else error


def plain(error: BaseException) -> str:
    """Returns the message of a failed activity."""
    cause = cause_of(error)
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)
