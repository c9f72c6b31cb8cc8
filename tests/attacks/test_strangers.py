"""Requests of unknown senders and of single shops take a bounded part of memory and connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from api.bodies_in_flight import FREE_BYTES
from tests.support import deliveries
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.network.wire import Wire, wired
from tests.support.shop import Shop
from tests.support.system import ServiceClient, System, running

WEBHOOK = "/api/integrations/woocommerce/webhook/"
SECRET = "a-secret-of-letters"
LARGEST = 4 * FREE_BYTES
FORMS = {
    "woocommerce": {"X-WC-Webhook-Signature": "A" * 43 + "="},
    "shopify": {"X-Shopify-Hmac-Sha256": "A" * 43 + "="},
    "custom": {
        "webhook-id": "evt",
        "webhook-timestamp": "1764115200",
        "webhook-signature": "v1,AAAA v1," + "A" * 43 + "=",
    },
}
"""Headers with the form of a signature, by platform."""


@pytest_asyncio.fixture(loop_scope="session")
async def narrow(configure: Configure) -> AsyncIterator[System]:
    """An API that holds four large bodies: one of a store, two of unknown senders.

    Each test has its own, because bodies of a test before may still count.
    """
    settings = configure(max_body_bytes=LARGEST, bodies_in_flight_bytes=4 * LARGEST, max_connections=40)
    async with running(settings, work=False) as system:
        yield system


@pytest_asyncio.fixture
async def connections(narrow: System) -> AsyncIterator[AsyncExitStack]:
    """Connections that are closed at the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack


async def signed_shop(system: System) -> Shop:
    return await system.shop(webhook_secret=SECRET)


async def begun(system: System, stack: AsyncExitStack, path: str, headers: dict[str, str]) -> Wire:
    """Returns a connection on which all but the last byte of the largest body was sent."""
    wire = await stack.enter_async_context(wired(system))
    lines = [f"{name}: {value}" for name, value in headers.items()]
    await wire.send(
        f"POST {path} HTTP/1.1",
        "Host: pilito",
        *lines,
        f"Content-Length: {LARGEST}",
        body=b" " * (LARGEST - 1),
    )
    return wire


async def in_flight(system: System, bodies: int) -> None:
    """Wait until so many begun bodies are counted: another body that came first would take their place."""
    assert isinstance(system.http, ServiceClient)
    counter = system.http.app.state.opened.bodies
    await eventually(
        lambda: asyncio.sleep(0, counter.taken),
        lambda taken: taken >= bodies * (LARGEST - 1),
        what="bodies in flight",
    )


@pytest.mark.parametrize("platform", FORMS)
async def test_a_delivery_to_an_unknown_store_is_refused_unread(
    narrow: System, connections: AsyncExitStack, platform: str
) -> None:
    """The 401 comes while the body is still on its way, and ends the connection."""
    path = f"/api/integrations/{platform}/webhook/{2**62}/"
    wire = await begun(narrow, connections, path, FORMS[platform])
    answer = await wire.answered()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert answer.endswith(b'{"detail":"Invalid signature"}')


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-WC-Webhook-Signature": ""},
        {"X-WC-Webhook-Signature": "A" * 42 + "="},
        {"X-WC-Webhook-Signature": "A" * 44},
        {"X-WC-Webhook-Signature": "A" * 43 + "=="},
        {"X-WC-Webhook-Signature": "\u00e9" * 43 + "="},
        FORMS["shopify"],
    ],
    ids=lambda headers: " ".join(headers.values()),
)
async def test_a_delivery_without_the_form_of_a_signature_is_refused_unread(
    narrow: System, connections: AsyncExitStack, headers: dict[str, str]
) -> None:
    """The store exists; its response is the one of an unknown store."""
    shop = await signed_shop(narrow)
    wire = await begun(narrow, connections, f"{WEBHOOK}{shop.store_id}/", headers)
    answer = await wire.answered()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert answer.endswith(b'{"detail":"Invalid signature"}')


async def test_a_store_of_another_platform_is_refused_unread(
    narrow: System, connections: AsyncExitStack
) -> None:
    """A signature of the platform in the path does not help."""
    shop = await signed_shop(narrow)
    path = f"/api/integrations/shopify/webhook/{shop.store_id}/"
    wire = await begun(narrow, connections, path, FORMS["shopify"])
    assert (await wire.answered()).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
async def test_a_ping_is_read_and_no_longer_body(
    narrow: System, connections: AsyncExitStack, *, chunked: bool
) -> None:
    """WooCommerce sends its ping without a signature."""
    path = f"POST {WEBHOOK}7/ HTTP/1.1"
    for body, status in ((b"webhook_id=17", b"200"), (b"webhook_id=17" + b" " * 1000, b"401")):
        wire = await connections.enter_async_context(wired(narrow))
        if chunked:
            framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            await wire.send(
                path, "Host: pilito", "Transfer-Encoding: chunked", "Connection: close", body=framed
            )
        else:
            await wire.send(
                path, "Host: pilito", f"Content-Length: {len(body)}", "Connection: close", body=body
            )
        assert (await wire.answered()).startswith(b"HTTP/1.1 " + status)


async def test_large_bodies_of_unknown_senders_leave_room_for_others(
    narrow: System, connections: AsyncExitStack
) -> None:
    """Two stores with known ids are flooded: a third waits, and tokens and small bodies pass."""
    flooded = [await signed_shop(narrow) for _ in range(2)]
    for shop in flooded:
        await begun(narrow, connections, f"{WEBHOOK}{shop.store_id}/", FORMS["woocommerce"])
        await in_flight(narrow, 1)
    third = await signed_shop(narrow)
    sent = deliveries.woocommerce({"id": 7, "name": "a" * (2 * FREE_BYTES)}, SECRET)
    refused = await third.deliver(sent)
    assert refused.status_code == 503
    assert list(refused.json()) == ["error"]
    assert int(refused.headers["retry-after"]) > 0
    assert (await third.deliver(deliveries.woocommerce({"id": 7, "name": "a"}, SECRET))).status_code == 202
    assert (await flooded[0].send({"id": 8, "name": "a"})).status_code == 202
    with_token = await third.send({"id": 9, "name": "a", "description": "a" * (2 * FREE_BYTES)})
    assert with_token.status_code == 202
    own = {"id": 10, "name": "a", "description": "a" * (2 * FREE_BYTES)}
    assert (await flooded[1].send(own)).status_code == 202, "what a store sends with its token counts apart"
    await connections.aclose()
    await eventually(lambda: third.deliver(sent), lambda answer: answer.status_code in (200, 202))


async def test_large_bodies_of_one_store_leave_room_for_others(
    narrow: System, connections: AsyncExitStack
) -> None:
    """One store may take a quarter, also with a token."""
    shop, other = await narrow.shop(), await narrow.shop()
    large = {"id": 9, "name": "a", "description": "a" * (2 * FREE_BYTES)}
    await begun(narrow, connections, WEBHOOK, shop.headers)
    await in_flight(narrow, 1)
    assert (await shop.send(large)).status_code == 503
    assert (await shop.send({"id": 8, "name": "a"})).status_code == 202
    assert (await other.send(large)).status_code == 202


async def test_all_large_bodies_have_one_limit(narrow: System, connections: AsyncExitStack) -> None:
    """A chunked body is counted as it arrives."""
    for _ in range(4):
        await begun(narrow, connections, WEBHOOK, (await narrow.shop()).headers)
    await in_flight(narrow, 4)
    shop = await narrow.shop()
    wire = await connections.enter_async_context(wired(narrow))
    token = f"Authorization: {shop.headers['Authorization']}"
    await wire.send(f"POST {WEBHOOK} HTTP/1.1", "Host: pilito", token, "Transfer-Encoding: chunked")
    other = await narrow.shop()
    large = {"id": 9, "name": "a", "description": "a" * (2 * FREE_BYTES)}
    assert (await other.send(large)).status_code == 503
    await wire.pour([b"400\r\n" + b" " * 1024 + b"\r\n"] * (2 * FREE_BYTES // 1024))
    assert (await wire.answered()).startswith(b"HTTP/1.1 503 ")


async def test_connections_beyond_the_limit_are_refused(configure: Configure) -> None:
    """A 503 with Retry-After, whether a request was sent or not; later ones are served again."""
    async with running(configure(max_connections=3), work=False) as system, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(wired(system)) for _ in range(3)]
        for asks in (False, True):
            wire = await stack.enter_async_context(wired(system))
            if asks:
                await wire.send("GET /healthz HTTP/1.1", "Host: pilito")
            answer = await wire.answered()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After: " in answer
            assert answer.endswith(b'{"error":"Too many connections; please try again"}')
        for wire in silent:
            await wire.close()
        assert (await system.http.get("/healthz")).status_code == 200
