"""`…/products/`: what the assistant knows of the products of a shop, for the pages of its plugin."""

from fastapi import APIRouter, Request, Response

from api.actions.explanation import explanation
from api.actions.plugin_proof import check_type
from api.bodies import JsonBody, JsonRoute
from api.dependencies import CurrentIntegration, CurrentState
from api.errors import not_found
from api.fields import PathId
from api.i18n import in_language, message
from api.openapi.build import refuses
from api.schemas.plugin.products import (
    PluginExplanation,
    ProductStateOut,
    ProductStates,
    StatesRequest,
    WhatIsKnown,
)
from api.verdict import judge, state_of
from connectors.woocommerce.parse import external_id
from database.events import explain
from database.products import known

router = APIRouter(prefix="/api/integrations/woocommerce/products", tags=["products"], route_class=JsonRoute)

TEXT_SHOWN = 2_000
"""Characters of a product's text that its explanation shows."""


@router.post("/states/", responses=refuses(403))
async def product_states(
    request: Request,
    response: Response,
    state: CurrentState,
    integration: CurrentIntegration,
    body: JsonBody[StatesRequest],
) -> ProductStates:
    """The states of up to 100 products of the store, for a list; an explanation of one says more.

    Temporal is not asked: an event that only Temporal holds is not known here.
    """
    check_type(integration)
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
    asked = {external_id(id_): str(id_) for id_ in body.ids}
    async with state.database.reading() as connection:
        found = await explain.by_external_ids(connection, integration.store_id, list(asked))
    states = {}
    for id_, facts in found.items():
        verdict = judge(facts, model=state.embedding_label)
        states[asked[id_]] = ProductStateOut(
            state=state_of(verdict, facts),
            verdict=verdict,
            message=message(f"explain.{verdict}", preferred),
            updated_at=facts.product.updated_at if facts.product else None,
        )
    return ProductStates(states=states)


@router.get("/{product_id:id}/explain/", responses=refuses(403, 404))
async def explain_product(
    request: Request,
    response: Response,
    state: CurrentState,
    integration: CurrentIntegration,
    product_id: PathId,
) -> PluginExplanation:
    """Why the assistant knows a product of the store, or why not, by its id in the shop."""
    check_type(integration)
    preferred = request.headers.get("accept-language")
    response.headers.update(in_language(preferred))
    id_ = external_id(product_id)
    async with state.database.reading() as connection:
        facts = await explain.by_external_id(connection, integration.user_id, integration.store_id, id_)
        if facts is None:
            raise not_found("store")
        held = await known.read(connection, integration.store_id, facts.external_id, most=TEXT_SHOWN)
    explained = await explanation(state, facts, preferred=preferred, asked=id_)
    what_is_known = WhatIsKnown.of(held) if held else None
    return PluginExplanation(**explained.model_dump(), what_is_known=what_is_known)
