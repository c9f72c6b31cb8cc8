"""Who may ask which store: by a token, or without one if the store is public."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from database.access import stores
from tests.assistants.mcp.clients import address, call, connected, posted, request, tool_call
from tests.assistants.mcp.shops import ENGLISH
from tests.support.environment import Configure
from tests.support.search_catalogue import stocked
from tests.support.shop import Shop
from tests.support.system import System, serving

LIST = request("tools/list")
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
PLATFORMS = ("woocommerce", "shopify", "custom")


async def access(shop: Shop, kind: str) -> None:
    async with shop.database.transaction() as connection:
        await stores.change(connection, shop.store_id, {"assistant_access": kind})


@pytest_asyncio.fixture
async def shop(system: System) -> AsyncIterator[Shop]:
    """A store of a new user, with one product."""
    yield await stocked(await system.shop(currency="USD"), ENGLISH[:1])


def refused(answer: httpx2.Response, detail: str = "Invalid token") -> str:
    """Returns the challenge of a 401."""
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})
    return answer.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/mcp", "/mcp/{id}", "/mcp/{id}/"])
async def test_a_stranger_is_asked_for_a_token(shop: Shop, path: str) -> None:
    """A 401 that names the description of the server, which the official client can read."""
    at = path.format(id=shop.store_id)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        challenge = refused(await posted(shop, LIST, at, headers=headers))
        start, _, described = challenge.partition("resource_metadata=")
        assert start == "Bearer "
        where = described.strip('"')
        assert where == f"{address(shop)}/.well-known/oauth-protected-resource{at.rstrip('/')}"
        assert (await shop.http.get(where)).json()["resource"] == f"{address(shop)}{at.rstrip('/')}"


async def test_a_store_that_does_not_exist_looks_like_a_private_one(shop: Shop) -> None:
    """Without a token, so that the numbers of stores stay unknown."""
    for at in (f"/mcp/{shop.store_id}", "/mcp/999999999", f"/mcp/{2**63 - 1}"):
        refused(await posted(shop, LIST, at, headers={}))
    for at in ("/mcp/0", "/mcp/-1", f"/mcp/{2**63}", "/mcp/abc"):
        assert (await posted(shop, LIST, at, headers={})).status_code == 400


async def test_the_token_of_another_store_opens_nothing(system: System, shop: Shop) -> None:
    """A 404, for a store of the same user and of others, as for no store."""
    own, other = await system.second_shop(shop.user_id), await system.shop()
    for asking in (own, other):
        for at in (f"/mcp/{shop.store_id}", "/mcp/999999999"):
            answer = await posted(asking, LIST, at)
            assert (answer.status_code, answer.json()["error"]) == (404, "No such store")
    await access(shop, "public")
    assert (await posted(other, LIST, f"/mcp/{shop.store_id}")).status_code == 404


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_the_token_of_each_platform_opens_its_store(system: System, platform: str) -> None:
    """With and without the number of the store."""
    shop = await system.shop(store_type=platform, integration_type=platform)
    for at in ("/mcp", f"/mcp/{shop.store_id}"):
        assert len((await posted(shop, LIST, at)).json()["result"]["tools"]) == 5


async def test_tokens_that_have_ended_open_nothing(system: System, shop: Shop) -> None:
    """Expired, used from elsewhere, switched off, or of a closed account."""
    refused(await posted(await system.shop(expires_at=LONG_AGO), LIST), "Token has expired")
    elsewhere = await system.shop(allowed_ips=("192.0.2.0/24",))
    assert (await posted(elsewhere, LIST)).status_code == 401
    async with shop.database.transaction() as connection:
        off = text("UPDATE integration_tokens SET is_active = false WHERE id = :id")
        await connection.execute(off, {"id": shop.token_id})
    assert (await posted(shop, LIST)).status_code == 401
    closed = await system.shop()
    await access(closed, "public")
    async with shop.database.transaction() as connection:
        close = text("UPDATE users SET is_active = false WHERE id = :id")
        await connection.execute(close, {"id": closed.user_id})
    assert (await posted(closed, LIST)).status_code == 401
    refused(await posted(closed, LIST, f"/mcp/{closed.store_id}", headers={}))


async def test_a_public_store_needs_no_token(shop: Shop) -> None:
    """At its own address only; a wrong token is still refused."""
    await access(shop, "public")
    at = f"/mcp/{shop.store_id}"
    answer = await posted(shop, tool_call("search", query="lamp"), at, headers={})
    assert answer.json()["result"]["structuredContent"]["results"][0]["title"] == "Reading lamp"
    refused(await posted(shop, LIST, at, headers={"Authorization": "Bearer wrong"}))
    refused(await posted(shop, LIST, headers={}))
    await access(shop, "token")
    refused(await posted(shop, LIST, at, headers={}))


async def test_a_store_that_is_off_is_closed_to_its_token_too(shop: Shop) -> None:
    """A 403 that names the setting."""
    await access(shop, "off")
    for at in ("/mcp", f"/mcp/{shop.store_id}"):
        answer = await posted(shop, LIST, at)
        assert answer.status_code == 403
        assert "assistant_access" in answer.json()["error"]
    refused(await posted(shop, LIST, f"/mcp/{shop.store_id}", headers={}))


async def test_requests_are_limited(system: System, configure: Configure) -> None:
    """A 429 with the seconds to wait: by token, and by network for a public store."""
    shop = await system.shop()
    await access(shop, "public")
    at = f"/mcp/{shop.store_id}"
    async with serving(configure(requests_per_minute=6, public_requests_per_minute=1)) as http:
        for headers in (shop.headers, {}):
            first, second = [await http.post(at, json=LIST, headers=headers) for _ in range(2)]
            assert (first.status_code, second.status_code) == (200, 429)
            assert int(second.headers["retry-after"]) > 0


async def test_products_of_other_stores_are_unknown(system: System, shop: Shop) -> None:
    """By id, SKU, variant and question, also if a store has the same id."""
    other = await stocked(await system.second_shop(shop.user_id, currency="USD"), ENGLISH[1:2])
    for asking, own, foreign in ((shop, "woo_1", "woo_2"), (other, "woo_2", "woo_1")):
        async with connected(asking) as client:
            found = await call(
                client, "lookup_catalog", catalog={"ids": ["woo_1", "woo_2", "woo_21", "PEG-42-W"]}
            )
            assert {one["id"] for one in found["products"]} == {own}
            found = await call(client, "get_product", catalog={"id": foreign})
            assert found["ucp"]["status"] == "error"
            assert (await client.call_tool("fetch", {"id": foreign})).is_error
            found = await call(client, "search_catalog", catalog={"query": "*", "facets": ["brand"]})
            assert {one["id"] for one in found["products"]} == {own}
            named = await call(client, "search", query="Reading lamp, running shoe Pegasus")
            assert {one["id"] for one in named["results"]} <= {own}


async def test_instructions_are_those_of_the_store(system: System, shop: Shop) -> None:
    """Name, number of products, categories, brands and currency of no other store."""
    other = await stocked(await system.shop(currency="IRT"), ENGLISH[1:2])
    said: dict[str, Any] = {}
    for name, asking in (("shop", shop), ("other", other)):
        async with connected(asking) as client:
            said[name] = client.instructions
    assert "products: 1" in said["shop"]
    assert "Lighting" in said["shop"]
    assert "Nora" in said["shop"]
    assert "USD" in said["shop"]
    assert "Nike" not in said["shop"]
    assert "Nora" not in said["other"]
    assert "IRT" in said["other"]
