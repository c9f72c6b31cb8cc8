"""The operations of UCP's catalogue, by whichever protocol they are asked for."""

from api.assistants import catalogue
from api.assistants.ucp import lookups, searching
from api.assistants.ucp.details import product_response
from api.assistants.ucp.lookups import lookup_response
from api.assistants.ucp.narrowing import narrowing
from api.assistants.ucp.requests import MOST_IDS, LookupBody, ProductBody, SearchBody
from api.assistants.ucp.responses import LookupResponse, ProductResponse, SearchResponse
from api.assistants.ucp.searching import read_search, search_response
from api.assistants.writing import written
from api.dependencies import AppState
from api.errors import ApiError
from contracts.stores import OpenStore


class TooManyIds(ApiError):
    """A lookup of more ids than are looked up at once; a 400."""

    def __init__(self, count: int) -> None:
        problem = f"{count} ids, and at most {MOST_IDS} are looked up at once"
        super().__init__(400, {"error": f"ids: {problem}", "field": "ids", "problem": problem})


async def search_catalog(state: AppState, store: OpenStore, body: SearchBody) -> SearchResponse:
    """Returns the products of a store that answer a question; raises 400."""
    asked = read_search(body, store)
    listing = await catalogue.search(
        state, store, asked.request, variations=searching.READ_VARIATIONS, condition=asked.condition
    )
    return await written(
        lambda: search_response(listing, store, asked), (product for _, product in listing.found)
    )


async def lookup_catalog(state: AppState, store: OpenStore, body: LookupBody) -> LookupResponse:
    """Returns the products that ids mean in a store; raises `TooManyIds`."""
    if len(body.ids) > MOST_IDS:
        raise TooManyIds(len(body.ids))
    found = await catalogue.lookup(state, store, body.ids, variations=lookups.READ_VARIATIONS)
    narrow = narrowing(body.filters, body.context, store.currency)
    return await written(lambda: lookup_response(body.ids, found, store, narrow), found.products)


async def get_product(state: AppState, store: OpenStore, body: ProductBody) -> ProductResponse:
    """Returns a product of a store, or a response that says why there is none; raises 400."""
    found = await catalogue.product(state, store, body.id)
    narrow = narrowing(body.filters, body.context, store.currency)
    return await written(lambda: product_response(body, found, store, narrow), found[:1] if found else ())
