"""The MCP server: which methods it has, and what clients may keep of its answers."""

from typing import Any

import mcp_types as types
from fastapi import Request
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server

from api.assistants.mcp import calls
from api.assistants.mcp.definitions import TOOLS, input_schema
from api.assistants.mcp.door import store_of
from api.assistants.mcp.instructions import Instructions
from api.dependencies import app_state
from contracts.ids import VERSION

TOOLS_FRESH_MS = 300_000
DISCOVERED_FRESH_MS = 60_000
"""The instructions name categories and counts, which are read once a minute."""

_WITH_INSTRUCTIONS = ("initialize", "server/discover")

Context = ServerRequestContext[Any, Request]


async def _list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[*TOOLS.values()])


def create_server() -> Server[Any]:
    """Returns the server of one application. Who asks and for which store is in the scope of each request."""
    server: Server[Any] = Server(
        "pilito-sync",
        version=VERSION,
        title="Pilito Sync",
        description="The catalogue of a shop, with its present prices and stock",
        cache_hints={
            "tools/list": CacheHint(ttl_ms=TOOLS_FRESH_MS, scope="public"),
            "server/discover": CacheHint(ttl_ms=DISCOVERED_FRESH_MS, scope="private"),
        },
        get_tool_input_schema=input_schema,
        on_list_tools=_list_tools,
        on_call_tool=calls.call_tool,
    )
    instructions = Instructions()

    async def with_instructions(ctx: Context, call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        if ctx.request and ctx.method in _WITH_INSTRUCTIONS and isinstance(result, dict):
            database, store = app_state(ctx.request).database, store_of(ctx.request)
            return {**result, "instructions": await instructions.of(database, store)}
        return result

    # Without the span of the SDK: it would have what a client sends in its name.
    server.middleware[:] = [with_instructions]
    return server
