"""Keys are rotated, and what leaked is revoked, while two APIs serve."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count, pairwise

import httpx2
import pytest_asyncio

from tests.support import deliveries
from tests.support.environment import SECRET_KEY, Configure
from tests.support.pilito import Pilito
from tests.support.system import serving

NEXT_KEY = "the next key of thirty-two bytes or more"
STEPS = [
    (SECRET_KEY,),
    (SECRET_KEY, NEXT_KEY),
    (NEXT_KEY, SECRET_KEY),
    (NEXT_KEY,),
]
"""The keys of a process in each step of a rotation; while processes are replaced, two steps are mixed."""

EMAIL, PASSWORD = "rotation@example.com", "a password of the rotation"
STORES = "/api/v1/integrations/stores/"

_numbers = count(1)


async def signed_in(http: httpx2.AsyncClient) -> dict[str, str]:
    """Returns the header with a session that this process signed."""
    answer = await http.post("/api/v1/auth/token/", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def made(http: httpx2.AsyncClient, session: dict[str, str]) -> tuple[int, str]:
    """Returns the id of a store, and its webhook secret, which this process encrypted."""
    answer = await http.post(STORES, json={"name": "فروشگاه", "type": "woocommerce"}, headers=session)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["webhook_secret"]


async def delivered(http: httpx2.AsyncClient, store: tuple[int, str]) -> int:
    """Send a delivery that is signed with the secret of the store. Returns the status of the answer."""
    store_id, secret = store
    sent = deliveries.woocommerce({"id": next(_numbers), "name": "گلیم"}, secret)
    url = f"/api/integrations/woocommerce/webhook/{store_id}/"
    return (await http.post(url, content=sent.body, headers=sent.headers)).status_code


@pytest_asyncio.fixture(loop_scope="session")
async def steps(
    pilito: Pilito, configure: Configure, commands_url: str
) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A process for each step, on one database; an admin can sign in."""
    await pilito("admin", "create", "--email", EMAIL, "--password-stdin", typed=f"{PASSWORD}\n")
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                serving(
                    configure(database_url=commands_url, task_queue="rotation", secret_key=",".join(keys))
                )
            )
            for keys in STEPS
        ]
    printed = await pilito("reseal", PILITO_SECRET_KEY=f"{SECRET_KEY},{NEXT_KEY}")
    assert printed.code == 0, printed.text


async def test_the_secret_key_is_rotated_while_two_apis_serve(
    pilito: Pilito, steps: list[httpx2.AsyncClient]
) -> None:
    """At each step both processes accept the sessions and open the secrets of each other.

    A step that is left out breaks this, and so does the removal of the old key before `pilito reseal`.
    """
    stores = []
    for former, latter in pairwise(steps[:3]):
        for one, other in ((former, latter), (latter, former)):
            session = await signed_in(one)
            assert (await other.get(STORES, headers=session)).status_code == 200
            stores.append(await made(one, session))
            assert await delivered(other, stores[-1]) == 202
    first, _, third, last = steps
    assert (await first.get(STORES, headers=await signed_in(third))).status_code == 401
    printed = await pilito("reseal", PILITO_SECRET_KEY=NEXT_KEY)
    assert (printed.code, "Nothing was changed" in printed.text) == (1, True), printed.text
    printed = await pilito("reseal", PILITO_SECRET_KEY=f"{NEXT_KEY},{SECRET_KEY}")
    assert printed.code == 0, printed.text
    for store in stores:
        assert (await delivered(third, store), await delivered(last, store)) == (202, 202)
    assert (await last.get(STORES, headers=await signed_in(third))).status_code == 200
    assert (await third.get(STORES, headers=await signed_in(last))).status_code == 200


async def test_after_a_leak_tokens_and_sessions_end_everywhere(
    pilito: Pilito, steps: list[httpx2.AsyncClient]
) -> None:
    """Of one store, of one account, or of all, in the same moment at each API."""
    apis = steps[:2]

    async def statuses(headers: dict[str, str], path: str) -> set[int]:
        return {(await api.get(path, headers=headers)).status_code for api in apis}

    async def token(store: str, email: str = EMAIL) -> tuple[int, dict[str, str]]:
        created = await pilito.token("--email", email, "--store", store)
        return created["store_id"], {"Authorization": f"Bearer {created['token']}"}

    async def works(one: tuple[int, dict[str, str]]) -> set[int]:
        return await statuses(one[1], "/api/integrations/woocommerce/health/")

    other = "leak@example.com"
    await pilito("user", "create", "--email", other, "--password-stdin", typed=f"{PASSWORD}\n")
    leaked, second, foreign = await token("Leaked"), await token("Second"), await token("Foreign", other)
    assert [await works(one) for one in (leaked, second, foreign)] == [{200}] * 3
    asked = await pilito("token", "revoke", "--store", leaked[0], typed="n\n")
    assert (asked.code, await works(leaked)) == (1, {200}), asked.text
    printed = await pilito("token", "revoke", "--store", leaked[0], "--yes")
    assert printed.text.startswith("Revoked: 1 token of 1 store."), printed.text
    assert [await works(one) for one in (leaked, second, foreign)] == [{401}, {200}, {200}]
    printed = await pilito("token", "revoke", "--user", other, "--yes", "--json")
    assert json.loads(printed.text)["stores"] == [foreign[0]]
    assert [await works(one) for one in (second, foreign)] == [{200}, {401}]
    printed = await pilito("token", "revoke", "--all", "--yes")
    assert (printed.code, await works(second)) == (0, {401}), printed.text

    session = await signed_in(apis[0])
    for selection in (("--user", EMAIL.upper()), ("--all",)):
        assert await statuses(session, STORES) == {200}
        printed = await pilito("session", "end", *selection)
        assert (printed.code, await statuses(session, STORES)) == (0, {401}), printed.text
        session = await signed_in(apis[1])


async def test_one_selection_is_needed(pilito: Pilito, owner: str) -> None:
    """Neither none nor two: a mistake revokes nothing."""
    for command in (("token", "revoke"), ("session", "end")):
        for selection in ((), ("--all", "--user", owner)):
            printed = await pilito(*command, *selection)
            assert (printed.code, "Name one of" in printed.text) == (1, True), printed.text
        printed = await pilito(*command, "--user", "", *(("--yes",) if "revoke" in command else ()))
        assert (printed.code, "There is no account ''" in printed.text) == (1, True), "an unset variable"
    printed = await pilito("token", "revoke", "--store", 10**9, "--yes")
    assert (printed.code, printed.text) == (1, f"There is no store {10**9}.\n")
    printed = await pilito("session", "end", "--user", "stranger@example.com")
    assert (printed.code, "There is no account" in printed.text) == (1, True), printed.text
