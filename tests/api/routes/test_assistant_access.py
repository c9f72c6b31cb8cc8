"""Who may come in by the doors for assistants: every door, asked by everyone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from api.assistants.access import NETWORKS_OF_A_SITE
from connectors.registry import PLATFORMS
from contracts.stores import AssistantAccess, StoreType
from database.access import tokens
from tests.support.assistants import lamp, opened
from tests.support.environment import Configure, another_database
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System, running, serving

NOWHERE = 10**15
PROFILE = "/ucp/{id}/.well-known/ucp"

DOORS: dict[str, dict[str, Any] | None] = {
    "/ucp/{id}/.well-known/ucp": None,
    "/ucp/{id}/catalog/search": {"query": "lamp"},
    "/ucp/{id}/catalog/lookup": {"ids": ["woo_1"]},
    "/ucp/{id}/catalog/product": {"id": "woo_1"},
    "/v1/vector_stores/{id}/search": {"query": "lamp"},
}
"""Path -> body; without a body it is a GET."""


@dataclass(frozen=True, slots=True)
class Tenants:
    """Stores of three users: one for tokens only, one public, and one closed to assistants."""

    private: Shop
    public: Shop
    off: Shop


@pytest_asyncio.fixture(scope="module")
async def tenants(system: System) -> Tenants:
    made = Tenants(await system.shop(), await system.shop(), await system.shop())
    for shop, name in ((made.private, "Private"), (made.public, "Public"), (made.off, "Off")):
        await shop.sync(lamp(1, name=f"{name} lamp"))
    await opened(made.public, AssistantAccess.PUBLIC)
    await opened(made.off, AssistantAccess.OFF)
    return made


async def ask(
    http: httpx2.AsyncClient, door: str, store_id: int, headers: dict[str, str] | None = None
) -> httpx2.Response:
    body = DOORS[door]
    method = "GET" if body is None else "POST"
    return await http.request(method, door.replace("{id}", str(store_id)), json=body, headers=headers)


def message(answer: httpx2.Response) -> str:
    """Returns the sentence of an error in the shape of its door."""
    content = answer.json()
    if "/v1/" in str(answer.url):
        return str(content["error"]["message"])
    return str(content["detail" if answer.status_code == 401 else "error"])


def seen(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """Returns what a client can compare."""
    different = {"date", "x-request-id"}
    headers = {name: value for name, value in answer.headers.items() if name not in different}
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize("door", DOORS)
async def test_a_token_opens_its_store(system: System, tenants: Tenants, door: str) -> None:
    """And shows that store's products only."""
    answer = await ask(system.http, door, tenants.private.store_id, tenants.private.headers)
    assert answer.status_code == 200
    if "catalog" in door or "vector" in door:
        assert "Private lamp" in answer.text
    assert "Public lamp" not in answer.text


@pytest.mark.parametrize("door", DOORS)
async def test_a_public_store_needs_no_token(system: System, tenants: Tenants, door: str) -> None:
    """A token of the store works too; an unknown one is refused, and a foreign one finds no store."""
    store_id = tenants.public.store_id
    anyone = await ask(system.http, door, store_id)
    assert anyone.status_code == 200
    assert "Private lamp" not in anyone.text
    assert (await ask(system.http, door, store_id, tenants.public.headers)).status_code == 200
    assert (await ask(system.http, door, store_id, {"Authorization": "Bearer x"})).status_code == 401
    assert (await ask(system.http, door, store_id, tenants.private.headers)).status_code == 404


@pytest.mark.parametrize("door", DOORS)
async def test_others_are_refused_as_for_a_store_that_does_not_exist(
    system: System, tenants: Tenants, door: str
) -> None:
    """Without a token, as a stranger, and with tokens that are inactive, expired, or of another address."""
    inactive = await system.second_shop(tenants.private.user_id)
    async with system.database.transaction() as connection:
        await connection.exec_driver_sql(
            "UPDATE integration_tokens SET is_active = false WHERE id = %s", (inactive.token_id,)
        )
    past = datetime.now(UTC) - timedelta(seconds=1)
    expired = await system.second_shop(tenants.private.user_id, expires_at=past)
    elsewhere = await system.second_shop(tenants.private.user_id, allowed_ips=("192.0.2.1",))
    unknown = tokens.new_secret(PLATFORMS[StoreType.WOOCOMMERCE].token_format)
    askers: dict[str, dict[str, str]] = {
        "Invalid token": {"Authorization": f"Bearer {unknown}"},
        "Token is inactive": inactive.headers,
        "Token has expired": expired.headers,
        "IP address not allowed": elsewhere.headers,
    }
    for expected, headers in askers.items():
        for store_id in (tenants.private.store_id, NOWHERE):
            answer = await ask(system.http, door, store_id, headers)
            assert (answer.status_code, message(answer)) == (401, expected)
            assert answer.headers["www-authenticate"] == "Bearer"
    session = await session_of(system, tenants.private.user_id)
    for refused in ({}, session):
        answers = [
            await ask(system.http, door, store_id, refused)
            for store_id in (tenants.private.store_id, tenants.off.store_id, NOWHERE)
        ]
        assert answers[0].status_code == 401
        assert len({str(seen(answer)) for answer in answers}) == 1


@pytest.mark.parametrize("door", DOORS)
async def test_a_store_of_others_is_not_found(system: System, tenants: Tenants, door: str) -> None:
    """By the token of another user, and of another store of the same user."""
    second = await system.second_shop(tenants.private.user_id)
    for headers in (tenants.public.headers, second.headers):
        real = await ask(system.http, door, tenants.private.store_id, headers)
        nowhere = await ask(system.http, door, NOWHERE, headers)
        assert real.status_code == 404
        assert seen(real) == seen(nowhere)


@pytest.mark.parametrize("door", DOORS)
async def test_a_closed_store_says_so_to_its_owner(system: System, tenants: Tenants, door: str) -> None:
    """Only a holder of its token learns that it is closed."""
    answer = await ask(system.http, door, tenants.off.store_id, tenants.off.headers)
    assert answer.status_code == 403
    assert "assistant_access" in message(answer)


@pytest.mark.parametrize("door", DOORS)
async def test_a_closed_account_closes_its_stores(system: System, door: str) -> None:
    """Public or not, with a token or without."""
    shop = await opened(await system.shop(), AssistantAccess.PUBLIC)
    assert (await ask(system.http, door, shop.store_id)).status_code == 200
    async with system.database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE users SET is_active = false WHERE id = %s", (shop.user_id,))
    for headers in ({}, shop.headers):
        assert (await ask(system.http, door, shop.store_id, headers)).status_code == 401


@pytest.mark.parametrize("door", [door for door, body in DOORS.items() if body])
async def test_a_body_is_not_read_before_its_sender_is_known(
    system: System, tenants: Tenants, door: str
) -> None:
    """Garbage of a stranger gets the same refusal as a question."""
    path = door.replace("{id}", str(tenants.private.store_id))
    garbage = await system.http.post(path, content=b"{")
    assert seen(garbage) == seen(await ask(system.http, door, tenants.private.store_id))


async def test_products_of_other_stores_cannot_be_looked_up(system: System, tenants: Tenants) -> None:
    """Neither by an id nor by a code; filters do not find them either."""
    await tenants.off.sync(lamp(77, name="Secret lamp", sku="SECRET-77", brands=["Secretive"]))
    path = f"/ucp/{tenants.public.store_id}/catalog"
    for id_ in ("woo_77", "SECRET-77"):
        looked_up = (await system.http.post(f"{path}/lookup", json={"ids": [id_]})).json()
        assert looked_up["products"] == []
        assert looked_up["messages"] == [{"type": "info", "code": "not_found", "content": id_}]
        one = (await system.http.post(f"{path}/product", json={"id": id_})).json()
        assert one["ucp"]["status"] == "error"
    for body in ({"query": "secret lamp"}, {"filters": {"brands": ["Secretive"]}}, {"query": "*"}):
        assert "Secret lamp" not in (await system.http.post(f"{path}/search", json=body)).text
    vectors = f"/v1/vector_stores/{tenants.public.store_id}/search"
    for key, value in (("brand", "Secretive"), ("sku", "SECRET-77"), ("product_id", "woo_77")):
        asked = {"query": "*", "filters": {"type": "eq", "key": key, "value": value}}
        assert (await system.http.post(vectors, json=asked)).json()["data"] == []


async def test_anyone_has_a_limit_for_each_public_store(tenants: Tenants, configure: Configure) -> None:
    """A 429 with `Retry-After`, in the shape of the door; the store's token has a limit of its own."""
    settings = configure(public_requests_per_minute=len(DOORS))
    store_id = tenants.public.store_id
    async with serving(settings) as http:
        for door in DOORS:
            assert (await ask(http, door, store_id)).status_code == 200
        for door in DOORS:
            refused = await ask(http, door, store_id)
            assert (refused.status_code, message(refused)) == (429, "Too many requests")
            assert int(refused.headers["retry-after"]) >= 1
        assert (await ask(http, door, store_id, tenants.public.headers)).status_code == 200


async def test_closed_stores_and_unknown_ones_have_one_limit(tenants: Tenants, configure: Configure) -> None:
    """For anyone without a token: then no store is read, and the public ones are not answered either."""
    settings = configure(public_requests_per_minute=3)
    closed = (tenants.private.store_id, tenants.off.store_id, NOWHERE)
    async with serving(settings) as http:
        assert (await ask(http, PROFILE, tenants.public.store_id)).status_code == 200
        answers = [await ask(http, PROFILE, store_id) for store_id in (*closed, *closed)]
        assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 3
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers[3:])
        own = await ask(http, PROFILE, tenants.private.store_id, tenants.private.headers)
        assert own.status_code == 200


async def test_a_public_store_counts_for_itself_only(tenants: Tenants, configure: Configure) -> None:
    """A network may ask many public stores, each up to its limit."""
    async with serving(configure(public_requests_per_minute=1)) as http:
        assert (await ask(http, PROFILE, tenants.public.store_id)).status_code == 200
        assert (await ask(http, PROFILE, tenants.public.store_id)).status_code == 429
        assert (await ask(http, PROFILE, tenants.private.store_id)).status_code == 401


@pytest.mark.parametrize("asker", ["anyone", "a token"])
async def test_each_question_counts(
    system: System, tenants: Tenants, configure: Configure, asker: str
) -> None:
    """Of the five that a request to a vector store may have."""
    shop = tenants.public if asker == "anyone" else await system.shop()
    path = f"/v1/vector_stores/{shop.store_id}/search"
    headers = {} if asker == "anyone" else shop.headers
    body = {"query": ["lamp", "light", "چراغ"]}
    async with serving(configure(public_requests_per_minute=4, requests_per_minute=24)) as http:
        codes = [(await http.post(path, json=body, headers=headers)).status_code for _ in range(2)]
    assert codes == [200, 429]


async def test_a_site_has_the_requests_of_ten_networks(tenants: Tenants, configure: Configure) -> None:
    """An address of IPv6 is one of many that its owner has."""
    settings = configure(public_requests_per_minute=1, trusted_proxies="127.0.0.0/8")
    path = "/ucp/{id}/.well-known/ucp"
    async with serving(settings) as http:
        codes = []
        for network in range(NETWORKS_OF_A_SITE + 2):
            headers = {"X-Forwarded-For": f"2001:db8:1:{network:x}::1"}
            codes.append((await ask(http, path, tenants.public.store_id, headers)).status_code)
    assert codes == [200] * NETWORKS_OF_A_SITE + [429] * 2


async def test_a_token_has_its_limit(tenants: Tenants, configure: Configure) -> None:
    """The same as for search."""
    async with serving(configure(requests_per_minute=6)) as http:
        door = "/v1/vector_stores/{id}/search"
        assert (await ask(http, door, tenants.private.store_id, tenants.private.headers)).status_code == 200
        refused = await ask(http, door, tenants.private.store_id, tenants.private.headers)
        assert refused.status_code == 429
        assert refused.json()["error"]["type"] == "rate_limit_error"


@pytest_asyncio.fixture(scope="module")
async def alone(postgres_url: str, configure: Configure) -> AsyncIterator[System]:
    """A service without the stores of other tests."""
    address = another_database(postgres_url, "profiles")
    async with running(configure(database_url=address), work=False) as system:
        yield system


ROOT = "/.well-known/ucp"


async def endpoint(
    system: System, headers: dict[str, str] | None = None, path: str = ROOT
) -> tuple[int, str | None]:
    """Returns the status of a profile, and the path of its REST service."""
    answer = await system.http.get(path, headers=headers)
    if answer.status_code != 200:
        return answer.status_code, None
    [rest, mcp] = answer.json()["ucp"]["services"]["dev.ucp.shopping"]
    assert (rest["transport"], mcp["transport"]) == ("rest", "mcp")
    assert mcp["endpoint"] == rest["endpoint"].replace("/ucp/", "/mcp/")
    return 200, httpx2.URL(rest["endpoint"]).path


async def test_the_profile_is_that_of_one_store(alone: System) -> None:
    """Of the token's, of the public one with the host, or of the only public one."""
    first = await alone.shop(base_url="https://one.example")
    assert await endpoint(alone) == (404, None)
    assert await endpoint(alone, first.headers) == (200, f"/ucp/{first.store_id}")
    assert await endpoint(alone, {"Authorization": "Bearer x"}) == (401, None)
    await opened(first, AssistantAccess.PUBLIC)
    assert await endpoint(alone) == (200, f"/ucp/{first.store_id}")
    second = await opened(await alone.shop(base_url="http://two.example"), AssistantAccess.PUBLIC)
    assert await endpoint(alone) == (404, None)
    assert await endpoint(alone, {"Host": "two.example:8000"}) == (200, f"/ucp/{second.store_id}")
    assert await endpoint(alone, {"Host": "ONE.example"}) == (200, f"/ucp/{first.store_id}")
    assert await endpoint(alone, {"Host": "three.example"}) == (404, None)
    refused = await alone.http.get(ROOT)
    assert "/ucp/{store_id}/.well-known/ucp" in refused.json()["error"]
    await opened(first, AssistantAccess.OFF)
    assert await endpoint(alone, first.headers) == (403, None)


async def test_a_profile_may_be_cached(system: System, tenants: Tenants) -> None:
    """By everyone if the store is public, and otherwise by the holder of the token."""
    path = f"/ucp/{tenants.public.store_id}/.well-known/ucp"
    public = await system.http.get(path)
    assert public.headers["cache-control"] == "public, max-age=300"
    path = f"/ucp/{tenants.private.store_id}/.well-known/ucp"
    private = await system.http.get(path, headers=tenants.private.headers)
    assert private.headers["cache-control"] == "private, max-age=300"
    for answer in (public, private):
        assert "Authorization" in answer.headers["vary"]


async def test_the_profile_has_the_public_address(tenants: Tenants, configure: Configure) -> None:
    """As it is configured; UCP requires HTTPS."""
    async with serving(configure(public_url="https://sync.example")) as http:
        answer = await http.get(f"/ucp/{tenants.public.store_id}/.well-known/ucp")
    services = answer.json()["ucp"]["services"]["dev.ucp.shopping"]
    assert [service["endpoint"] for service in services] == [
        f"https://sync.example/ucp/{tenants.public.store_id}",
        f"https://sync.example/mcp/{tenants.public.store_id}",
    ]
