"""`POST /api/v1/knowledge/search/`: hybrid search, by vectors and by words."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.bodies import RequestBody, read_model
from api.dependencies import AppState, CurrentSearchScope, CurrentState, SearchScope
from api.errors import invalid, json_response, not_found
from api.fields import LARGEST_ID, Price, Whole
from api.openapi.build import ResponseModel, example, read_by_hand, refuses
from api.schemas.products import Availability
from contracts.ids import embedding_label
from contracts.search import Question
from database.access import stores
from database.chunks import search as knowledge_base
from knowledge.normalise import normalise, search_form

router = APIRouter(prefix="/api/v1/knowledge", tags=["search"])

MAX_QUERY_CHARACTERS = 2_000
MAX_WORD_BYTES = 2_046
"""The full-text index and its queries cannot hold longer words."""


class SearchRequest(RequestBody):
    """A question, and filters of the products."""

    model_config = example(
        {"query": "چراغ برای کتاب خواندن", "limit": 3, "in_stock": True, "max_price": "2000000"}
    )

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)
    limit: Annotated[int, Field(ge=1, le=100), Whole] = 10
    store: Annotated[int, Whole] | None = None
    in_stock: bool | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    category: str | None = Field(default=None, max_length=200)


class FoundProduct(ResponseModel):
    """The product as it is now; prices are strings, so that no digit is lost."""

    id: int
    external_id: str
    title: str
    price: str | None
    currency: str
    in_stock: bool
    availability: Availability
    stock_quantity: str | None
    link: str
    image: str


class SearchHit(ResponseModel):
    """A product and its best chunk; scores are comparable within one response only."""

    score: float
    text: str
    product: FoundProduct


class SearchAnswer(ResponseModel):
    """The products that match, the best first."""

    model_config = example(
        {
            "mode": "hybrid",
            "results": [
                {
                    "score": 0.0325,
                    "text": "چراغ مطالعه رومیزی\nنور گرم و ملایم برای کتاب خواندن شبانه",
                    "product": {
                        "id": 12,
                        "external_id": "woo_777",
                        "title": "چراغ مطالعه رومیزی",
                        "price": "1250000",
                        "currency": "IRT",
                        "in_stock": True,
                        "availability": "in_stock",
                        "stock_quantity": "3",
                        "link": "https://shop.example/product/777",
                        "image": "https://shop.example/777.jpg",
                    },
                }
            ],
        }
    )

    mode: Literal["hybrid", "words"] = Field(description="`words` while the embeddings API does not answer")
    results: list[SearchHit]


async def _may_search(state: AppState, scope: SearchScope, store_id: int) -> bool:
    if scope.store_id is not None:
        return scope.store_id == store_id
    if not 0 < store_id <= LARGEST_ID:
        return False
    async with state.database.reading() as connection:
        return await stores.owner_of(connection, store_id) == scope.user_id


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
    body = read_model(SearchRequest, await request.body())
    if body.store is not None and not await _may_search(state, scope, body.store):
        raise not_found("store", field="store")
    query = normalise(body.query).strip()
    folded = " ".join(word for word in search_form(query).split() if len(word.encode()) <= MAX_WORD_BYTES)
    if not query:
        raise invalid("query: expected some words", field="query")
    vector = await state.query_vectors.of(query)
    question = Question(
        user_id=scope.user_id,
        store_id=scope.store_id if body.store is None else body.store,
        text=query,
        vector=vector,
        limit=body.limit,
        in_stock=body.in_stock,
        min_price=body.min_price,
        max_price=body.max_price,
        category=body.category and body.category.replace("\0", ""),
    )
    model, dimensions = state.settings.embedding_model, state.settings.embedding_dimensions
    async with state.database.transaction() as connection:
        hits = await knowledge_base.find(
            connection,
            question,
            folded=folded,
            label=embedding_label(model, dimensions, state.settings.embedding_variant),
            dimensions=dimensions,
        )
    mode = "words" if vector is None else "hybrid"
    return json_response(200, {"mode": mode, "results": [asdict(hit) for hit in hits]})
