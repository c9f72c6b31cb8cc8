"""The steps from a saved text to an indexed one, shared by all workflows that index."""

from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from workflows.policies import AT_ONCE, DATABASE, EMBEDDING

with workflow.unsafe.imports_passed_through():
    from activities.events.at_once import AtOnceActivities
    from activities.events.index import BUDGET_SPENT, IndexingActivities
    from contracts.events import EventOutcome, EventStatus, EventText, TextVersion, TriedAtOnce
    from contracts.retry import Retry
    from contracts.wording.counted import indexed

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
    return EventOutcome(status=EventStatus.SUCCEEDED, reason=indexed(missing))


async def index_event(text: EventText) -> tuple[EventOutcome, bool]:
    """Index a text and end its event in one transaction; returns the outcome, and whether the event ended.

    It did not where the text is outdated, or waits until its store may spend tokens. First everything is
    tried at once. What is left is done step by step, for as long as it takes.
    """
    return await index_rest(text, await _index_at_once(text))


async def index_rest(text: EventText, tried: TriedAtOnce) -> tuple[EventOutcome, bool]:
    """Do step by step what was not done at once; see `index_event`. Raises the failure that is final."""
    if tried.outcome is not None:
        return tried.outcome, True
    if tried.is_outdated:
        return OUTDATED, False
    if tried.failure is not None and tried.failure.retry is Retry.FATAL:
        raise ApplicationError(tried.failure.reason, type=Retry.FATAL, non_retryable=True)
    missing = tried.missing
    if missing is None:
        missing = await workflow.execute_local_activity_method(
            IndexingActivities.stage_chunks, text.version, **DATABASE
        )
    if missing is None:
        return OUTDATED, False
    if missing == BUDGET_SPENT:
        return OVER_BUDGET, False
    if missing:
        wanted = await workflow.execute_activity_method(
            IndexingActivities.embed_chunks, replace(text.version, failure=tried.failure), **EMBEDDING
        )
        if not wanted:
            return OUTDATED, False
    published = await workflow.execute_local_activity_method(
        AtOnceActivities.publish_event, text.embedded(missing), **DATABASE
    )
    return (published, True) if published else (OUTDATED, False)


async def _index_at_once(text: EventText) -> TriedAtOnce:
    """Try everything at once; raises what can never succeed."""
    try:
        return await workflow.execute_local_activity_method(AtOnceActivities.index_at_once, text, **AT_ONCE)
    except FailureError as error:
        cause = cause_of(error)
        is_final = isinstance(cause, ApplicationError) and cause.non_retryable
        if is_final or is_cancelled_exception(error):
            raise
        return TriedAtOnce()


def cause_of(error: BaseException) -> BaseException | None:
    """Returns why an activity failed; the failure of a local activity comes unwrapped."""
    return error.cause if isinstance(error, ActivityError) else error


def plain(error: BaseException) -> str:
    """Returns the message of a failed activity."""
    cause = cause_of(error)
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)
