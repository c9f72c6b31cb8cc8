"""Guessing of passwords at the same time, from many addresses, and with made-up e-mail addresses."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from api.errors import ApiError
from api.security.passwords import Passwords
from api.security.sign_in import ACCOUNT, ADDRESS, PAIR, SITE, keys_of
from database.access import logins, provision
from database.access.logins import LoginThrottle, Throttled
from database.engine import Database
from tests.support.environment import Configure
from tests.support.system import System, serving

TOKEN = "/api/v1/auth/token/"
PASSWORD = "correct horse battery staple"


@pytest_asyncio.fixture
async def proxied(configure: Configure) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        yield http


@pytest.fixture
def unused(request: pytest.FixtureRequest) -> Sequence[str]:
    """Addresses of a network that no other test signs in from."""
    network = f"2001:db8:{abs(hash(request.node.name)) % 0xFFFF:x}"
    return [f"{network}:{number}::1" for number in range(3)]


async def person(system: System, name: str) -> str:
    """Returns the e-mail address of a new user with the right password."""
    email = f"{name}@example.com"
    await provision.save_user(system.database, email=email, password=PASSWORD)
    return email


async def attempt(http: httpx2.AsyncClient, email: str, password: str, address: str) -> int:
    answer = await http.post(
        TOKEN, json={"email": email, "password": password}, headers={"X-Forwarded-For": address}
    )
    if answer.status_code in (429, 503):
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code


async def test_simultaneous_guesses_are_compared_as_often_as_the_free_ones(
    configure: Configure, unused: Sequence[str]
) -> None:
    """Over all processes; the others are refused before their password is compared."""
    settings = configure(trusted_proxies="127.0.0.1")
    async with serving(settings) as first, serving(settings) as second:
        codes = Counter(
            await asyncio.gather(
                *(
                    attempt(http, "victim@example.com", f"guess {n}", unused[0])
                    for n in range(30)
                    for http in (first, second)
                )
            )
        )
    assert codes[401] == PAIR.free
    assert codes.keys() <= {401, 429, 503}


async def test_made_up_users_are_compared_as_often_as_the_address_is_free(
    proxied: httpx2.AsyncClient, unused: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is what they share."""
    monkeypatch.setattr("api.security.sign_in.ADDRESS", LoginThrottle(free=3, longest_seconds=900))
    codes = await asyncio.gather(
        *(attempt(proxied, f"made-up-{n}@example.com", "x", unused[0]) for n in range(10))
    )
    assert Counter(codes) == {401: 3, 429: 7}


async def test_simultaneous_right_sign_ins_all_succeed(
    system: System, proxied: httpx2.AsyncClient, unused: Sequence[str]
) -> None:
    """Each takes its count back, so that no limit counts them."""
    email = await person(system, "hasty")
    codes = await asyncio.gather(
        *(attempt(proxied, email, PASSWORD, unused[0]) for _ in range(PAIR.free + 3))
    )
    assert set(codes) == {200}
    assert [await attempt(proxied, email, "wrong", unused[0]) for _ in range(PAIR.free)] == [401] * PAIR.free


async def test_a_right_sign_in_ends_no_wait_of_others(
    system: System, proxied: httpx2.AsyncClient, unused: Sequence[str]
) -> None:
    """It takes back one count of the address, which is its own."""
    email = await person(system, "patient")
    for _ in range(3):
        await attempt(proxied, "other@example.com", "wrong", unused[0])
    before = await failures(system.database, email, unused[0])
    assert await attempt(proxied, email, PASSWORD, unused[0]) == 200
    assert await failures(system.database, email, unused[0]) == {**before, "pair": 0, "account": 0}


async def failures(database: Database, email: str, address: str) -> dict[str, int]:
    names = dict(zip(keys_of(email, address), ("pair", "address", "account", "site"), strict=True))
    async with database.reading() as connection:
        rows = await connection.execute(
            text("SELECT key, failures FROM login_failures WHERE key = ANY(:keys)"), {"keys": list(names)}
        )
        return dict.fromkeys(names.values(), 0) | {names[row.key]: row.failures for row in rows}


def test_an_ipv6_network_is_one_address_and_its_site_another() -> None:
    """All keys are short, for any e-mail address."""
    first = keys_of("a@example.com", "2001:db8:1:2::3")
    assert list(first.values()) == [PAIR, ADDRESS, ACCOUNT, SITE]
    assert keys_of("a@example.com", "2001:db8:1:2:ffff::").keys() == first.keys()
    neighbour = keys_of("a@example.com", "2001:db8:1:3::3")
    assert set(first) & set(neighbour) == {
        key for key, throttle in first.items() if throttle in (ACCOUNT, SITE)
    }
    assert len(keys_of("a@example.com", "203.0.113.7")) == 3
    assert max(len(key) for key in keys_of("ی" * 8000, "2001:db8:1:2::3")) < 120


async def counted(database: Database, keys: dict[str, LoginThrottle]) -> int:
    """Returns 0 for an attempt that is counted, or the seconds that it has to wait."""
    try:
        async with database.transaction() as connection:
            since = await logins.look(connection, list(keys))
            await logins.count(connection, keys, since=since)
    except Throttled as throttled:
        return throttled.seconds
    return 0


async def test_the_wait_doubles_and_a_refused_attempt_is_not_counted(system: System) -> None:
    """A wait under one key counts under no other."""
    narrow, wide = LoginThrottle(free=2, longest_seconds=6), LoginThrottle(free=100, longest_seconds=6)
    keys = {"test-narrow": narrow, "test-wide": wide}
    waits = []
    for _ in range(5):
        assert await counted(system.database, keys) == 0
        waits.append(await counted(system.database, keys))
        if not waits[-1]:
            waits.append(await counted(system.database, keys))
        async with system.database.single() as connection:
            await connection.execute(
                text("UPDATE login_failures SET blocked_until = now() WHERE key = 'test-narrow'")
            )
    assert waits == [0, 1, 2, 4, 6, 6]
    async with system.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT key, failures FROM login_failures WHERE key LIKE 'test-%' ORDER BY key")
        )
        assert [tuple(row) for row in rows] == [("test-narrow", 6), ("test-wide", 6)]


async def test_forgotten_rows_are_removed(system: System) -> None:
    """Each attempt removes more rows than it adds; blocked and recent ones stay."""
    async with system.database.transaction() as connection:
        await connection.execute(text("DELETE FROM login_failures"))
        await connection.execute(
            text(
                "INSERT INTO login_failures (key, failures, last_at, blocked_until) SELECT 'old-' || n, 1,"
                " now() - interval '20 minutes', '-infinity' FROM generate_series(1, 50) n"
            )
        )
    left = []
    for number in range(3):
        assert await counted(system.database, {f"new-{number}": PAIR}) == 0
        async with system.database.reading() as connection:
            rows = await connection.execute(text("SELECT count(*) FROM login_failures"))
            left.append(rows.scalar_one())
    assert left == [31, 12, 3]


async def test_few_passwords_are_compared_at_a_time() -> None:
    """Further sign-ins wait, and those beyond the queue get a 503."""
    passwords = Passwords(at_a_time=2, most_waiting=1)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(passwords.place())
        third = asyncio.create_task(passwords.place().__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await passwords.place().__aenter__()
        assert refused.value.status_code == 503
        assert not third.done()
    await third
    with suppress(ApiError):
        assert await passwords.matches("a", None) is False
    passwords.close()
