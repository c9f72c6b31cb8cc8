"""Requests without an end neither block other requests nor fill the memory."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api.app import SYNONYMS_BYTES
from api.middleware.http_protocol import MAX_HEAD_BYTES
from tests.support.environment import Configure
from tests.support.network.wire import Wire, wired
from tests.support.openapi.contract import CONTRACT, Route
from tests.support.openapi.document import takes_a_body
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System, running

WEBHOOK = "/api/integrations/woocommerce/webhook/"
FILLING = b"a" * 1024
MORE_HEADERS = b"X-More: 1\r\n" * 100
BODIES = [route for route in CONTRACT if takes_a_body(route)]


@pytest_asyncio.fixture(scope="module")
async def hurried(configure: Configure) -> AsyncIterator[System]:
    """An API with a short request timeout, in which a loaded machine still receives two megabytes."""
    async with running(configure(request_timeout_seconds=4, max_body_bytes=65536), work=False) as system:
        yield system


@pytest_asyncio.fixture
async def shop(hurried: System) -> Shop:
    return await hurried.shop()


@pytest_asyncio.fixture
async def admin(hurried: System) -> dict[str, str]:
    return await session(hurried, "admin@example.com", is_staff=True)


@pytest_asyncio.fixture
async def wire(hurried: System) -> AsyncIterator[Wire]:
    async with wired(hurried) as wire:
        yield wire


async def head(wire: Wire, shop: Shop, *lines: str, body: bytes = b"") -> None:
    token = f"Authorization: Bearer {shop.secret}"
    await wire.send(f"POST {WEBHOOK} HTTP/1.1", "Host: pilito", token, *lines, body=body)


async def test_a_slow_body_times_out(wire: Wire, shop: Shop) -> None:
    """A 408 ends the connection while other requests are served."""
    await head(wire, shop, "Content-Length: 60000")
    await wire.drip(b" " * 60000)
    answer = await wire.answered()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b'{"error":"The body took too long"}')
    assert (await shop.send({"id": 1})).status_code == 202


async def test_a_missing_body_times_out(wire: Wire, shop: Shop) -> None:
    """The API does not wait longer for a silent client."""
    await head(wire, shop, "Content-Length: 60000")
    assert (await wire.answered()).startswith(b"HTTP/1.1 408 ")


async def test_a_slow_head_times_out(wire: Wire) -> None:
    """The connection ends without a response."""
    await wire.drip(b"GET /healthz HTTP/1.1\r\n" + b"X-Slow: 1\r\n" * 1000)
    assert await wire.answered() == b""


async def test_a_silent_connection_is_closed(wire: Wire) -> None:
    """Open connections use resources."""
    assert await wire.answered() == b""


async def test_an_unread_body_ends_the_connection(wire: Wire) -> None:
    """The response comes at once, and the connection is not kept for the rest of the body."""
    await wire.send("GET /healthz HTTP/1.1", "Host: pilito", "Content-Length: 60000")
    assert (await wire.answered()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "endless",
    [b"GET /healthz?", b"GET /healthz HTTP/1.1\r\nX-Long: ", b"GET /healthz HTTP/1.1\r\n"],
    ids=["address", "header", "headers"],
)
async def test_a_head_without_end_is_refused(wire: Wire, endless: bytes) -> None:
    """Before it fills the memory."""
    more = FILLING if endless.endswith((b"?", b" ")) else MORE_HEADERS
    await wire.pour([endless, *[more] * (2 * MAX_HEAD_BYTES // len(more))])
    assert (await wire.answered()).startswith(b"HTTP/1.1 431 ")


async def test_trailers_without_end_are_cut_off(wire: Wire, shop: Shop) -> None:
    """Trailers of a chunked body have the same limit as the head."""
    await head(wire, shop, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n")
    await wire.pour([MORE_HEADERS] * (2 * MAX_HEAD_BYTES // len(MORE_HEADERS)))
    assert not (await wire.answered()).startswith(b"HTTP/1.1 2")


@pytest.mark.parametrize("route", [route for route in BODIES if route.who == "admin"], ids=str)
async def test_the_body_of_an_unknown_client_is_not_read(wire: Wire, route: Route) -> None:
    """A route for admins authenticates before it reads the body: a 401, and neither 413 nor 408."""
    await wire.send(f"{route.method} {route.at(1)} HTTP/1.1", "Host: pilito", "Content-Length: 999999999")
    assert (await wire.answered()).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("route", BODIES, ids=str)
async def test_a_chunked_body_without_end_is_refused_on_every_route(
    shop: Shop, admin: dict[str, str], wire: Wire, route: Route
) -> None:
    """Without a declared length, the 413 comes when the limit is exceeded.

    An unsigned body is read until it is longer than a ping, a 401, unless more than the limit came at once.
    """
    has_token = route.who in ("token", "user or token", "public or token")
    bearer = (shop.headers if has_token else admin)["Authorization"]
    number = shop.store_id if route.who == "public or token" else 1
    await wire.send(
        f"{route.method} {route.at(number)} HTTP/1.1",
        "Host: pilito",
        f"Authorization: {bearer}",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        "Transfer-Encoding: chunked",
    )
    kibibytes = 2 * SYNONYMS_BYTES // 1024 if route.path.endswith("/synonyms/") else 128
    await wire.pour([b"400\r\n" + FILLING + b"\r\n"] * kibibytes)
    expected = (b"401", b"413") if route.who == "signed" else (b"413",)
    assert (await wire.answered())[9:12] in expected
