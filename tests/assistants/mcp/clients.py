"""The official client of the protocol, in both of its eras, and plain messages."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from tests.support.shop import Shop

ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""How the client connects: by `server/discover` or by `initialize`; and the version that both agree on."""

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}

_ids = itertools.count(1)


@asynccontextmanager
async def connected(shop: Shop, era: str = "auto", path: str = "/mcp") -> AsyncIterator[Client]:
    """Yields a client of the official SDK with the token of a shop."""
    async with (
        httpx2.AsyncClient(headers=shop.headers, timeout=30) as http,
        Client(streamable_http_client(f"{address(shop)}{path}", http_client=http), mode=era) as client,
    ):
        yield client


def address(shop: Shop) -> str:
    return str(shop.http.base_url).rstrip("/")


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Returns the structured content of a call that must succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    """Returns the one text of a result."""
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def posted(
    shop: Shop, message: object, path: str = "/mcp", *, headers: Mapping[str, str] | None = None, **more: Any
) -> httpx2.Response:
    """Post a message by hand, with the token of the shop unless there are other headers."""
    return await shop.http.post(
        path, json=message, headers=shop.headers if headers is None else headers, **more
    )


def request(method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Returns a request of the era with a handshake."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": next(_ids), "method": method}
    return message if params is None else {**message, "params": params}


def tool_call(name: str, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", {"name": name, "arguments": arguments})


def modern(method: str, **params: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns a request without a handshake, and its headers."""
    headers = {"Mcp-Protocol-Version": MODERN, "Mcp-Method": method}
    if "name" in params:
        headers["Mcp-Name"] = params["name"]
    return request(method, {**params, "_meta": META}), headers
