"""Guessed and forged credentials are refused, and guessing is throttled without locking users out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
import pytest
import pytest_asyncio

from api.security.sessions import password_stamp
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from database.access import tokens, users
from tests.support.environment import SECRET_KEY, Configure
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System, serving

HEALTH = "/api/integrations/woocommerce/health/"
ME = "/api/v1/auth/me/"
FREE = 5


@pytest_asyncio.fixture
async def wary(configure: Configure) -> AsyncIterator[httpx2.AsyncClient]:
    """An API behind a proxy that allows five guesses per address and minute."""
    async with serving(configure(guesses_per_minute=FREE, trusted_proxies="127.0.0.1")) as http:
        yield http


async def guess(http: httpx2.AsyncClient, address: str, path: str = HEALTH) -> int:
    headers = {
        "Authorization": f"Bearer {tokens.new_secret(PLATFORMS[StoreType.WOOCOMMERCE].token_format)}",
        "X-Forwarded-For": address,
    }
    answer = await http.get(path, headers=headers)
    if answer.status_code == 429:
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code


async def test_guessing_is_throttled(wary: httpx2.AsyncClient) -> None:
    """Requests from another address still get a 401."""
    assert [await guess(wary, "198.51.100.1") for _ in range(FREE + 2)] == [401] * FREE + [429, 429]
    assert await guess(wary, "198.51.100.2") == 401


async def test_a_known_token_works_during_guessing(
    wary: httpx2.AsyncClient, system: System, shop: Shop
) -> None:
    """A shop and a user behind the same proxy as an attacker are not locked out."""
    while await guess(wary, "198.51.100.3") == 401:
        pass
    from_there = {"X-Forwarded-For": "198.51.100.3"}
    assert (await wary.get(HEALTH, headers={**shop.headers, **from_there})).status_code == 200
    session = await session_of(system, shop.user_id)
    assert (await wary.get(ME, headers={**session, **from_there})).status_code == 200


async def test_guesses_of_sessions_are_throttled_too(wary: httpx2.AsyncClient) -> None:
    """Both kinds of token are counted together."""
    paths = [HEALTH, ME] * FREE
    assert [await guess(wary, "198.51.100.4", path) for path in paths] == [401] * FREE + [429] * FREE


async def test_an_ipv6_network_counts_as_one_client(wary: httpx2.AsyncClient) -> None:
    """A client with 2⁶⁴ addresses has no more guesses."""
    addresses = [f"2001:db8::{n}" for n in range(FREE + 1)]
    assert [await guess(wary, address) for address in addresses] == [401] * FREE + [429]
    assert await guess(wary, "2001:db8:0:1::") == 401


async def test_a_forged_address_gives_no_new_guesses(configure: Configure) -> None:
    """Only trusted proxies name the client."""
    async with serving(configure(guesses_per_minute=FREE)) as http:
        codes = [await guess(http, f"198.51.100.{n}") for n in range(FREE + 1)]
    assert codes == [401] * FREE + [429]


async def test_requests_without_a_token_are_no_guesses(wary: httpx2.AsyncClient) -> None:
    """They always get a 401 and never a 429."""
    assert {(await wary.get(path)).status_code for path in (HEALTH, ME) for _ in range(2 * FREE)} == {401}


Claims = dict[str, Any]
FAR = 9_999_999_999


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims: jwt.encode(claims, "", algorithm="none"),
        lambda claims: jwt.encode(claims, "k" * 32, algorithm="HS256"),
        lambda claims: jwt.encode(claims, SECRET_KEY * 2, algorithm="HS512"),
        lambda claims: jwt.encode({**claims, "exp": datetime.now(UTC) - timedelta(seconds=1)}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "nbf": FAR}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "exp": "tomorrow"}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "sub": "1" * 30}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "sub": "-1"}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "sub": "9" * 5000}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "sub": "\u06f1"}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "pwd": [1]}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "pwd": float("inf")}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "pwd": claims["pwd"] + 1}, SECRET_KEY),
        lambda claims: jwt.encode({**claims, "padding": "x" * 40_000}, SECRET_KEY)[:-1],
        lambda claims: jwt.encode(claims, SECRET_KEY) + ".more",
        lambda _: "." * 40_000,
    ],
    ids=[
        *("no signature", "another key", "another algorithm", "expired", "not yet", "no date"),
        *("no 64 bits", "negative", "thousands of digits", "persian digit"),
        *("a list", "infinite", "another password", "huge", "four parts", "only dots"),
    ],
)
async def test_a_forged_session_is_refused(system: System, shop: Shop, forge: Any) -> None:
    """The same 401 for every forged claim and key."""
    async with system.database.reading() as connection:
        user = await users.read_user(connection, shop.user_id)
    assert user
    claims = {"sub": str(user.id), "exp": FAR, "pwd": password_stamp(user)}
    right = await system.http.get(ME, headers={"Authorization": f"Bearer {jwt.encode(claims, SECRET_KEY)}"})
    assert right.status_code == 200
    answer = await system.http.get(ME, headers={"Authorization": f"Bearer {forge(claims)}"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


@pytest.mark.parametrize(
    "spelled", ["Basic {}", "Bearer", "Bearer {} {}", "Bearer\u00a0{}", "Token {}", "{}", "Bearer '{}'"]
)
async def test_a_token_is_accepted_only_as_a_bearer_token(shop: Shop, spelled: str) -> None:
    """The right secret in another header is refused."""
    header = (b"Authorization", spelled.replace("{}", shop.secret).encode("latin-1"))
    answer = await shop.http.get(HEALTH, headers=[header])
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


async def test_every_character_of_a_secret_counts(shop: Shop) -> None:
    """Another case or a part of it is refused."""
    for secret in (shop.secret.upper(), shop.secret[:-1], shop.secret + "0", shop.secret.replace("_", "%5F")):
        answer = await shop.http.get(HEALTH, headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 401
