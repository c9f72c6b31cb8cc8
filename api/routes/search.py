"""`POST /api/v1/knowledge/search/`: search by vectors and by words, with filters and facets."""

from fastapi import APIRouter, Request, Response

from api.bodies import read_model
from api.dependencies import CurrentSearchScope, CurrentState
from api.errors import json_response
from api.openapi.build import read_by_hand, refuses
from api.schemas.search import SearchRequest
from api.schemas.search_answer import SearchAnswer
from api.searching import search as answer

router = APIRouter(prefix="/api/v1/knowledge", tags=["search"])


@router.post(
    "/search/",
    response_model=SearchAnswer,
    responses=refuses(404),
    openapi_extra=read_by_hand(SearchRequest),
)
async def search(request: Request, state: CurrentState, scope: CurrentSearchScope) -> Response:
    """Find the products that answer a question, with their present price and stock.

    An integration token searches its store; a user searches all own stores, or one of them.
    """
    return json_response(200, await answer(state, scope, read_model(SearchRequest, await request.body())))
