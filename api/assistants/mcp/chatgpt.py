"""The tools that ChatGPT asks for by name: `search` and `fetch`, in the shape that it wants.

Its contract is JSON in the one text of the result; the structured content is the same.
"""

from typing import Annotated, Any

import orjson
from mcp_types import CallToolResult
from pydantic import BaseModel, Field

from api.assistants import catalogue
from api.assistants.mcp.tools import answered
from api.assistants.ucp.requests import Identifier
from api.assistants.writing import written
from api.dependencies import AppState
from api.schemas.search import MAX_QUERY_CHARACTERS, SearchRequest
from catalogue import words
from catalogue.hygiene import Fence, line, web_link
from catalogue.language import language_of
from catalogue.options import names_of
from catalogue.prices import currency_of, price_text
from contracts.errors import InvalidField
from contracts.search import AllOf, Sort
from contracts.stored import StoredProduct
from contracts.stores import OpenStore

RESULTS = 10
TITLE_CHARACTERS = 150
NAMES = 10


class Search(BaseModel):
    """The argument of `search`."""

    query: Annotated[str, Field(max_length=MAX_QUERY_CHARACTERS)]


class Fetch(BaseModel):
    """The argument of `fetch`."""

    id: Identifier


async def search(state: AppState, store: OpenStore, arguments: Search) -> CallToolResult:
    """Returns id, title and address of the products that answer a question; raises 400.

    A question without a letter or a digit, such as `*`, is a list of all products, the newest first.
    """
    query = arguments.query
    if lists := bool(query.strip()) and not any(letter.isalnum() for letter in query):
        request = SearchRequest(limit=RESULTS, sort=Sort.NEWEST)
    else:
        request = SearchRequest(query=query, limit=RESULTS)
    condition = AllOf() if lists else None
    listing = await catalogue.search(state, store, request, variations=1, condition=condition)
    found = [product for _, product in catalogue.matching(listing, asks=not lists)]
    return await written(lambda: _as_json({"results": [_named(product) for product in found]}), found)


async def fetch(state: AppState, store: OpenStore, arguments: Fetch) -> CallToolResult:
    """Returns a product as text; raises InvalidField for the id of no product."""
    found = await catalogue.product(state, store, arguments.id)
    if found is None:
        raise InvalidField("id", "no product of this store has it; ids come from `search`")
    product, _ = found
    return await written(lambda: _as_json(_whole(product, store)), [product])


def _whole(product: StoredProduct, store: OpenStore) -> dict[str, Any]:
    return {
        **_named(product),
        "text": words.one(product, store, fence=Fence()),
        "metadata": {
            "price": price_text(product, store, language_of([product.title])),
            "currency": line(currency_of(product, store), TITLE_CHARACTERS),
            "availability": product.availability,
            "brands": names_of(product.brands, NAMES),
            "categories": names_of(product.categories, NAMES),
            "facts_at": product.facts_at.isoformat(timespec="seconds"),
        },
    }


def _named(product: StoredProduct) -> dict[str, Any]:
    link = web_link(product.link)
    return {
        "id": product.external_id,
        "title": line(product.title, TITLE_CHARACTERS) or product.external_id,
        "url": link if len(link) <= words.LINK_CHARACTERS else "",
    }


def _as_json(content: dict[str, Any]) -> CallToolResult:
    return answered(orjson.dumps(content).decode(), content)
