"""Which web pages may ask the MCP server: its own, and no page that DNS rebinding brings."""

import pytest

from tests.assistants.mcp.clients import posted, request
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import serving

PING = request("ping")
HERE = "127.0.0.1:8000"

ASKED = [
    ("127.0.0.1:8000", None, 200),
    ("shop.example", None, 200),
    (HERE, f"http://{HERE}", 200),
    (HERE, "http://localhost:6274", 200),
    ("localhost:8000", "http://127.0.0.1:6274", 200),
    ("[::1]:8000", "http://[::1]:8000", 200),
    ("10.0.0.7:8000", "http://10.0.0.7:8000", 200),
    (HERE, "http://evil.example", 403),
    (HERE, "https://127.0.0.1.evil.example", 403),
    (HERE, "null", 403),
    (HERE, "", 403),
    (HERE, "http://[::1", 403),
    (HERE, "http://10.0.0.7:8000", 403),
    ("evil.example:8000", "http://evil.example:8000", 403),
    ("evil.example", "http://localhost", 403),
    ("10.0.0.7:8000", "http://localhost:6274", 403),
    ("10.0.0.7:8000", "http://10.0.0.7:9000", 403),
    ("evil.example/path", None, 400),
]


@pytest.mark.parametrize(("host", "origin", "status"), ASKED, ids=repr)
async def test_the_origin_is_checked(english: Shop, host: str, origin: str | None, status: int) -> None:
    """A program sends none; a page needs a host that DNS cannot point elsewhere."""
    headers = {**english.headers, "Host": host} | ({} if origin is None else {"Origin": origin})
    answer = await posted(english, PING, headers=headers)
    assert answer.status_code == status
    assert "evil" not in answer.text


async def test_two_origins_must_both_be_allowed(english: Shop) -> None:
    """As a proxy may pass on what a page has added."""
    given = [*english.headers.items(), ("Host", HERE), ("Origin", f"http://{HERE}"), ("Origin", "http://a.b")]
    answer = await english.http.post("/mcp", json=PING, headers=given)
    assert answer.status_code == 403


async def test_pages_of_the_public_address_and_of_cors_origins_may_ask(
    english: Shop, configure: Configure
) -> None:
    """With any Host header; the preflight of such a page allows the headers of the protocol."""
    settings = configure(public_url="https://pilito.example/", cors_origins=("https://app.example",))
    async with serving(settings) as http:
        for origin, status in (
            ("https://pilito.example", 200),
            ("https://pilito.example:443", 200),
            ("https://app.example", 200),
            ("https://pilito.example:8443", 403),
            ("http://pilito.example", 403),
            ("http://127.0.0.1", 403),
        ):
            headers = {**english.headers, "Origin": origin}
            answer = await http.post("/mcp", json=PING, headers=headers)
            assert (origin, answer.status_code) == (origin, status)
        asked = "authorization, content-type, mcp-method, mcp-name, mcp-protocol-version"
        preflight = await http.request(
            "OPTIONS",
            "/mcp",
            headers={
                "Origin": "https://app.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": asked,
            },
        )
        assert preflight.status_code == 200
