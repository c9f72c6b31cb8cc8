"""Streamable HTTP without sessions, as both eras of the protocol describe it."""

import pytest
from mcp.shared.exceptions import MCPError

from api.app import SEARCH_BYTES
from tests.assistants.mcp.clients import (
    ERAS,
    META,
    MODERN,
    address,
    connected,
    modern,
    posted,
    request,
    text_of,
    tool_call,
)
from tests.support.shop import Shop

INITIALIZE = request(
    "initialize",
    {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
)


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH"])
async def test_there_is_no_stream_and_no_session(english: Shop, path: str, method: str) -> None:
    """A 405 that names POST, for the store of the token and for one that the path names."""
    for at in (path, f"/mcp/{english.store_id}{path.removeprefix('/mcp')}"):
        answer = await english.http.request(method, at, headers=english.headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/mcp/{id}", "/mcp/{id}/"])
@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
async def test_a_handshake(english: Shop, path: str, version: str) -> None:
    """Every published version is agreed on, by JSON, without a session; the answer is not kept."""
    message = {**INITIALIZE, "params": {**INITIALIZE["params"], "protocolVersion": version}}
    answer = await posted(english, message, path.format(id=english.store_id))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "mcp-session-id" not in answer.headers
    result = answer.json()["result"]
    assert result["protocolVersion"] == version
    assert result["serverInfo"]["name"] == "pilito-sync"
    assert result["capabilities"]["tools"] == {"listChanged": False}
    assert "Reading lamp" not in result["instructions"]


async def test_an_unknown_version_gets_the_ones_that_are_known(english: Shop) -> None:
    """By a handshake the newest one, without a handshake an error that lists them."""
    message = {**INITIALIZE, "params": {**INITIALIZE["params"], "protocolVersion": "1999-01-01"}}
    assert (await posted(english, message)).json()["result"]["protocolVersion"] == "2025-11-25"
    unknown = {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    headers = {"Mcp-Protocol-Version": "2099-01-01", "Mcp-Method": "tools/list"}
    answer = await posted(
        english, request("tools/list", {"_meta": unknown}), headers={**english.headers, **headers}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["data"]["supported"] == [MODERN]


async def test_a_call_needs_no_handshake(english: Shop) -> None:
    """A session id of another server is ignored."""
    for extra in ({}, {"Mcp-Session-Id": "abc"}, {"Mcp-Protocol-Version": "2025-06-18"}):
        answer = await posted(
            english, tool_call("search", query="lamp"), headers={**english.headers, **extra}
        )
        assert answer.json()["result"]["structuredContent"]["results"][0]["id"] == "woo_1"
    message, headers = modern("tools/call", name="search", arguments={"query": "lamp"})
    answer = await posted(english, message, headers={**english.headers, **headers})
    result = answer.json()["result"]
    assert result["structuredContent"]["results"][0]["id"] == "woo_1"
    assert result["resultType"] == "complete"
    assert not {"ttlMs", "cacheScope"} & result.keys(), "stock is of this moment"


async def test_lists_may_be_kept_for_minutes(english: Shop) -> None:
    """The tools are the same for all stores, the instructions are not."""
    for method, scope, most in (("tools/list", "public", 600_000), ("server/discover", "private", 60_000)):
        message, headers = modern(method)
        result = (await posted(english, message, headers={**english.headers, **headers})).json()["result"]
        assert result["cacheScope"] == scope
        assert 0 < result["ttlMs"] <= most


@pytest.mark.parametrize(
    "accept", [None, "", "*/*", "text/html", "text/event-stream", "application/json", "application/*;q=0.1"]
)
async def test_any_accept_header_will_do(english: Shop, accept: str | None) -> None:
    """The answer is JSON; also for clients that send none."""
    for message, extra in ((request("ping"), {}), modern("tools/list")):
        headers = [(name, text) for name, text in {**english.headers, **extra}.items()]
        headers += [] if accept is None else [("Accept", accept)]
        built = english.http.build_request("POST", "/mcp", json=message, headers=headers)
        if accept is None:
            del built.headers["accept"]
        answer = await english.http.send(built)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
async def test_a_message_is_sent_as_json(english: Shop, kind: str, status: int) -> None:
    """A form of a web page is no message."""
    content = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'
    headers = {**english.headers, "Content-Type": kind}
    answer = await english.http.post("/mcp", content=content, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "method", ["notifications/initialized", "notifications/cancelled", "notifications/x"]
)
async def test_a_notification_is_accepted(english: Shop, method: str) -> None:
    """With a 202 and nothing else."""
    for extra in ({}, {"Mcp-Protocol-Version": MODERN, "Mcp-Method": method}):
        message = {"jsonrpc": "2.0", "method": method, "params": {"requestId": 1}}
        answer = await posted(english, message, headers={**english.headers, **extra})
        assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", -32700), (b"[]", -32600), (b"{}", -32600), (b'{"jsonrpc":"2.0"}', -32600)]
)
async def test_a_body_that_is_no_message_is_refused(english: Shop, body: bytes, code: int) -> None:
    """With an error of JSON-RPC, in both eras."""
    for extra in ({}, {"Mcp-Protocol-Version": MODERN}):
        headers = {**english.headers, "Content-Type": "application/json", **extra}
        answer = await english.http.post("/mcp", content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == code


async def test_a_large_body_is_refused(english: Shop) -> None:
    """Before it is received."""
    answer = await posted(english, tool_call("search", query="x" * SEARCH_BYTES))
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, SEARCH_BYTES)


@pytest.mark.parametrize(
    "method", ["resources/list", "prompts/list", "logging/setLevel", "no/such", "x" * 1000]
)
async def test_an_unknown_method(english: Shop, method: str) -> None:
    """-32601, and without a handshake a 404 too."""
    answer = await posted(english, request(method))
    assert answer.json()["error"]["code"] in (-32601, -32602)
    message, headers = modern(method)
    answer = await posted(english, message, headers={**english.headers, **headers})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, -32601)


@pytest.mark.parametrize("era", ERAS)
async def test_an_unknown_tool(english: Shop, era: str) -> None:
    """-32602 with the names of the tools; the unknown name is not repeated."""
    async with connected(english, era) as client:
        with pytest.raises(MCPError) as raised:
            await client.call_tool("drop_tables", {})
    assert raised.value.error.code == -32602
    assert "search_catalog" in raised.value.error.message
    assert "drop_tables" not in raised.value.error.message


async def test_the_description_of_the_server(english: Shop) -> None:
    """Names the address, and that tokens come in a header; for every number, so that none is betrayed."""
    for path in ("/mcp", f"/mcp/{english.store_id}", "/mcp/999999999"):
        answer = await english.http.get(f"/.well-known/oauth-protected-resource{path}")
        assert answer.status_code == 200
        assert answer.json() == {
            "resource": f"{address(english)}{path}",
            "resource_name": "Pilito Sync",
            "bearer_methods_supported": ["header"],
        }


async def test_wrong_headers_of_the_era_without_handshake(english: Shop) -> None:
    """A header that differs from the message is refused with the code of the protocol."""
    message, headers = modern("tools/call", name="search", arguments={"query": "lamp"})
    answer = await posted(english, message, headers={**english.headers, **headers, "Mcp-Name": "fetch"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)


@pytest.mark.parametrize("era", ERAS)
async def test_a_result_has_one_text(english: Shop, era: str) -> None:
    """Which is short, and no second copy of the structured content."""
    async with connected(english, era) as client:
        result = await client.call_tool("lookup_catalog", {"catalog": {"ids": ["woo_1"]}})
    assert "Reading lamp" in text_of(result)
    assert "price_range" not in text_of(result)
