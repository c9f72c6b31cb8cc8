"""The search playground: a question and filters, and why each result is where it is."""

import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from persiantools import digits
from pydantic import BeforeValidator, Field

from api.console.asking import curl, tool_call
from api.console.params import PageQuery
from api.console.rendering import address, page
from api.console.routing import pages
from api.console.scope import one_store
from api.dependencies import SearchScope, app_state
from api.fields import Id, Price
from api.public_url import public_url
from api.schemas.search import (
    MAX_CHARACTERS,
    MAX_CURSOR_CHARACTERS,
    MAX_QUERY_CHARACTERS,
    SearchRequest,
)
from api.searching import Answer, Trace, search
from contracts.search import Hit, PriceFacet, Sort
from knowledge.normalise import normalise
from knowledge.search.forms import asked as words_of
from knowledge.search.synonyms import Synonyms

router = pages("/search")

PAGE = 10
SEARCH = "/console/search/"
FACETS = ["brand", "category", "price"]
UNDERSTOOD = ("min_price", "max_price", "categories", "exclude", "sort")
"""What words of a question may have become."""

MOST_VALUES = 12
"""Of a facet, that are shown."""

_SEPARATORS = str.maketrans("", "", " ,،٬'")


def _latin(value: object) -> object:
    """Returns a price with the digits of JSON and without separators of thousands."""
    return digits.fa_to_en(digits.ar_to_fa(value)).translate(_SEPARATORS) if isinstance(value, str) else value


def _written(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


Amount = Annotated[Price, BeforeValidator(_latin)]
Name = Annotated[str, Field(max_length=MAX_CHARACTERS, pattern=r"^[^\x00]*$")]


class SearchQuery(PageQuery):
    """A question in the address of the page; `literal` leaves words that mean a filter in the question."""

    store: Id | None = None
    q: Annotated[str, Field(max_length=MAX_QUERY_CHARACTERS)] = ""
    stock: Literal["in", "out"] | None = None
    min_price: Amount | None = None
    max_price: Amount | None = None
    category: Name | None = None
    brand: Name | None = None
    sort: Sort = Sort.RELEVANCE
    literal: bool = False
    cursor: Annotated[str, Field(max_length=MAX_CURSOR_CHARACTERS)] | None = None

    def request(self) -> SearchRequest | None:
        """Returns the question as the API has it; None if nothing is asked."""
        filters: dict[str, Any] = {
            "in_stock": None if self.stock is None else self.stock == "in",
            "min_price": _written(self.min_price),
            "max_price": _written(self.max_price),
            "category": self.category,
            "brands": [self.brand] if self.brand else None,
        }
        given = {name: value for name, value in filters.items() if value is not None}
        if not normalise(self.q).strip() and not given:
            return None
        return SearchRequest(
            query=self.q or None,
            limit=PAGE,
            cursor=self.cursor,
            sort=self.sort,
            understand=not self.literal,
            facets=FACETS,
            **given,
        )


@router.get("/")
async def show(request: Request) -> Response:
    """The form, and the answer to what its address asks."""
    query = SearchQuery(**request.query_params)
    scope = await one_store(request, query.store)
    store = scope.chosen
    if store is None:
        return page(request, "overview_empty.html", scope=scope)
    kept = query.query(cursor=None, store=store.id)
    shown: dict[str, Any] = {"scope": scope, "query": query, "sorts": list(Sort), "store": store}
    wanted = query.request()
    if wanted is None:
        return page(request, "search.html", **shown, answer=None)
    trace, began = Trace(), time.perf_counter()
    answer = await search(
        app_state(request),
        SearchScope(user_id=store.user_id, store_id=store.id),
        wanted,
        trace=trace,
        is_counted=False,
    )
    base = public_url(request)
    plain = wanted.model_copy(update={"facets": []})
    return page(
        request,
        "search.html",
        **shown,
        answer=answer,
        hits=[(hit, _matched(trace, hit)) for hit in answer.results],
        trace=trace,
        says={**dict.fromkeys(UNDERSTOOD), **answer.understood},
        total_seconds=time.perf_counter() - began,
        counted=_counted(answer, kept),
        known=[
            (one, [(value, _with(kept, one.field, value)) for value in one.known]) for one in answer.unmatched
        ],
        curl=curl(base, plain),
        tool_call=tool_call(plain),
        tool_address=f"{base}/mcp/{store.id}",
        first=address(SEARCH, kept) if query.cursor else "",
        following=address(SEARCH, {**kept, "cursor": answer.next}) if answer.next else "",
    )


def _matched(trace: Trace, hit: Hit) -> list[str]:
    """Returns the words of the question that a result has."""
    if hit.matched.share is None:
        return []
    words = dict.fromkeys(one.word for one in words_of(trace.words, Synonyms([])))
    return [word for word in words if word not in hit.matched.missing]


def _with(kept: dict[str, object], field: str, value: str) -> str:
    """Returns the address of the same question with another value of a filter."""
    names = {"brands": "brand", "categories": "category"}
    return address(SEARCH, {**kept, names.get(field, field): value})


def _counted(answer: Answer, kept: dict[str, object]) -> dict[str, list[tuple[str, int, str]]]:
    """Returns the values of brands and categories with their counts and the addresses that choose them."""
    return {
        name: [(one.value, one.count, _with(kept, name, one.value)) for one in values[:MOST_VALUES]]
        for name, values in answer.facets.items()
        if not isinstance(values, PriceFacet)
    }
