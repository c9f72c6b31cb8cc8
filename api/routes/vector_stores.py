"""`POST /v1/vector_stores/{store_id}/search`: search for tools that speak OpenAI's protocol."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.assistants.access import PUBLIC_OR_TOKEN, WITHOUT_TOKEN, charge, enter
from api.assistants.openai import search
from api.assistants.openai.errors import OpenAiRoute
from api.dependencies import CurrentState
from api.errors import json_response
from api.fields import PathId
from api.openapi.build import read_by_hand
from api.schemas.vector_stores import OpenAiError, VectorStorePage, VectorStoreSearch, read_search

router = APIRouter(prefix="/v1/vector_stores", tags=["assistants"], route_class=OpenAiRoute)

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAiError} for status in (400, 401, 403, 404, 408, 413, 415, 429, 503)
}


@router.post(
    "/{store_id:id}/search",
    response_model=VectorStorePage,
    responses=REFUSALS,
    dependencies=[PUBLIC_OR_TOKEN],
    openapi_extra=read_by_hand(VectorStoreSearch) | WITHOUT_TOKEN,
)
async def search_vector_store(request: Request, state: CurrentState, store_id: PathId) -> Response:
    """Find the products of a store, in the shape of OpenAI's vector stores.

    `OpenAI(base_url="…/v1", api_key=TOKEN).vector_stores.search("3", query="…")` calls this route. Keys of
    filters are the names of the results' `attributes`, and `attributes.` with the name of an attribute. Each
    question counts as a request.
    """
    store = await enter(request, store_id)
    asked = read_search(await request.body())
    await charge(request, store, len(asked.query) - 1)
    page = await search.search(state, store, asked)
    return json_response(200, page.model_dump(mode="json"))
