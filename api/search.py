"""`POST /api/v1/knowledge/search/`: products for a question, by meaning and by words."""

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.body import json_object, read_body
from api.errors import Refused, answer, invalid
from api.state import CurrentIntegration, Opened
from contracts.naming import embedding_label
from contracts.search import Question
from database import search as knowledge_base
from knowledge.normalise import normalise, search_form

router = APIRouter(prefix="/api/v1/knowledge", tags=["search"])

MAX_QUESTION_BYTES = 64 * 1024
MAX_QUERY_CHARACTERS = 2_000
MAX_WORD_BYTES = 2_046
"""Longer words are in no full-text index and in no query of one."""

Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=20)]


class SearchRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)
    limit: int = Field(default=10, ge=1, le=100)
    store: int | None = None
    in_stock: bool | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    category: str | None = Field(default=None, max_length=200)


def _read(raw: bytes) -> SearchRequest:
    try:
        return SearchRequest.model_validate(json_object(raw))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise invalid(f"{field}: {first['msg']}", field=field, problem=first["msg"]) from None


@router.post("/search/")
async def search(request: Request, opened: Opened, integration: CurrentIntegration) -> Response:
    """Find the products that answer a question; price and stock are those of this moment."""
    asked = _read(await read_body(request, limit=MAX_QUESTION_BYTES))
    if asked.store is not None and asked.store != integration.store_id:
        raise Refused(404, {"error": "No such store", "field": "store"})
    query = normalise(asked.query).strip()
    folded = " ".join(word for word in search_form(query).split() if len(word.encode()) <= MAX_WORD_BYTES)
    if not query:
        raise invalid("query: expected some words", field="query")
    vector = await opened.query_vectors.of(query)
    question = Question(
        user_id=integration.user_id,
        store_id=integration.store_id,
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
