"""`…/explain/`: why the assistant knows a product or does not, and what to do about it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from temporalio.api.enums.v1 import PendingActivityState

from api.dependencies import AppState, CurrentState, CurrentUser
from api.errors import not_found
from api.fields import PathId
from api.i18n import in_language, message
from api.openapi.build import refuses
from api.schemas.explain import (
    ExplainedEvent,
    ExplainedKnowledge,
    ExplainedProduct,
    ExplainParams,
    Explanation,
)
from api.verdict import deciding, judge
from contracts.events import EventStatus
from contracts.ids import embedding_label
from database.events import explain
from database.events.explain import EventFacts, ProductHistory
from temporal.open_events import open_product_events
from temporal.queues import UNAVAILABLE

router = APIRouter(prefix="/api/v1/web-knowledge", tags=["products"])

TEMPORAL_WITHIN = timedelta(seconds=1.5)


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


async def _explanation(
    request: Request, response: Response, state: AppState, facts: ProductHistory, *, asked: str = ""
) -> Explanation:
    settings = state.settings
    model = embedding_label(
        settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
    )
    event, product = deciding(facts), facts.product
    verdict = judge(facts, model=model, is_queued=await is_queued(state, facts, asked or facts.external_id))
    is_failing = event is not None and (event.status is EventStatus.FAILED or event.finished_at is None)
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))

    def shown(event: EventFacts | None) -> ExplainedEvent | None:
        if event is None:
            return None
        url = state.workflow_url(event.workflow_id) if event.workflow_id else None
        return ExplainedEvent.of(event, workflow_url=url)

    return Explanation(
        known=product is not None and product.is_active and product.chunks > 0,
        verdict=verdict,
        message=message(f"explain.{verdict}", preferred),
        what_to_do=message(f"explain.{verdict}.to_do", preferred),
        store=facts.store_id,
        external_id=facts.external_id,
        product=ExplainedProduct.from_fields_of(product) if product else None,
        last_event=shown(facts.events[0] if facts.events else None),
        deciding_event=shown(event),
        last_error=event.reason or None if event and is_failing else None,
        next_retry_at=await next_retry_at(state, event),
        knowledge=ExplainedKnowledge.of(product, current_model=model) if product else None,
    )


@router.get("/products/{product_id:id}/explain/", responses=refuses(404))
async def explain_product(
    request: Request, response: Response, user: CurrentUser, state: CurrentState, product_id: PathId
) -> Explanation:
    """Why the assistant knows one of the user's products, or why not."""
    async with state.database.reading() as connection:
        facts = await explain.by_id(connection, user.id, product_id)
    if facts is None:
        raise not_found("product")
    return await _explanation(request, response, state, facts)


@router.get("/explain/", responses=refuses(404))
async def explain_external_id(
    request: Request,
    response: Response,
    user: CurrentUser,
    state: CurrentState,
    params: Annotated[ExplainParams, Query()],
) -> Explanation:
    """The same by the id in the shop, such as `woo_777`, also for products that were never saved."""
    async with state.database.reading() as connection:
        facts = await explain.by_external_id(connection, user.id, params.store, params.external_id)
    if facts is None:
        raise not_found("store")
    return await _explanation(request, response, state, facts, asked=params.external_id)
