"""The tools as a language model reads them: what each gives, when to use it, and what it takes."""

from collections.abc import Mapping
from typing import Any

from mcp_types import Tool, ToolAnnotations

from api.assistants.mcp import descriptions
from api.assistants.ucp.requests import MOST_FACETS, MOST_IDS, MOST_PRODUCTS, MOST_SELECTIONS
from api.schemas.search import MAX_QUERY_CHARACTERS, MAX_VALUES
from catalogue.extension import NAMESPACE
from contracts.search import Sort

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

Schema = dict[str, Any]


def _object(properties: Mapping[str, Schema], *required: str, **more: object) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties), **more}
    return {**schema, "required": [*required]} if required else schema


def _text(description: str, **more: object) -> Schema:
    return {"type": "string", "description": description, **more}


def _words(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "maxItems": MAX_VALUES, "description": description}


def _strings(*names: str, **more: Schema) -> Schema:
    """Returns an object of texts, all of them required; `more` are not."""
    return _object({**{name: {"type": "string"} for name in names}, **more}, *names)


_META = {"type": "object", "description": "UCP's metadata of the request; optional"}

_CONTEXT = _object({"currency": _text("ISO 4217 code of filters.price")})

_FILTERS = _object(
    {
        "categories": _words("one of these is enough"),
        "brands": _words("one of these is enough"),
        "in_stock": {"type": "boolean"},
        "price": _object(
            {"min": {"type": "integer", "minimum": 0}, "max": {"type": "integer", "minimum": 0}},
            description="in minor units of context.currency",
        ),
        "min_price": _text('decimal in the currency that the shop writes, such as "1250000" toman'),
        "max_price": _text("the same"),
        "attributes": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": 'name to values, such as {"Size": ["43"], "رنگ": ["مشکی", "سفید"]}',
        },
        "exclude": _object({"categories": _words("none of these"), "brands": _words("none of these")}),
    },
    description="all of them hold; values are compared tolerantly with those of the store",
)

_SEARCH = _object(
    {
        "query": _text("what the buyer wants, in the buyer's words", maxLength=MAX_QUERY_CHARACTERS),
        "filters": _FILTERS,
        "context": _CONTEXT,
        "pagination": _object(
            {
                "limit": {
                    "type": "integer",
                    "minimum": 1,
                    "description": f"10 if absent, {MOST_PRODUCTS} at most",
                },
                "cursor": _text("pagination.cursor of the answer before, to the same question"),
            }
        ),
        "sort": {"type": "string", "enum": [*Sort]},
        "facets": {
            "type": "array",
            "items": {"type": "string"},
            "maxItems": MOST_FACETS,
            "description": "what to count: `brand`, `category`, `price`, or `attributes.` and a name",
        },
        "understand": {
            "type": "boolean",
            "description": "whether prices and negations in the query become filters; true if absent",
        },
    },
    description="a query, or at least one filter",
)

_NARROWING = {
    "filters": {"type": "object", "description": "of the variants, the same as in search_catalog"},
    "context": {"type": "object", "description": "the same as in search_catalog"},
}

_IDS = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "maxItems": MOST_IDS,
    "description": "ids of products or variants, SKUs or GTINs",
}

_PRODUCT = _object(
    {
        "id": _text("id of a product or variant, SKU or GTIN"),
        "selected": {
            "type": "array",
            "items": _strings("name", "label"),
            "maxItems": MOST_SELECTIONS,
            "description": 'options that the buyer chose, such as [{"name": "Size", "label": "43"}]',
        },
        "preferences": _words("names of options, the one to keep longest first"),
        **_NARROWING,
    },
    "id",
)

_ANSWER = {
    "ucp": _object({"version": {"type": "string"}, "status": {"type": "string"}}, "version"),
    "messages": {"type": "array", "items": {"type": "object"}},
}
_PRODUCTS = {"type": "array", "items": {"type": "object"}}


def _catalog(schema: Schema) -> Schema:
    return _object({"catalog": schema, "meta": _META}, "catalog")


def _tool(name: str, title: str, description: str, takes: Schema, gives: Schema) -> Tool:
    return Tool(
        name=name,
        title=title,
        description=description,
        input_schema=takes,
        output_schema=gives,
        annotations=_READS,
    )


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        _tool(
            "search_catalog",
            "Search the catalogue",
            descriptions.SEARCH_CATALOG,
            _catalog(_SEARCH),
            _object(
                {
                    **_ANSWER,
                    "products": _PRODUCTS,
                    "pagination": _object({"has_next_page": {"type": "boolean"}}),
                    NAMESPACE: _object(
                        {
                            "confidence": {"type": "string", "enum": ["high", "low"]},
                            "total": {"type": "integer"},
                        }
                    ),
                },
                "ucp",
                "products",
            ),
        ),
        _tool(
            "lookup_catalog",
            "Look products up",
            descriptions.LOOKUP_CATALOG,
            _catalog(_object({"ids": _IDS, **_NARROWING}, "ids")),
            _object({**_ANSWER, "products": _PRODUCTS}, "ucp", "products"),
        ),
        _tool(
            "get_product",
            "Show a product",
            descriptions.GET_PRODUCT,
            _catalog(_PRODUCT),
            _object({**_ANSWER, "product": {"type": "object"}}, "ucp"),
        ),
        _tool(
            "search",
            "Search",
            descriptions.SEARCH,
            _object({"query": _text("what to find", maxLength=MAX_QUERY_CHARACTERS)}, "query"),
            _object({"results": {"type": "array", "items": _strings("id", "title", "url")}}, "results"),
        ),
        _tool(
            "fetch",
            "Fetch a product",
            descriptions.FETCH,
            _object({"id": _text("an id that `search` gave")}, "id"),
            _strings("id", "title", "text", "url", metadata={"type": "object"}),
        ),
    )
}
"""The tools in the order of the list."""


def input_schema(name: str) -> Schema | None:
    """Returns the schema of the arguments of a tool; None for an unknown tool."""
    tool = TOOLS.get(name)
    return tool.input_schema if tool else None
