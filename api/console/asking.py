"""A question to the search as a program asks it: a curl line, and a call of the tool `search_catalog`."""

import shlex
from typing import Any

import orjson

from api.schemas.search import SearchRequest

_TOKEN = "$PILITO_TOKEN"  # noqa: S105 - the name of a variable of the shell

_FILTERS = ("in_stock", "min_price", "max_price", "brands")
"""Filters with the same name in both."""


def curl(base: str, asked: SearchRequest) -> str:
    """Returns a line for a shell that asks the API at `base`; the token is a variable of the shell."""
    body = orjson.dumps(_given(asked)).decode()
    return (
        f"curl -sS {shlex.quote(f'{base}/api/v1/knowledge/search/')} "
        f'-H "Authorization: Bearer {_TOKEN}" -H "Content-Type: application/json" -d {shlex.quote(body)}'
    )


def tool_call(asked: SearchRequest) -> str:
    """Returns the JSON-RPC request of the same question over MCP."""
    given = _given(asked)
    filters: dict[str, Any] = {name: given.pop(name) for name in _FILTERS if name in given}
    if category := given.pop("category", None):
        filters["categories"] = [category]
    pagination = {"limit": limit} if (limit := given.pop("limit", None)) else {}
    catalog = {**given, "filters": filters, "pagination": pagination}
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "search_catalog",
            "arguments": {
                "catalog": {name: value for name, value in catalog.items() if value not in (None, {}, [])}
            },
        },
    }
    return orjson.dumps(call, option=orjson.OPT_INDENT_2).decode()


def _given(asked: SearchRequest) -> dict[str, Any]:
    """Returns the fields that differ from their defaults, as JSON; a cursor is not repeated."""
    return asked.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "store"})
