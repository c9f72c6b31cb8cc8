"""UCP's three tools: UCP's response as structured content, and a short text with the same products."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, TextContent
from pydantic import BaseModel

from api.assistants import catalogue
from api.assistants.ucp import lookups, searching
from api.assistants.ucp.details import product_response
from api.assistants.ucp.lookups import lookup_response
from api.assistants.ucp.narrowing import narrowing
from api.assistants.ucp.requests import MOST_IDS, LookupBody, ProductBody, SearchBody
from api.assistants.ucp.searching import order_of, read_search, search_response, shown
from api.assistants.writing import written
from api.dependencies import AppState
from catalogue import words
from catalogue.hygiene import Fence
from catalogue.language import language_of
from catalogue.ucp import Message, Product
from contracts.stored import StoredProduct, StoredVariation
from contracts.stores import OpenStore


class SearchCatalog(BaseModel):
    """The arguments of `search_catalog`."""

    catalog: SearchBody


class LookupCatalog(BaseModel):
    """The arguments of `lookup_catalog`."""

    catalog: LookupBody


class GetProduct(BaseModel):
    """The arguments of `get_product`."""

    catalog: ProductBody


def answered(text: str, structured: dict[str, Any]) -> CallToolResult:
    """Returns a result with a text and structured content."""
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=structured)


async def search_catalog(state: AppState, store: OpenStore, arguments: SearchCatalog) -> CallToolResult:
    """Returns the products of a store that answer a question; raises 400."""
    asked = read_search(arguments.catalog, store)
    listing = await catalogue.search(
        state, store, asked.request, variations=searching.READ_VARIATIONS, condition=asked.condition
    )

    def write() -> CallToolResult:
        response = search_response(listing, store, asked)
        products = [stored for _, stored in shown(listing, asked)]
        has_options = bool(asked.request.attributes)
        text = words.listing(
            _as_shown(products, response.products) if has_options else products,
            store,
            total=response.pilito.total,
            confidence=response.pilito.confidence,
            fence=Fence(),
            remarks=_remarks(response.messages, without="price_unavailable"),
            language=None if products else language_of([arguments.catalog.query or ""]),
            order=order_of(listing, asked),
            variants=1 if has_options else 0,
        )
        return answered(text, response.dumped())

    return await written(write, (product for _, product in listing.found))


async def lookup_catalog(state: AppState, store: OpenStore, arguments: LookupCatalog) -> CallToolResult:
    """Returns the products that ids mean in a store; raises -32602 for too many."""
    body = arguments.catalog
    if len(body.ids) > MOST_IDS:
        raise MCPError(
            INVALID_PARAMS,
            f"catalog.ids: {len(body.ids)} ids, and at most {MOST_IDS} are looked up at once",
            {"code": "request_too_large"},
        )
    found = await catalogue.lookup(state, store, body.ids, variations=lookups.READ_VARIATIONS)

    def write() -> CallToolResult:
        narrow = narrowing(body.filters, body.context, store.currency)
        response = lookup_response(body.ids, found, store, narrow)
        priced = {product.id for product in response.products}
        products = [stored for stored in found.products if stored.external_id in priced]
        text = words.listing(
            _as_shown(products, response.products),
            store,
            total=len(products),
            confidence="high",
            fence=Fence(),
            remarks=_remarks(response.messages),
            variants=lookups.READ_VARIATIONS,
        )
        return answered(text, response.dumped())

    return await written(write, found.products)


async def get_product(state: AppState, store: OpenStore, arguments: GetProduct) -> CallToolResult:
    """Returns a product of a store, or says why there is none; raises 400."""
    body = arguments.catalog
    found = await catalogue.product(state, store, body.id)

    def write() -> CallToolResult:
        narrow = narrowing(body.filters, body.context, store.currency)
        response = product_response(body, found, store, narrow)
        if found is not None and response.product is not None:
            [product] = _as_shown(found[:1], [response.product])
            return answered(words.one(product, store, fence=Fence()), response.dumped())
        remarks = _remarks(response.messages)
        text = words.listing([], store, total=0, confidence="high", fence=Fence(), remarks=remarks)
        return answered(text, response.dumped())

    return await written(write, found[:1] if found else ())


def _as_shown(products: Iterable[StoredProduct], response: Iterable[Product]) -> list[StoredProduct]:
    """Returns products with the variations that a response has of them, in its order.

    One that the response does not have keeps its own.
    """
    variants = {one.id: [variant.id for variant in one.variants] for one in response}
    return [
        replace(product, variations=_among(product.variations, variants[product.external_id]))
        if product.external_id in variants
        else product
        for product in products
    ]


def _among(variations: Iterable[StoredVariation], ids: Iterable[str]) -> list[StoredVariation]:
    by_id = {one.external_id: one for one in variations}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def _remarks(messages: list[Message] | None, *, without: str = "") -> list[str]:
    """Returns messages as lines, except one kind that the text says in another way."""
    return [f"{one.code}: {one.content}" for one in messages or () if one.code != without]
