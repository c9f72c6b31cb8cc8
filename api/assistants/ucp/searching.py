"""A search as UCP asks and answers it, in the terms of this service's own search."""

from dataclasses import dataclass
from decimal import Decimal

from api.assistants.catalogue import Listing, matching
from api.assistants.ucp.messages import filters_ignored, price_filter_ignored
from api.assistants.ucp.requests import MOST_PRODUCTS, SearchBody, UcpFilters
from api.assistants.ucp.responses import (
    SEARCH,
    About,
    CountedValue,
    PageInfo,
    PriceSpan,
    SearchResponse,
    UnderstoodFilters,
    UnknownValue,
    envelope,
)
from api.errors import invalid_field
from api.schemas.search import Excluded, SearchRequest
from catalogue.extension import Why
from catalogue.hygiene import line
from catalogue.money import iso_code, shop_amount
from catalogue.product import price_unavailable, ucp_product
from catalogue.size import fit, left_for_products
from catalogue.ucp import Message
from contracts import search as contracts
from contracts.search import AllOf, Condition, Hit, Sort
from contracts.stored import StoredProduct
from contracts.stores import OpenStore

DEFAULT_PRODUCTS = 10

READ_VARIATIONS = 10
"""Variations of a result that are read: some of them may have no price."""

_VALUE_CHARACTERS = 60
_FACET_VALUES = 10
_REPORTS = 5
_KNOWN_VALUES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request in our own terms, and messages about what was not understood."""

    request: SearchRequest
    condition: Condition | None = None
    messages: tuple[Message, ...] = ()


def read_search(body: SearchBody, store: OpenStore) -> Asked:
    """Returns what a request asks of a store; raises 400 if it asks for nothing.

    A question without a letter or a digit, such as `*`, is a list of all products, the newest first.
    """
    filters = body.filters or UcpFilters()
    known = set(UcpFilters.model_fields) & filters.model_fields_set
    if not (body.query or "").strip() and not known:
        raise invalid_field(
            "query", "send a question in `query`, or a filter in `filters`; `*` lists all products"
        )
    query = body.query if any(letter.isalnum() for letter in body.query or "") else None
    lowest, highest, message = _price(body, store)
    pagination = body.pagination
    request = SearchRequest(
        query=query,
        limit=min((pagination.limit if pagination else None) or DEFAULT_PRODUCTS, MOST_PRODUCTS),
        cursor=(pagination.cursor if pagination else None) or body.cursor,
        in_stock=filters.in_stock,
        min_price=max((one for one in (lowest, filters.min_price) if one is not None), default=None),
        max_price=min((one for one in (highest, filters.max_price) if one is not None), default=None),
        categories=filters.categories,
        brands=filters.brands,
        exclude=Excluded(categories=filters.exclude.categories, brands=filters.exclude.brands),
        attributes=filters.attributes,
        sort=body.sort or (Sort.RELEVANCE if query else Sort.NEWEST),
        facets=body.facets,
        understand=body.understand,
    )
    messages = [message] if message else []
    if unknown := filters.unknown():
        messages.append(filters_ignored(unknown))
    return Asked(request=request, condition=None if query else AllOf(), messages=tuple(messages))


def _price(body: SearchBody, store: OpenStore) -> tuple[Decimal | None, Decimal | None, Message | None]:
    """Returns the limits of the filter `price` in the shop's own currency, or why it is ignored."""
    price = body.filters.price if body.filters else None
    if price is None:
        return None, None, None
    own = iso_code(store.currency)
    asked = (body.context.currency if body.context else None) or own or ""
    if own is None or asked.upper() != own:
        return None, None, price_filter_ignored(asked, own)
    lowest, highest = (
        None if amount is None else shop_amount(amount, own, store.currency)
        for amount in (price.min, price.max)
    )
    return lowest, highest, None


def shown(listing: Listing, asked: Asked) -> list[tuple[Hit, StoredProduct]]:
    """Returns the results that a response shows."""
    return matching(listing, asks=asked.request.query is not None)


def order_of(listing: Listing, asked: Asked) -> Sort | None:
    """Returns the order of results, which words of the question may ask for; None for a list without one."""
    order = Sort(str(listing.answer.understood.get("sort", asked.request.sort)))
    return None if order is Sort.RELEVANCE and asked.request.query is None else order


def search_response(listing: Listing, store: OpenStore, asked: Asked) -> SearchResponse:
    """Returns the response to a search, with the results that are `shown`."""
    answer = listing.answer
    found = shown(listing, asked)
    mapped = [(stored, ucp_product(stored, store, why=Why.of(hit))) for hit, stored in found]
    messages = [
        *asked.messages,
        *(price_unavailable(stored, store) for stored, product in mapped if product is None),
    ]
    is_empty = not found and bool(listing.found)
    total = 0 if is_empty else answer.total - (len(listing.found) - len(found))
    response = SearchResponse(
        ucp=envelope(SEARCH),
        products=[],
        pagination=PageInfo(
            has_next_page=answer.next is not None and not is_empty,
            cursor=None if is_empty else answer.next,
            total_count=total,
        ),
        messages=messages or None,
        pilito=_about(listing, total=total),
    )
    products = [product for _, product in mapped if product is not None]
    return response.model_copy(update={"products": fit(products, left_for_products(response))})


def _about(listing: Listing, *, total: int) -> About:
    answer = listing.answer
    return About(
        confidence=answer.confidence,
        total=total,
        understood=UnderstoodFilters.model_validate(answer.understood),
        unmatched=[
            UnknownValue(
                field=line(one.field, _VALUE_CHARACTERS),
                value=line(one.value, _VALUE_CHARACTERS),
                known=[line(value, _VALUE_CHARACTERS) for value in one.known[:_KNOWN_VALUES]],
            )
            for one in answer.unmatched[:_REPORTS]
        ]
        or None,
        facets={line(name, _VALUE_CHARACTERS): _facet(facet) for name, facet in answer.facets.items()}
        or None,
    )


def _facet(facet: contracts.Facet) -> list[CountedValue] | PriceSpan:
    if isinstance(facet, contracts.PriceFacet):
        return PriceSpan(min=facet.min, max=facet.max, count=facet.count)
    return [
        CountedValue(
            value=line(one.value, _VALUE_CHARACTERS),
            count=one.count,
            min_price=one.min_price,
            max_price=one.max_price,
        )
        for one in facet[:_FACET_VALUES]
    ]
