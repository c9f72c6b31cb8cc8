"""Every route is requested without permission: the response does not reveal what exists."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import pytest_asyncio

from api.security.sessions import LIFETIME, Sessions
from connectors.registry import PLATFORMS
from contracts.stores import StoreType
from database.access import tokens, users
from tests.support.environment import SECRET_KEY
from tests.support.openapi.contract import CONTRACT, Route
from tests.support.openapi.document import example
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System

NOWHERE = 10**15
"""An id nothing has."""

PROTECTED = [route for route in CONTRACT if route.who not in ("anyone", "signed", "public or token")]
"""The doors for assistants are walked in `tests/api/routes/test_assistant_access.py`."""

DIFFERENT = {"date", "x-request-id", "content-length"}
"""Headers that differ between any two responses."""


@dataclass
class Tenants:
    """Two owners with a shop each, and the ids of the objects of the first one."""

    one: Shop
    other: Shop
    ids: dict[str, int]


@pytest_asyncio.fixture(scope="module")
async def tenants(system: System) -> Tenants:
    """Each has a store, a token, a visible and a hidden product, and events."""
    one, other = await system.shop(), await system.shop()
    for shop in (one, other):
        await shop.sync({"id": 1, "name": f"چراغ {shop.store_id}"})
        await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    [event, *_] = await one.rows("SELECT id FROM events WHERE store_id = :store ORDER BY id")
    product = await one.product(1)
    assert product
    ids = {"events": event["id"], "products": product["id"], "tokens": one.token_id, "stores": one.store_id}
    ids["users"] = one.user_id
    named = dict.fromkeys(("webhook", "mcp", "ucp", "vector_stores"), one.store_id)
    return Tenants(one, other, {**ids, **named})


def kind(route: Route) -> str:
    """Returns the name before the id in a path."""
    before, _, _ = route.path.partition("/{id}")
    return before.rsplit("/", 1)[1]


Asker = Callable[[System, Tenants], Awaitable[dict[str, str]]]


async def without_token(_: System, __: Tenants) -> dict[str, str]:
    return {}


async def a_stranger(_: System, __: Tenants) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.new_secret(PLATFORMS[StoreType.WOOCOMMERCE].token_format)}"}


async def an_expired_session(system: System, tenants: Tenants) -> dict[str, str]:
    async with system.database.reading() as connection:
        user = await users.read_user(connection, tenants.one.user_id)
    assert user
    long_ago = datetime.now(UTC) - LIFETIME - timedelta(seconds=1)
    return {"Authorization": f"Bearer {Sessions((SECRET_KEY,), clock=lambda: long_ago).issue(user)}"}


async def a_closed_account(system: System, _: Tenants) -> dict[str, str]:
    headers = await session(system, "closed@example.com", is_staff=True)
    async with system.database.transaction() as connection:
        closed = "UPDATE users SET is_active = false WHERE email = 'closed@example.com'"
        await connection.exec_driver_sql(closed)
    return headers


async def an_expired_token(system: System, tenants: Tenants) -> dict[str, str]:
    past = datetime.now(UTC) - timedelta(seconds=1)
    return (await system.second_shop(tenants.one.user_id, expires_at=past)).headers


async def a_token_from_elsewhere(system: System, tenants: Tenants) -> dict[str, str]:
    return (await system.second_shop(tenants.one.user_id, allowed_ips=("192.0.2.1",))).headers


async def the_other_token(_: System, tenants: Tenants) -> dict[str, str]:
    return tenants.other.headers


async def a_token_of_another_store(system: System, tenants: Tenants) -> dict[str, str]:
    return (await system.second_shop(tenants.one.user_id)).headers


async def the_other_user(system: System, tenants: Tenants) -> dict[str, str]:
    return await session_of(system, tenants.other.user_id)


async def an_admin(system: System, _: Tenants) -> dict[str, str]:
    return await session(system, "walks@example.com", is_staff=True)


NOT_LET_IN = [
    without_token,
    a_stranger,
    an_expired_session,
    a_closed_account,
    an_expired_token,
    a_token_from_elsewhere,
]
REFUSED: dict[str, dict[Asker, int]] = {
    "token": {the_other_user: 401, an_admin: 401},
    "user": {the_other_token: 401},
    "admin": {the_other_token: 401, the_other_user: 403},
    "owner or admin": {the_other_token: 401},
    "user or token": {},
    "owner, admin or token": {},
}
"""Who a route is for -> who else has an account here, and how they are refused."""

WALK: list[tuple[Route, Asker, int]] = [(route, asker, 401) for route in PROTECTED for asker in NOT_LET_IN]
WALK += [(route, asker, code) for route in PROTECTED for asker, code in REFUSED[route.who].items()]


async def ask(
    http: httpx2.AsyncClient, route: Route, number: int, headers: dict[str, str]
) -> httpx2.Response:
    return await http.request(route.method, route.at(number), json=example(route), headers=headers)


def seen(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """Returns what a client can compare."""
    headers = {name: value for name, value in answer.headers.items() if name not in DIFFERENT}
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize("route", [route for route in CONTRACT if "{id}" in route.path], ids=str)
async def test_there_is_something_behind_every_id(tenants: Tenants, route: Route) -> None:
    """A route of the contract with an id that this test does not have fails here."""
    assert kind(route) in tenants.ids


@pytest.mark.parametrize(
    ("route", "asker", "code"), WALK, ids=[f"{route} {asker.__name__}" for route, asker, _ in WALK]
)
async def test_a_refusal_does_not_reveal_what_exists(
    system: System, tenants: Tenants, route: Route, asker: Asker, code: int
) -> None:
    """The same refusal for existing and unknown ids, before the body is parsed."""
    headers = await asker(system, tenants)
    real = tenants.ids[kind(route)] if "{id}" in route.path else NOWHERE
    answers = [await ask(system.http, route, number, headers) for number in (real, NOWHERE)]
    assert answers[0].status_code == code
    assert seen(answers[0]) == seen(answers[1])
    garbage = await system.http.request(route.method, route.at(real), content=b"{", headers=headers)
    assert seen(garbage) == seen(answers[0])
    assert set(answers[0].json()) == ({"detail"} if code == 401 else {"error"})


OWNED = [route for route in PROTECTED if "{id}" in route.path and route.who.startswith("user")]


@pytest.mark.parametrize("route", OWNED, ids=str)
async def test_objects_of_other_users_are_not_found(system: System, tenants: Tenants, route: Route) -> None:
    """Another owner and another store's token get the response for an unknown id; an admin sees all."""
    real = tenants.ids[kind(route)]
    assert (await ask(system.http, route, real, await session_of(system, tenants.one.user_id))).is_success
    assert (await ask(system.http, route, real, await an_admin(system, tenants))).is_success
    askers: list[Asker] = [the_other_user]
    if "token" in route.who:
        assert (await ask(system.http, route, real, tenants.one.headers)).is_success
        askers += [the_other_token, a_token_of_another_store]
    for asker in askers:
        headers = await asker(system, tenants)
        assert seen(await ask(system.http, route, real, headers)) == seen(
            await ask(system.http, route, NOWHERE, headers)
        )


async def test_lists_and_filters_show_own_objects(system: System, tenants: Tenants) -> None:
    """A filter by another user's store finds as much as a filter by an unknown store, for a token too."""
    path = "/api/v1/web-knowledge/products/"
    askers: list[Asker] = [the_other_user, the_other_token]
    for asker in askers:
        headers = await asker(system, tenants)
        own = (await system.http.get(path, headers=headers)).json()
        assert {product["store"] for product in own["results"]} == {tenants.other.store_id}
        asked = [{"store": tenants.one.store_id}, {"store": NOWHERE}]
        answers = [(await system.http.get(path, params=each, headers=headers)).json() for each in asked]
        assert answers[0] == answers[1] == {"count": 0, "next": None, "previous": None, "results": []}


async def test_an_admin_names_the_store_to_see_its_products(system: System, tenants: Tenants) -> None:
    """Without a store, the list has the admin's own products; with an unknown one, none."""
    headers = await an_admin(system, tenants)
    found = {}
    for store in (tenants.one.store_id, NOWHERE, None):
        params: dict[str, int] = {} if store is None else {"store": store}
        answer = await system.http.get("/api/v1/web-knowledge/products/", params=params, headers=headers)
        found[store] = [product["store"] for product in answer.json()["results"]]
    assert found == {tenants.one.store_id: [tenants.one.store_id] * 2, NOWHERE: [], None: []}
    known = f"/api/v1/web-knowledge/explain/?store={tenants.one.store_id}&external_id=woo_1"
    answer = await system.http.get(known, headers=headers)
    assert (answer.status_code, answer.json()["known"]) == (200, True)


async def test_search_finds_own_products(system: System, tenants: Tenants) -> None:
    """Neither a token nor a session finds products of another user, or learns that the store exists."""
    path = "/api/v1/knowledge/search/"
    askers: list[Asker] = [the_other_token, the_other_user]
    for asker in askers:
        headers = await asker(system, tenants)
        found = await system.http.post(path, json={"query": "چراغ", "limit": 100}, headers=headers)
        titles = [hit["product"]["title"] for hit in found.json()["results"]]
        assert titles == [f"چراغ {tenants.other.store_id}"]
        numbers = (tenants.one.store_id, NOWHERE)
        answers = [
            await system.http.post(path, json={"query": "چراغ", "store": number}, headers=headers)
            for number in numbers
        ]
        assert answers[0].status_code == 404
        assert seen(answers[0]) == seen(answers[1])


async def test_events_of_one_tenant_do_not_change_another(tenants: Tenants) -> None:
    """The same product id, event id and variation id of two shops are different objects."""
    before = await tenants.one.product(2)
    await tenants.other.sync({"id": 2, "name": "دیگری", "variations": [{"id": 21}]}, event_id="same")
    await tenants.other.sync({"id": 2}, "product.deleted", event_id="same again")
    assert await tenants.one.product(2) == before
    assert await tenants.one.event("same") is None


@pytest.mark.parametrize("route", [route for route in CONTRACT if route.who == "owner or admin"], ids=str)
async def test_owners_and_admins_share_an_object(system: System, tenants: Tenants, route: Route) -> None:
    """Any other user gets the same response as for an unknown id."""
    real = tenants.ids[kind(route)]
    for headers in (await session_of(system, tenants.one.user_id), await an_admin(system, tenants)):
        assert (await ask(system.http, route, real, headers)).is_success
    headers = await the_other_user(system, tenants)
    answers = [await ask(system.http, route, number, headers) for number in (real, NOWHERE)]
    assert seen(answers[0]) == seen(answers[1])
