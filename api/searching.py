"""Search as a person or an assistant asks for it; every door to the knowledge base calls `search`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from api.dependencies import AppState, SearchScope
from api.errors import invalid_field, not_found
from api.fields import LARGEST_ID
from api.schemas.search import SearchRequest
from api.schemas.search_cursor import Mode, fingerprint, read_cursor, write_cursor
from contracts.ids import embedding_label
from contracts.search import Condition, Facet, Hit, Question, Unmatched
from database.access import stores
from database.search.find import find
from database.search.understood import understood
from knowledge.normalise import normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page of results, with what is known of all of them; JSON has the same fields.

    `understood` has the filters that words of the question mean.
    """

    mode: Mode
    confidence: Literal["high", "low"]
    total: int
    next: str | None
    understood: Mapping[str, object]
    unmatched: Sequence[Unmatched]
    results: Sequence[Hit]
    facets: Mapping[str, Facet]


async def _may_search(state: AppState, scope: SearchScope, store_id: int) -> bool:
    if scope.store_id is not None:
        return scope.store_id == store_id
    if not 0 < store_id <= LARGEST_ID:
        return False
    async with state.database.reading() as connection:
        return await stores.owner_of(connection, store_id) == scope.user_id


async def search(
    state: AppState, scope: SearchScope, asked: SearchRequest, *, condition: Condition | None = None
) -> Answer:
    """Returns the products of the scope that answer a question; raises 400 and 404.

    Every result satisfies `condition`; with one, neither a question nor a filter is needed.
    """
    if asked.store is not None and not await _may_search(state, scope, asked.store):
        raise not_found("store", field="store")
    query, filters = normalise(asked.query or "").strip(), replace(asked.filters(), condition=condition)
    if not query and not filters:
        raise invalid_field("query", "expected some words, or a filter")
    store_id = scope.store_id if asked.store is None else asked.store
    question = Question(
        user_id=scope.user_id,
        store_id=store_id,
        text=query,
        vector=None,
        limit=asked.limit,
        filters=filters,
        sort=asked.sort,
        facets=tuple(dict.fromkeys(asked.facets)),
    )
    async with state.database.reading() as connection:
        synonyms = await state.synonyms.of(connection, scope.user_id, store_id)
        read = await understood(connection, question, synonyms, understand=asked.understand)
    question = read.question
    belongs_to = fingerprint(scope.user_id, store_id, query, filters, asked.sort, asked.understand)
    cursor = read_cursor(asked.cursor, belongs_to, question.sort)
    vector = await state.query_vectors.of(question.text) if question.text else None
    mode: Mode = "words" if vector is None else "hybrid"
    after = cursor.place(mode) if cursor else None
    settings = state.settings
    async with state.database.transaction() as connection:
        found = await find(
            connection,
            replace(question, vector=vector, after=after),
            synonyms,
            label=embedding_label(
                settings.embedding_model, settings.embedding_dimensions, settings.embedding_variant
            ),
            dimensions=settings.embedding_dimensions,
        )
    return Answer(
        mode=mode,
        confidence="high" if found.is_confident else "low",
        total=found.total,
        next=write_cursor(found.following, belongs_to, mode),
        understood=read.shown,
        unmatched=found.unmatched,
        results=found.hits,
        facets=found.facets,
    )
