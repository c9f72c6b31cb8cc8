"""Sign-in, its throttling, and the end of sessions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx2
import jwt
import pytest
import pytest_asyncio

from api.security.sessions import LIFETIME, Sessions, password_stamp
from database.access import provision
from database.access.users import User
from tests.support.environment import SECRET_KEY, Configure
from tests.support.sessions import now, session_of
from tests.support.shop import Shop
from tests.support.system import System, serving

TOKEN = "/api/v1/auth/token/"
ME = "/api/v1/auth/me/"
PASSWORD = "correct horse battery staple"


def user(**changes: object) -> User:
    known = User(
        id=7,
        email="a@example.com",
        username="a",
        is_staff=False,
        is_active=True,
        password_hash="",
        password_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    return replace(known, **changes)  # type: ignore[arg-type]  # any field may be changed


def test_a_session_is_read_by_any_of_the_keys_and_signed_by_the_first() -> None:
    """Keys are rotated by putting a new one first."""
    old, new, other = (Sessions(keys, clock=now) for keys in (("o" * 32,), ("n" * 32, "o" * 32), ("x" * 32,)))
    claims = new.read(old.issue(user()))
    assert claims is not None
    assert (claims.user_id, claims.password_stamp) == (7, password_stamp(user()))
    assert old.read(new.issue(user())) is None
    assert other.read(old.issue(user())) is None


def test_a_session_ends() -> None:
    """It is invalid after its lifetime."""
    issued = Sessions((SECRET_KEY,), clock=now).issue(user())
    before, after = (now() + LIFETIME + timedelta(seconds=seconds) for seconds in (-5, 5))
    assert Sessions((SECRET_KEY,), clock=lambda: before).read(issued) is not None
    assert Sessions((SECRET_KEY,), clock=lambda: after).read(issued) is None


def test_a_session_is_valid_at_a_process_with_a_clock_that_is_behind() -> None:
    """The times of a session are compared with one clock, not with that of each process."""
    ahead = now() + timedelta(hours=1)
    issued = Sessions((SECRET_KEY,), clock=lambda: ahead).issue(user())
    assert Sessions((SECRET_KEY,), clock=lambda: ahead).read(issued) is not None, (
        "for the library it begins later"
    )


@pytest.mark.parametrize(
    "forged",
    [
        jwt.encode({"sub": "1", "pwd": 1, "exp": 9_999_999_999}, "", algorithm="none"),
        jwt.encode({"sub": "1", "pwd": 1, "exp": 9_999_999_999}, "k" * 32, algorithm="HS256"),
        jwt.encode({"sub": "1", "pwd": 1}, SECRET_KEY, algorithm="HS256"),
        jwt.encode({"sub": "x", "pwd": 1, "exp": 9_999_999_999}, SECRET_KEY, algorithm="HS256"),
        jwt.encode({"sub": "1", "exp": 9_999_999_999}, SECRET_KEY, algorithm="HS256"),
        "",
        "a.b.c",
        "\u06f1" * 40,
    ],
    ids=["none", "another key", "without end", "no number", "without password", "empty", "dots", "digits"],
)
def test_a_forged_session_is_none(forged: str) -> None:
    """Every kind of forged token is invalid."""
    assert Sessions((SECRET_KEY,), clock=now).read(forged) is None


@dataclass
class Person:
    id: int
    email: str
    http: httpx2.AsyncClient

    async def sign_in(
        self, password: str = PASSWORD, http: httpx2.AsyncClient | None = None
    ) -> httpx2.Response:
        body = {"email": self.email, "password": password}
        return await (http or self.http).post(TOKEN, json=body)

    async def session(self) -> dict[str, str]:
        answer = await self.sign_in()
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest_asyncio.fixture
async def person(system: System, shop: Shop) -> AsyncIterator[Person]:
    """The owner of a shop."""
    email = f"owner{shop.store_id}-{datetime.now(UTC).timestamp()}@example.com"
    user_id = await provision.save_user(system.database, email=email, password=PASSWORD)
    yield Person(user_id, email, system.http)


async def test_the_right_password_opens_a_session(person: Person) -> None:
    """The response has a bearer token, its type and its lifetime in seconds."""
    answer = await person.sign_in()
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 43_200)
    content = await person.http.get(ME, headers=await person.session())
    username = person.email.split("@")[0]
    assert content.json() == {
        "id": person.id,
        "email": person.email,
        "username": username,
        "is_staff": False,
    }


async def test_wrong_passwords_and_unknown_people_look_alike(person: Person) -> None:
    """The response does not reveal whether an account exists."""
    wrong = await person.sign_in("wrong")
    unknown = await Person(0, f"no-{person.email}", person.http).sign_in()
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid email or password"})
    assert wrong.headers["www-authenticate"] == "Bearer"


async def test_an_email_that_postgres_cannot_store_is_unknown(person: Person) -> None:
    """Postgres does not allow NUL in text."""
    assert (await Person(0, f"nobody\0-{person.email}", person.http).sign_in()).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "email"), ({"email": 1}, "email"), ({"email": "a", "password": None}, "password")],
)
async def test_what_is_missing_is_named(person: Person, body: dict[str, object], field: str) -> None:
    """A 400 names the field."""
    answer = await person.http.post(TOKEN, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_new_password_ends_older_sessions(system: System, person: Person) -> None:
    """A closed account ends all sessions."""
    session = await person.session()
    assert (await person.http.get(ME, headers=session)).status_code == 200
    await provision.save_user(system.database, email=person.email, password="another")
    assert (await person.http.get(ME, headers=session)).status_code == 401
    assert (await person.sign_in()).status_code == 401
    assert (await person.sign_in("another")).status_code == 200


async def test_an_integration_token_is_no_session(shop: Shop) -> None:
    """It is valid only on the routes of shops."""
    assert (await shop.http.get(ME, headers=shop.headers)).status_code == 401


async def test_guessing_is_throttled_without_locking_the_owner_out(
    system: System, person: Person, configure: Configure
) -> None:
    """After five failures an address has to wait; the owner can sign in from another address."""
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:

        async def attempt(password: str, address: str) -> httpx2.Response:
            body = {"email": person.email, "password": password}
            return await http.post(TOKEN, json=body, headers={"X-Forwarded-For": address})

        octet = person.id % 250
        guesser, home = f"198.51.100.{octet}", f"203.0.113.{octet}"
        codes = [(await attempt(f"guess {n}", guesser)).status_code for n in range(7)]
        assert codes[:5] == [401] * 5
        refused = await attempt(PASSWORD, guesser)
        assert refused.status_code == 429, "even the right password waits"
        assert 0 < int(refused.headers["Retry-After"]) <= 900
        assert (await attempt(PASSWORD, home)).status_code == 200


async def test_a_user_searches_all_stores_or_one(system: System) -> None:
    """Search covers the user's stores; the store of another user is a 404."""
    first = await system.shop()
    second = await system.second_shop(first.user_id)
    stranger = await system.shop()
    for shop, name in ((first, "فانوس"), (second, "فانوس دریایی"), (stranger, "فانوس بیگانه")):
        await shop.sync({"id": 1, "name": name})
    session = await session_of(system, first.user_id)

    async def ask(**more: object) -> httpx2.Response:
        return await system.http.post(
            "/api/v1/knowledge/search/", json={"query": "فانوس", **more}, headers=session
        )

    everywhere = {hit["product"]["title"] for hit in (await ask()).json()["results"]}
    assert everywhere == {"فانوس", "فانوس دریایی"}
    one = [hit["product"]["title"] for hit in (await ask(store=second.store_id)).json()["results"]]
    assert one == ["فانوس دریایی"]
    missing, foreign = await ask(store=10**12), await ask(store=stranger.store_id)
    assert (missing.status_code, missing.json()) == (foreign.status_code, foreign.json())
    assert foreign.status_code == 404
