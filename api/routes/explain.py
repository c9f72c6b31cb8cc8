"""`…/explain/`: why the assistant does not know a product, or that it does, and what to do about it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.service import RPCError

from api.dependencies import CurrentUser, Opened, State
from api.errors import Refused, answer
from api.fields import Id, PathId
from api.i18n import in_language, message
from api.openapi.build import documented
from api.schemas.explain import Explanation, Verdict
from contracts.events import YIELDED, EventStatus
from contracts.ids import embedding_label
from database.events import explain
from database.events.explain import EventFacts, ProductHistory

router = APIRouter(prefix="/api/v1/web-knowledge", tags=["products"])

TEMPORAL_WITHIN = timedelta(seconds=1.5)


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    store: Id
    external_id: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")


def deciding(facts: ProductHistory) -> EventFacts | None:
    """The newest event that was not left aside for another."""
    return next((event for event in facts.events if event.status not in YIELDED), None)


def judge(facts: ProductHistory, *, model: str) -> Verdict:
    """The one reason that counts most: what is under way, then what failed, then what is there."""
    event, product = deciding(facts), facts.product
    if event is not None and event.finished_at is None:
        match event.status:
            case EventStatus.PROCESSING:
                return Verdict.PROCESSING
            case EventStatus.RETRYING:
                return Verdict.RETRYING
            case EventStatus.WAITING if event.reason:
                return Verdict.BLOCKED
            case EventStatus.WAITING | EventStatus.RECEIVED:
                return Verdict.WAITING
    if event is not None and event.status is EventStatus.FAILED:
        return Verdict.FAILED
    if product is None:
        if not facts.events:
            return Verdict.NEVER_RECEIVED
        ignored = event is not None and event.status is EventStatus.IGNORED
        return Verdict.IGNORED if ignored else Verdict.NEVER_INDEXED
    if not product.is_active:
        return Verdict.DELETED if product.status == "deleted" else Verdict.HIDDEN
    if not product.is_indexed:
        return Verdict.NEVER_INDEXED
    if not product.is_current:
        return Verdict.EMBEDDING_OUTDATED
    if product.knowledge_model != model:
        return Verdict.MODEL_CHANGED
    return Verdict.KNOWN if product.chunks else Verdict.NO_CHUNKS


async def next_retry_at(state: State, event: EventFacts | None) -> datetime | None:
    """When Temporal asks the embedding service again; None also where Temporal does not answer soon."""
    if event is None or event.finished_at is not None:
        return None
    handle = state.temporal.get_workflow_handle(event.workflow_id)
    try:
        async with asyncio.timeout(2 * TEMPORAL_WITHIN.total_seconds()):
            described = await handle.describe(rpc_timeout=TEMPORAL_WITHIN)
    except (RPCError, RuntimeError, TimeoutError, OSError):
        return None
    waiting = [
        pending.scheduled_time.ToDatetime(UTC)
        for pending in described.raw_description.pending_activities
        if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED and pending.attempt > 1
    ]
    return min(waiting, default=None)


def _event(state: State, event: EventFacts) -> dict[str, Any]:
    settings = state.settings
    where = f"{settings.temporal_ui}/namespaces/{quote(settings.temporal_namespace)}/workflows"
    return {
        "id": event.id,
        "event_id": event.event_id,
        "external_id": event.external_id,
        "type": event.event_type,
        "status": event.status,
        "reason": event.reason,
        "received_at": event.received_at,
        "finished_at": event.finished_at,
        "attempts": event.attempts,
        "workflow_url": f"{where}/{quote(event.workflow_id, safe='')}" if event.workflow_id else None,
    }


async def _explained(request: Request, state: State, facts: ProductHistory) -> Response:
    settings = state.settings
    model = embedding_label(settings.embedding_model, settings.embedding_dimensions)
    verdict, event, product = judge(facts, model=model), deciding(facts), facts.product
    wrong = event is not None and (event.status is EventStatus.FAILED or event.finished_at is None)
    preferred = request.headers.get("accept-language")
    return answer(
        200,
        {
            "known": product is not None and product.is_active and product.chunks > 0,
            "verdict": verdict,
            "message": message(f"explain.{verdict}", preferred),
            "what_to_do": message(f"explain.{verdict}.to_do", preferred),
            "store": facts.store_id,
            "external_id": facts.external_id,
            "product": product
            and {
                "id": product.id,
                "title": product.title,
                "status": product.status,
                "is_active": product.is_active,
                "updated_at": product.updated_at,
            },
            "last_event": _event(state, facts.events[0]) if facts.events else None,
            "deciding_event": _event(state, event) if event else None,
            "last_error": event.reason or None if event and wrong else None,
            "next_retry_at": await next_retry_at(state, event),
            "knowledge": product
            and {
                "chunks": product.chunks,
                "model": product.knowledge_model,
                "current_model": model,
                "embedded_at": product.knowledge_at,
                "current": product.is_current and product.knowledge_model == model,
            },
        },
        in_language(preferred),
    )


@router.get("/products/{product_id:id}/explain/", **documented(answers={200: Explanation}, refuses=(404,)))
async def explain_product(
    request: Request, user: CurrentUser, opened: Opened, product_id: PathId
) -> Response:
    """Why the assistant knows one of the user's products, or why not."""
    async with opened.database.reading() as connection:
        facts = await explain.by_id(connection, user.id, product_id)
    if facts is None:
        raise Refused(404, {"error": "No such product"})
    return await _explained(request, opened, facts)


@router.get("/explain/", **documented(answers={200: Explanation}, refuses=(404,)))
async def explain_external_id(
    request: Request, user: CurrentUser, opened: Opened, asked: Annotated[Asked, Query()]
) -> Response:
    """The same by the shop's id, such as `woo_777`, also where nothing of the product was ever saved."""
    async with opened.database.reading() as connection:
        facts = await explain.by_external_id(connection, user.id, asked.store, asked.external_id)
    if facts is None:
        raise Refused(404, {"error": "No such store"})
    return await _explained(request, opened, facts)
