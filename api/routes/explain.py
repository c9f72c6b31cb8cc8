"""`…/explain/`: why the assistant knows a product or does not, and what to do about it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.actions.explanation import explanation
from api.actions.ownership import owner_of_product, owner_of_store
from api.dependencies import AppState, CurrentState, CurrentUser
from api.errors import not_found
from api.fields import PathId
from api.i18n import in_language
from api.openapi.build import refuses
from api.schemas.explain import ExplainParams, Explanation
from database.events import explain
from database.events.explain import ProductHistory

router = APIRouter(prefix="/api/v1/web-knowledge", tags=["products"])


async def _explanation(
    request: Request, response: Response, state: AppState, facts: ProductHistory, *, asked: str = ""
) -> Explanation:
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
    return await explanation(state, facts, preferred=preferred, asked=asked)


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
