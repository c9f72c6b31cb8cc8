"""`…/explain/`: why the assistant knows a product or does not, and what to do about it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.actions.explain import explain as judgement
from api.actions.ownership import owner_of_product, owner_of_store
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
from database.events import explain
from database.events.explain import EventFacts, ProductHistory

router = APIRouter(prefix="/api/v1/web-knowledge", tags=["products"])


async def _explanation(
    request: Request, response: Response, state: AppState, facts: ProductHistory, *, asked: str = ""
) -> Explanation:
    judged, product = await judgement(state, facts, asked=asked), facts.product
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))

    def shown(event: EventFacts | None) -> ExplainedEvent | None:
        if event is None:
            return None
        url = state.workflow_url(event.workflow_id) if event.workflow_id else None
        return ExplainedEvent.of(event, workflow_url=url)

    return Explanation(
        known=judged.is_known,
        verdict=judged.verdict,
        message=message(f"explain.{judged.verdict}", preferred),
        what_to_do=message(f"explain.{judged.verdict}.to_do", preferred),
        store=facts.store_id,
        external_id=facts.external_id,
        product=ExplainedProduct.from_fields_of(product) if product else None,
        last_event=shown(facts.events[0] if facts.events else None),
        deciding_event=shown(judged.event),
        last_error=judged.error,
        next_retry_at=judged.next_retry_at,
        knowledge=ExplainedKnowledge.of(product, current_model=judged.model) if product else None,
    )


@router.get("/products/{product_id:id}/explain/", responses=refuses(404))
async def explain_product(
    request: Request, response: Response, user: CurrentUser, state: CurrentState, product_id: PathId
) -> Explanation:
    """Why the assistant knows one of the user's products, or for an admin any product, or why not."""
    async with state.database.reading() as connection:
        owner_id = await owner_of_product(connection, user.id, product_id, is_staff=user.is_staff)
        facts = await explain.by_id(connection, owner_id, product_id)
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
        owner_id = await owner_of_store(connection, user.id, params.store, is_staff=user.is_staff)
        facts = await explain.by_external_id(connection, owner_id, params.store, params.external_id)
    if facts is None:
        raise not_found("store")
    return await _explanation(request, response, state, facts, asked=params.external_id)
