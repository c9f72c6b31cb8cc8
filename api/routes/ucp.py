"""UCP's catalogue over REST: `POST /ucp/{store_id}/catalog/…`, and the profiles of stores."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.assistants.access import PUBLIC_OR_TOKEN, WITHOUT_TOKEN, enter
from api.assistants.ucp import operations
from api.assistants.ucp.discovery import find_store
from api.assistants.ucp.errors import UcpRoute
from api.assistants.ucp.profile import SECONDS_IN_CACHE, Profile, profile
from api.assistants.ucp.requests import LookupBody, ProductBody, SearchBody
from api.assistants.ucp.responses import LookupResponse, ProductResponse, SearchResponse, UcpError
from api.bodies import read_model
from api.dependencies import CurrentState
from api.errors import json_response
from api.fields import PathId
from api.openapi.build import read_by_hand, refuses
from api.public_url import public_url
from contracts.stores import AssistantAccess, OpenStore

router = APIRouter(tags=["assistants"], route_class=UcpRoute, dependencies=[PUBLIC_OR_TOKEN])

REFUSALS: dict[int | str, dict[str, Any]] = {400: {"model": UcpError}, **refuses(401, 403, 404, 429, 503)}


@router.get("/.well-known/ucp", response_model=Profile, responses=REFUSALS, openapi_extra=dict(WITHOUT_TOKEN))
async def show_profile(request: Request) -> Response:
    """What the store of the token offers to UCP agents, or the only public store with this host."""
    return _shown(request, await find_store(request))


@router.get(
    "/ucp/{store_id:id}/.well-known/ucp",
    response_model=Profile,
    responses=REFUSALS,
    openapi_extra=dict(WITHOUT_TOKEN),
)
async def show_store_profile(request: Request, store_id: PathId) -> Response:
    """What a store offers to UCP agents."""
    return _shown(request, await enter(request, store_id))


def _shown(request: Request, store: OpenStore) -> Response:
    cache = "public" if store.assistant_access is AssistantAccess.PUBLIC else "private"
    headers = {"Cache-Control": f"{cache}, max-age={SECONDS_IN_CACHE}", "Vary": "Authorization, Host"}
    return json_response(200, profile(public_url(request), store.id).dumped(), headers)


@router.post(
    "/ucp/{store_id:id}/catalog/search",
    response_model=SearchResponse,
    responses=REFUSALS,
    openapi_extra=read_by_hand(SearchBody) | WITHOUT_TOKEN,
)
async def search_catalog(request: Request, state: CurrentState, store_id: PathId) -> Response:
    """Find the products of a store that answer a question or pass filters, at most 20 at once."""
    store = await enter(request, store_id)
    answer = await operations.search_catalog(state, store, read_model(SearchBody, await request.body()))
    return json_response(200, answer.dumped())


@router.post(
    "/ucp/{store_id:id}/catalog/lookup",
    response_model=LookupResponse,
    responses=REFUSALS,
    openapi_extra=read_by_hand(LookupBody) | WITHOUT_TOKEN,
)
async def lookup_catalog(request: Request, state: CurrentState, store_id: PathId) -> Response:
    """Look up at most 20 products or variants by their ids, SKUs or GTINs; unknown ones are left out."""
    store = await enter(request, store_id)
    answer = await operations.lookup_catalog(state, store, read_model(LookupBody, await request.body()))
    return json_response(200, answer.dumped())


@router.post(
    "/ucp/{store_id:id}/catalog/product",
    response_model=ProductResponse,
    responses=REFUSALS,
    openapi_extra=read_by_hand(ProductBody) | WITHOUT_TOKEN,
)
async def get_product(request: Request, state: CurrentState, store_id: PathId) -> Response:
    """Read one product with its variants, and which of its options can still be chosen."""
    store = await enter(request, store_id)
    answer = await operations.get_product(state, store, read_model(ProductBody, await request.body()))
    return json_response(200, answer.dumped())
