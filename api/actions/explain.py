"""Explain a product: the verdict on it, and the facts that the verdict follows from."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import PendingActivityState

from api.dependencies import AppState
from api.verdict import Verdict, deciding, judge
from contracts.events import EventStatus
from database.events.explain import EventFacts, ProductHistory
from temporal.open_events import open_product_events
from temporal.queues import UNAVAILABLE

TEMPORAL_WITHIN = timedelta(seconds=1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on a product; `event` is the newest one that no other event replaced.

    `is_known` is whether search finds the product. `error` is why `event` fails or waits, None if it does
    not. `model` is the label of the present embedding model.
    """

    verdict: Verdict
    is_known: bool
    event: EventFacts | None
    error: str | None
    next_retry_at: datetime | None
    model: str


async def explain(state: AppState, facts: ProductHistory, *, asked: str = "") -> Judgement:
    """Returns the verdict on a product.

    `asked` is the id that the user asked for, which may be that of a variation.
    """
    event, product = deciding(facts), facts.product
    queued = await is_queued(state, facts, asked or facts.external_id)
    is_failing = event is not None and (event.status is EventStatus.FAILED or event.finished_at is None)
    return Judgement(
        verdict=judge(facts, model=state.embedding_label, is_queued=queued),
        is_known=product is not None and product.is_active and product.chunks > 0,
        event=event,
        error=event.reason or None if event and is_failing else None,
        next_retry_at=await next_retry_at(state, event),
        model=state.embedding_label,
    )


async def next_retry_at(state: AppState, event: EventFacts | None) -> datetime | None:
    """Returns the time of the next retry; None without one, or if Temporal does not answer."""
    if event is None or event.finished_at is not None:
        return None
    handle = state.temporal.get_workflow_handle(event.workflow_id)
    try:
        async with asyncio.timeout(2 * TEMPORAL_WITHIN.total_seconds()):
            description = await handle.describe(rpc_timeout=TEMPORAL_WITHIN)
    except UNAVAILABLE:
        return None
    retries = [
        pending.scheduled_time.ToDatetime(UTC)
        for pending in description.raw_description.pending_activities
        if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED and pending.attempt > 1
    ]
    return min(retries, default=None)


async def is_queued(state: AppState, facts: ProductHistory, asked: str) -> bool:
    """Returns whether Temporal holds an event of the product that no worker has written to the log yet.

    `asked` is the id that the user asked for, which may be that of a variation. False if Temporal does not
    answer, or if an event of the log is not finished, which explains more.
    """
    latest = deciding(facts)
    if latest is not None and latest.finished_at is None:
        return False
    logged = {event.workflow_id for event in facts.events}
    try:
        async with asyncio.timeout(2 * TEMPORAL_WITHIN.total_seconds()):
            found = await open_product_events(
                state.temporal, facts.store_id, list({asked, facts.external_id})
            )
    except UNAVAILABLE:
        return False
    return any(workflow_id not in logged for workflow_id in found)
