"""Search as a person or an assistant asks for it; every door to the knowledge base calls `search`."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from api.dependencies import AppState, SearchScope
from api.errors import invalid_field, not_found
from api.fields import LARGEST_ID
from api.schemas.search import SearchRequest
from api.schemas.search_cursor import Mode, fingerprint, read_cursor, write_cursor
from contracts.metrics import Purpose, spent
from contracts.search import Condition, Facet, Found, Hit, Question, Unmatched
from database.access import stores
from database.search.find import find
from database.search.understood import Read, understood
from database.usage.ledger import Account
from knowledge.chunks import estimate_tokens
from knowledge.normalise import normalise
from knowledge.search.synonyms import Synonyms


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


@dataclass(slots=True)
class Trace:
    """How a search went: seconds of its parts on the server, and the words that were searched for.

    `words` are the question without what became filters; empty where nothing but filters is left.
    """

    embedding: float = 0.0
    database: float = 0.0
    words: str = ""

    @contextmanager
    def part(self, name: Literal["embedding", "database"]) -> Iterator[None]:
        """Add the time inside the block to a part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, name, getattr(self, name) + time.perf_counter() - began)


async def _may_search(state: AppState, scope: SearchScope, store_id: int) -> bool:
    if scope.store_id is not None:
        return scope.store_id == store_id
    if not 0 < store_id <= LARGEST_ID:
        return False
    async with state.database.reading() as connection:
        return await stores.owner_of(connection, store_id) == scope.user_id


async def search(
    state: AppState,
    scope: SearchScope,
    asked: SearchRequest,
    *,
    condition: Condition | None = None,
    trace: Trace | None = None,
    is_counted: bool = True,
) -> Answer:
    """Returns the products of the scope that answer a question; raises 400 and 404.

    Every result satisfies `condition`; with one, neither a question nor a filter is needed.
    `trace` is filled. The question is counted, see `api.questions`, unless `is_counted` is false.
    """
    trace = trace or Trace()
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
    with trace.part("database"):
        read, synonyms = await _read(state, question, understand=asked.understand)
    question, trace.words = read.question, read.question.text
    belongs_to = fingerprint(scope.user_id, store_id, query, filters, asked.sort, asked.understand)
    cursor = read_cursor(asked.cursor, belongs_to, question.sort)
    with trace.part("embedding"):
        vector = await _vector(state, question) if question.text else None
    mode: Mode = "words" if vector is None else "hybrid"
    after = cursor.place(mode) if cursor else None
    with trace.part("database"):
        found = await _find(state, replace(question, vector=vector, after=after), synonyms)
    if is_counted and cursor is None:
        is_answered = found.is_confident and found.total > 0
        state.questions.add(store_id, query, total=found.total, is_answered=is_answered)
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


async def _read(state: AppState, question: Question, *, understand: bool) -> tuple[Read, Synonyms]:
    """Returns what a question means, and the synonyms that count for it."""
    async with state.database.reading() as connection:
        synonyms = await state.synonyms.of(connection, question.user_id, question.store_id)
        return await understood(connection, question, synonyms, understand=understand), synonyms


async def _vector(state: AppState, question: Question) -> list[float] | None:
    """Returns the vector of a question, None if there is none; what it costs is counted for the store."""

    def paid(billed: int) -> None:
        account = Account(
            store_id=question.store_id,
            user_id=question.user_id,
            model=state.embedding_label,
            purpose=Purpose.QUESTION,
        )
        state.usage.add(account, spent(texts=1, billed=billed, estimate=estimate_tokens(question.text)))

    return await state.query_vectors.of(question.text, paid)


async def _find(state: AppState, question: Question, synonyms: Synonyms) -> Found:
    """Returns a page of the products that answer a question, by the model of the settings."""
    async with state.database.transaction() as connection:
        return await find(
            connection,
            question,
            synonyms,
            label=state.embedding_label,
            dimensions=state.settings.embedding_dimensions,
        )
