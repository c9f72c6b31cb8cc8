"""Products of a store: a list by state, and one with what search knows of it and why."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import Field, TypeAdapter

from api.actions.explain import explain as judgement
from api.actions.retry import retry
from api.console.cursors import PageCursors
from api.console.params import PageQuery
from api.console.rendering import address, go, page, workflow_link
from api.console.routing import pages
from api.console.scope import one_store, own_store
from api.console.session import Visitor
from api.dependencies import AppState, SearchScope, app_state
from api.errors import ApiError, not_found
from api.fields import Id, Moment, PathId, Words
from api.i18n import message
from api.schemas.search import SearchRequest
from api.searching import search
from api.verdict import Verdict, deciding
from contracts.events import EventStatus
from database.access.store_names import StoreName
from database.events import explain
from database.events.explain import ProductHistory
from database.events.log import EventFilter
from database.products import listing
from database.products.browse import Place, ProductState, list_products
from database.products.listing import ProductFilter

router = pages("/products")

PAGE = 50
LIKELY = 5
"""Products that are offered in place of an unknown one."""

VARIATIONS = 100
LIST = "/console/products/"
EXPLAIN = f"{LIST}explain/"

_CURSORS = PageCursors[tuple[datetime, int]](TypeAdapter(tuple[Moment, Id]))

ExternalId = Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")]


class ProductQuery(PageQuery):
    """The filters of the list."""

    store: Id | None = None
    search: Words | None = None
    state: ProductState | None = None
    stock: Literal["in", "out"] | None = None
    cursor: str | None = None

    def filter(self, store_id: int) -> ProductFilter:
        in_stock = None if self.stock is None else self.stock == "in"
        return ProductFilter(store_id=store_id, search=self.search, in_stock=in_stock)


class ExplainQuery(PageQuery):
    """A product by its id in the shop."""

    store: Id | None = None
    external_id: ExternalId = ""


@router.get("/")
async def show(request: Request) -> Response:
    """A page of products, the latest change first."""
    query = ProductQuery(**request.query_params)
    scope = await one_store(request, query.store)
    store = scope.chosen
    if store is None:
        return page(request, "overview_empty.html", scope=scope)
    after = _CURSORS.read(query.cursor)
    state = app_state(request)
    async with state.database.reading() as connection:
        rows, following = await list_products(
            connection,
            store.user_id,
            query.filter(store.id),
            model=state.embedding_label,
            state=query.state,
            after=Place(updated_at=after[0], id=after[1]) if after else None,
            limit=PAGE,
        )
    kept = query.query(cursor=None, store=store.id)
    cursor = _CURSORS.write((following.updated_at, following.id)) if following else ""
    return page(
        request,
        "products.html",
        scope=scope,
        query=query,
        rows=rows,
        states=list(ProductState),
        first=address(LIST, kept) if query.cursor else "",
        following=address(LIST, {**kept, "cursor": cursor}) if cursor else "",
    )


@router.get("/explain/")
async def show_explained(request: Request) -> Response:
    """A product by its id in the shop, also one that was never saved; without an id, the form for one."""
    query = ExplainQuery(**request.query_params)
    asked = query.external_id.strip()
    scope = await one_store(request, query.store)
    if scope.chosen is None or not asked:
        return page(request, "explain.html" if scope.chosen else "overview_empty.html", scope=scope)
    async with app_state(request).database.reading() as connection:
        facts = await explain.by_external_id(connection, scope.chosen.user_id, scope.chosen.id, asked)
    return await _explained(request, scope.chosen, facts, asked=asked)


@router.post("/retry/")
async def retry_deciding(request: Request) -> Response:
    """Run the event again that decides about a product, if it failed."""
    query, state = ExplainQuery(**request.state.form), app_state(request)
    store = await own_store(request, query.store or 0)
    async with state.database.reading() as connection:
        facts = await explain.by_external_id(connection, store.user_id, store.id, query.external_id)
    event = deciding(facts) if facts else None
    if event is None or event.status is not EventStatus.FAILED:
        raise ApiError(409, {"error": "The last change of this product did not fail; load its page again."})
    await retry(state, EventFilter(), only=event.id)
    return go(EXPLAIN, store=store.id, external_id=query.external_id, done="retried")


@router.get("/{product_id:id}/")
async def show_one(request: Request, product_id: PathId) -> Response:
    """A product with its facts, variations and chunks, and why search finds it or not."""
    state = app_state(request)
    async with state.database.reading() as connection:
        store_id = await listing.store_of(connection, product_id)
    if store_id is None:
        raise not_found("product")
    try:
        store = await own_store(request, store_id)
    except ApiError:
        raise not_found("product") from None
    async with state.database.reading() as connection:
        facts = await explain.by_id(connection, store.user_id, product_id)
    return await _explained(request, store, facts)


async def _explained(
    request: Request, store: StoreName, facts: ProductHistory | None, *, asked: str = ""
) -> Response:
    """Returns the page of a product, or of the id of one that was never saved."""
    if facts is None:
        raise not_found("product")
    state = app_state(request)
    visitor: Visitor = request.state.visitor
    judged, product = await asyncio.gather(judgement(state, facts, asked=asked), _whole(state, store, facts))
    event = judged.event
    return page(
        request,
        "product.html",
        store=store,
        facts=facts,
        judged=judged,
        product=product,
        variations=product["variations"][:VARIATIONS] if product else [],
        said=message(f"explain.{judged.verdict}", visitor.language),
        to_do=message(f"explain.{judged.verdict}.to_do", visitor.language),
        workflow_url=workflow_link(request, event.workflow_id) if event else "",
        likely=await _likely(state, store, facts.external_id)
        if judged.verdict is Verdict.NEVER_RECEIVED
        else [],
    )


async def _whole(state: AppState, store: StoreName, facts: ProductHistory) -> dict[str, Any] | None:
    """Returns a product with its variations and chunks, None if it has no row."""
    if facts.product is None:
        return None
    async with state.database.reading() as connection:
        return await listing.read_product(connection, store.user_id, facts.product.id)


async def _likely(state: AppState, store: StoreName, asked: str) -> list[tuple[int, str]]:
    """Returns ids and titles of products that may be meant by a text that is no known id."""
    try:
        answer = await search(
            state,
            SearchScope(user_id=store.user_id, store_id=store.id),
            SearchRequest(query=asked, limit=LIKELY),
            is_counted=False,
        )
    except ApiError:
        return []
    return [(hit.product.id, hit.product.title) for hit in answer.results]
