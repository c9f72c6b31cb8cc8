"""`GET /api/v1/embedding-usage/`: what embedding cost, for owners and admins."""

from typing import Any

import pytest

from contracts.metrics import Purpose, Usage
from database.usage import ledger
from database.usage.ledger import Account
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System

URL = "/api/v1/embedding-usage/"
SPENT = Usage(calls=2, texts=5, tokens=1_000, estimated=400, saved_texts=9, saved_tokens=3_000)


async def add(shop: Shop, purpose: Purpose = Purpose.EVENT, model: str = "مدل@16") -> None:
    async with shop.database.transaction() as connection:
        account = Account(store_id=shop.store_id, model=model, purpose=purpose)
        await ledger.add(connection, {account: SPENT})


async def read(shop: Shop, headers: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = await shop.http.get(URL, params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_an_owner_reads_the_usage_of_the_own_stores(system: System, shop: Shop) -> None:
    """Row by row, with sums over all pages; the rows of other owners are in neither."""
    await add(await system.shop())
    await add(shop, Purpose.EVENT)
    await add(shop, Purpose.SYNC)
    owner = await session_of(system, shop.user_id)
    page = await read(shop, owner, page_size=1)
    assert (page["count"], len(page["results"]), page["previous"]) == (2, 1, None)
    assert page["next"].endswith("page=2")
    row = page["results"][0]
    assert (row["store"], row["model"], row["purpose"]) == (shop.store_id, "مدل@16", "event")
    assert (row["tokens"], row["estimated_tokens"], row["saved_tokens"]) == (1_000, 400, 3_000)
    assert page["totals"]["tokens"] == 2_000
    assert set(page["totals"]) == set(row) - {"day", "store", "model", "purpose"}


async def test_a_store_of_another_owner_does_not_exist(system: System, shop: Shop) -> None:
    """As one that really does not; an admin reads it."""
    await add(shop)
    stranger = await session_of(system, (await system.shop()).user_id)
    answers = [
        await shop.http.get(URL, params={"store": store}, headers=stranger)
        for store in (shop.store_id, 10**15)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert (await read(shop, stranger))["totals"]["calls"] == 0
    admin = await session(system, "ledger@example.com", is_staff=True)
    assert (await read(shop, admin, store=shop.store_id))["totals"]["calls"] == 2


async def test_days_bound_the_rows(system: System, shop: Shop) -> None:
    """Both are included; days are those in UTC."""
    await add(shop)
    owner = await session_of(system, shop.user_id)
    (row,) = (await read(shop, owner))["results"]
    today = row["day"]
    assert (await read(shop, owner, since=today, until=today))["count"] == 1
    assert (await read(shop, owner, since="2999-01-01"))["count"] == 0
    assert (await read(shop, owner, until="1999-01-01"))["count"] == 0


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "20261101"}, "since"),
        ({"until": "2026-13-01"}, "until"),
        ({"since": "۲۰۲۶-۱۱-۰۱"}, "since"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "since"),
        ({"store": "0"}, "store"),
        ({"page_size": "1000"}, "page_size"),
    ],
)
async def test_a_wrong_filter_is_named(system: System, shop: Shop, asked: dict[str, str], field: str) -> None:
    answer = await shop.http.get(URL, params=asked, headers=await session_of(system, shop.user_id))
    assert (answer.status_code, answer.json()["field"]) == (400, field)
