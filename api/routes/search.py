"""`POST /api/v1/knowledge/search/`: products for a question, by meaning and by words."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Asker, CurrentAsker, Opened
from api.errors import Refused, answer, invalid
from api.fields import LARGEST_ID, Price, Whole, read_model
from api.middleware.body import json_object, read_body
from api.openapi.build import Answer, documented, example
from contracts.ids import embedding_label
from contracts.search import Question
from database.access import stores
from database.chunks import search as knowledge_base
from knowledge.normalise import normalise, search_form

router = APIRouter(prefix="/api/v1/knowledge", tags=["search"])

MAX_QUESTION_BYTES = 64 * 1024
MAX_QUERY_CHARACTERS = 2_000
MAX_WORD_BYTES = 2_046
"""Longer words are in no full-text index and in no query of one."""


class SearchRequest(BaseModel):
    """A question, and what its answers must satisfy."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"query": "چراغ برای کتاب خواندن", "limit": 3, "in_stock": True, "max_price": "2000000"}
            ]
        },
    )

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)
    limit: Annotated[int, Field(ge=1, le=100), Whole] = 10
    store: Annotated[int, Whole] | None = None
    in_stock: bool | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    category: str | None = Field(default=None, max_length=200)


class FoundProduct(Answer):
    """The product as it is now; prices are texts, so that no digit is lost."""

    id: int
    external_id: str
    title: str
    price: str | None
    currency: str
    in_stock: bool
    stock_quantity: str | None
    link: str
    image: str


class SearchHit(Answer):
    """A product and the passage of it that answers best; scores compare within one answer only."""

    score: float
    text: str
    product: FoundProduct


class SearchAnswer(Answer):
    """The products found, the best first."""

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


async def _may_ask(opened: Opened, asker: Asker, store_id: int) -> bool:
    if asker.store_id is not None:
        return asker.store_id == store_id
    if not 0 < store_id <= LARGEST_ID:
        return False
    async with opened.database.reading() as connection:
        return await stores.owner_of(connection, store_id) == asker.user_id


@router.post("/search/", **documented(answers={200: SearchAnswer}, refuses=[404], body=SearchRequest))
async def search(request: Request, opened: Opened, asker: CurrentAsker) -> Response:
    """Find the products that answer a question; price and stock are those of this moment.

    An integration token asks of its store; a user of all their stores, or of one.
    """
    asked = read_model(SearchRequest, json_object(await read_body(request, limit=MAX_QUESTION_BYTES)))
    store_id = asker.store_id if asked.store is None else asked.store
    if asked.store is not None and not await _may_ask(opened, asker, asked.store):
        raise Refused(404, {"error": "No such store", "field": "store"})
    query = normalise(asked.query).strip()
    folded = " ".join(word for word in search_form(query).split() if len(word.encode()) <= MAX_WORD_BYTES)
    if not query:
        raise invalid("query: expected some words", field="query")
    vector = await opened.query_vectors.of(query)
    question = Question(
        user_id=asker.user_id,
        store_id=store_id,
        text=query,
        vector=vector,
        limit=asked.limit,
        in_stock=asked.in_stock,
        min_price=asked.min_price,
        max_price=asked.max_price,
        category=asked.category and asked.category.replace("\0", ""),
    )
    model, dimensions = opened.settings.embedding_model, opened.settings.embedding_dimensions
    async with opened.database.transaction() as connection:
        hits = await knowledge_base.find(
            connection,
            question,
            folded=folded,
            label=embedding_label(model, dimensions),
            dimensions=dimensions,
        )
    return answer(
        200,
        {
            "mode": "words" if vector is None else "hybrid",
            "results": [asdict(hit) for hit in hits],
        },
    )
