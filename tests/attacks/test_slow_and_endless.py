"""Requests that never end hold nobody up and fill no memory."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api.middleware.http_protocol import MAX_HEAD_BYTES
from tests.conftest import Configure
from tests.support.contract import CONTRACT, Route
from tests.support.document import takes_a_body
from tests.support.sessions import session
from tests.support.system import Shop, System, running
from tests.support.wire import Wire, wired

pytestmark = pytest.mark.slow

WEBHOOK = "/api/integrations/woocommerce/webhook/"
FILLING = b"a" * 1024
MORE_HEADERS = b"X-More: 1\r\n" * 100
BODIES = [route for route in CONTRACT if takes_a_body(route)]


@pytest_asyncio.fixture(scope="module")
async def hurried(configure: Configure) -> AsyncIterator[System]:
    """An API that waits a second for requests."""
    async with running(configure(request_timeout_seconds=1, max_body_bytes=65536), work=False) as system:
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


async def test_a_body_in_drops_is_not_waited_for(wire: Wire, shop: Shop) -> None:
    """A 408 ends it, and the connection, while others are served."""
    await head(wire, shop, "Content-Length: 60000")
    await wire.drip(b" " * 60000)
    answer = await wire.answered()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b'{"error":"The body took too long"}')
    assert (await shop.send({"id": 1})).status_code == 202


async def test_a_body_that_does_not_come_is_not_waited_for(wire: Wire, shop: Shop) -> None:
    """Silence is as slow as drops."""
    await head(wire, shop, "Content-Length: 60000")
    assert (await wire.answered()).startswith(b"HTTP/1.1 408 ")


async def test_a_head_in_drops_is_not_waited_for(wire: Wire) -> None:
    """The connection ends without an answer, which nobody asked for yet."""
    await wire.drip(b"GET /healthz HTTP/1.1\r\n" + b"X-Slow: 1\r\n" * 1000)
    assert await wire.answered() == b""


async def test_a_connection_that_says_nothing_is_closed(wire: Wire) -> None:
    """Open connections cost something too."""
    assert await wire.answered() == b""


async def test_a_body_nobody_reads_ends(wire: Wire) -> None:
    """The answer comes at once; the connection is not kept for the rest."""
    await wire.send("GET /healthz HTTP/1.1", "Host: pilito", "Content-Length: 60000")
    assert (await wire.answered()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "endless",
    [b"GET /healthz?", b"GET /healthz HTTP/1.1\r\nX-Long: ", b"GET /healthz HTTP/1.1\r\n"],
    ids=["address", "header", "headers"],
)
async def test_a_head_without_end_is_refused(wire: Wire, endless: bytes) -> None:
    """Long before it fills the memory."""
    more = FILLING if endless.endswith((b"?", b" ")) else MORE_HEADERS
    await wire.pour([endless, *[more] * (2 * MAX_HEAD_BYTES // len(more))])
    assert (await wire.answered()).startswith(b"HTTP/1.1 431 ")


async def test_trailers_without_end_are_cut_off(wire: Wire, shop: Shop) -> None:
    """What follows a chunked body is bounded like what comes before it."""
    await head(wire, shop, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n")
    await wire.pour([MORE_HEADERS] * (2 * MAX_HEAD_BYTES // len(MORE_HEADERS)))
    assert not (await wire.answered()).startswith(b"HTTP/1.1 2")


@pytest.mark.parametrize("route", BODIES, ids=str)
async def test_a_chunked_body_without_end_is_refused_on_every_route(
    shop: Shop, admin: dict[str, str], wire: Wire, route: Route
) -> None:
    """No length was declared; 413 comes once too much has come."""
    bearer = {"token": shop.headers, "user or token": shop.headers}.get(route.who, admin)["Authorization"]
    await wire.send(
        f"{route.method} {route.at(1)} HTTP/1.1",
        "Host: pilito",
        f"Authorization: {bearer}",
        "Transfer-Encoding: chunked",
    )
    await wire.pour([b"400\r\n" + FILLING + b"\r\n"] * 128)
    assert (await wire.answered()).startswith(b"HTTP/1.1 413 ")
