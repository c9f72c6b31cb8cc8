"""Addresses in responses begin with the public URL, or with a well-formed host of the request."""

import pytest
import pytest_asyncio

from tests.support.environment import Configure
from tests.support.sessions import session
from tests.support.system import System, serving

STORES = "/api/v1/integrations/stores/"
LIST = f"{STORES}?page=2&page_size=1&type=custom"


@pytest_asyncio.fixture
async def admin(system: System) -> dict[str, str]:
    """The session of an admin; there are three stores."""
    headers = await session(system, "url-admin@example.com", is_staff=True)
    for _ in range(3):
        made = await system.http.post(STORES, json={"name": "a", "type": "custom"}, headers=headers)
        assert made.status_code == 201
    return headers


@pytest.mark.parametrize(
    "host",
    ["sync.example", "sync.example:8443", "my_api:80", "127.0.0.1:8000", "[::1]:8000", "[2001:db8::7]"],
)
async def test_a_well_formed_host_is_used(system: System, admin: dict[str, str], host: str) -> None:
    """In webhook addresses and in links to further pages."""
    page = (await system.http.get(LIST, headers={**admin, "Host": host})).json()
    address = f"http://{host}"
    assert page["next"] == f"{address}{STORES}?page_size=1&type=custom&page=3"
    assert page["previous"] == f"{address}{STORES}?page_size=1&type=custom&page=1"
    assert page["results"][0]["webhook_url"].startswith(f"{address}/api/integrations/custom/webhook/")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/path",
        "evil.example?x=",
        "user@evil.example",
        "evil.example:80:80",
        "evil.example:port",
        'a"><script>',
        "evil.example evil.example",
        "[::1",
        "\u00e9vil.example",
        ".",
        "",
    ],
)
async def test_another_host_is_refused(system: System, admin: dict[str, str], host: str) -> None:
    """A 400 that does not repeat it, on every route that would use it."""
    headers = [(b"Host", host.encode("latin-1")), *((k.encode(), v.encode()) for k, v in admin.items())]
    answer = await system.http.get(LIST, headers=headers)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "The Host header is not a host with an optional port"},
    )


async def test_the_public_url_comes_first(configure: Configure, admin: dict[str, str]) -> None:
    """No header changes it; its path is kept."""
    async with serving(configure(public_url="https://sync.example/pilito/")) as http:
        headers = {**admin, "Host": "evil.example/path", "X-Forwarded-Host": "evil.example"}
        page = (await http.get(LIST, headers=headers)).json()
    assert page["next"] == f"https://sync.example/pilito{STORES}?page_size=1&type=custom&page=3"
    webhook = "https://sync.example/pilito/api/integrations/custom/webhook/"
    assert page["results"][0]["webhook_url"].startswith(webhook)


async def test_behind_a_trusted_proxy_the_address_is_the_clients(
    configure: Configure, admin: dict[str, str]
) -> None:
    """A webhook address with http would meet the redirect of the proxy, and the delivery would be lost."""
    sent = {**admin, "Host": "sync.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        page = (await http.get(LIST, headers=sent)).json()
        assert page["results"][0]["webhook_url"].startswith("https://sync.example/api/integrations/")
        assert page["next"].startswith(f"https://sync.example{STORES}")
        named = {**sent, "Host": "backend:8000", "X-Forwarded-Host": "sync.example:8443"}
        page = (await http.get(LIST, headers=named)).json()
        assert page["results"][0]["webhook_url"].startswith("https://sync.example:8443/api/integrations/")
        refused = await http.get(LIST, headers={**sent, "X-Forwarded-Host": "evil.example/path"})
        assert (refused.status_code, "forwarded host" in refused.json()["error"]) == (400, True)


async def test_without_a_trusted_proxy_forwarded_headers_are_not_read(
    system: System, admin: dict[str, str]
) -> None:
    """Anyone may have written them."""
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Host": "sync.example"}
    page = (await system.http.get(LIST, headers={**admin, **forged})).json()
    assert page["results"][0]["webhook_url"].startswith("http://sync.example/api/integrations/")
