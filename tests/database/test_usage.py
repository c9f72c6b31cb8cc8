"""The ledger of embedding: added up under several writers, in the transaction of the vectors."""

import asyncio
import logging

import pytest
from sqlalchemy import text

from contracts.metrics import Purpose, Usage
from database.usage import ledger
from database.usage.ledger import Account
from database.usage.waiting import WaitingUsage
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System
from tests.support.usage import used

MODEL = "model@16"


def account(shop: Shop, purpose: Purpose = Purpose.EVENT, model: str = MODEL) -> Account:
    return Account(store_id=shop.store_id, model=model, purpose=purpose)


async def test_two_writers_of_the_same_rows_add_up(system: System, shop: Shop) -> None:
    """In any order of their rows, and without a deadlock."""
    other = await system.shop()
    accounts = [
        account(one, purpose, model)
        for one in (shop, other)
        for purpose in (Purpose.SYNC, Purpose.EVENT)
        for model in (MODEL, "زبان@16")
    ]

    async def write(order: list[Account]) -> None:
        for _ in range(10):
            async with system.database.transaction() as connection:
                await ledger.add(connection, dict.fromkeys(order, Usage(calls=1, texts=2, tokens=3)))

    await asyncio.gather(write(accounts), write(accounts[::-1]), write(accounts[3:] + accounts[:3]))
    for one in (shop, other):
        assert await used(one) == dict.fromkeys(("sync", "event"), Usage(calls=60, texts=120, tokens=180))


async def test_what_is_rolled_back_is_not_counted(shop: Shop) -> None:
    """The ledger says what the vectors cost that are there."""

    async def fail() -> None:
        async with shop.database.transaction() as connection:
            await ledger.add(connection, {account(shop): Usage(calls=1)})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await used(shop) == {}


async def test_a_question_of_all_stores_is_counted_for_the_first(system: System, shop: Shop) -> None:
    """What belongs to a store that is gone is left out, and the rest is written."""
    second = await system.second_shop(shop.user_id)
    asked = Account(store_id=None, user_id=shop.user_id, model=MODEL, purpose=Purpose.QUESTION)
    gone = Account(store_id=10**15, model=MODEL, purpose=Purpose.QUESTION)
    async with system.database.transaction() as connection:
        await ledger.add(connection, {asked: Usage(calls=1), gone: Usage(calls=5)})
    assert (await used(shop), await used(second)) == ({"question": Usage(calls=1)}, {})


async def test_old_days_are_removed(shop: Shop) -> None:
    """A year and a month are kept."""
    async with shop.database.transaction() as connection:
        await ledger.add(connection, {account(shop): Usage(calls=1)})
        aged = f"UPDATE embedding_usage SET day = day - {ledger.KEPT_DAYS - 1} WHERE store_id = :store"
        await connection.execute(text(aged), {"store": shop.store_id})
        await ledger.forget(connection, limit=100)
    assert await used(shop) == {"event": Usage(calls=1)}
    async with shop.database.transaction() as connection:
        aged = "UPDATE embedding_usage SET day = day - 1 WHERE store_id = :store"
        await connection.execute(text(aged), {"store": shop.store_id})
        assert await ledger.forget(connection, limit=100) >= 1
    assert await used(shop) == {}


async def test_an_event_adds_once_what_it_cost(shop: Shop) -> None:
    """An edit of the price costs nothing, and counts as saved what it did not send; so does a redelivery."""
    product = {"id": 5, "name": "چراغ مطالعه", "description": "<p>نور گرم</p>", "price": "100"}
    assert await shop.sync(product) == "succeeded"
    [chunk] = await shop.chunks(5)
    first = (await used(shop))["event"]
    assert (first.calls, first.texts, first.saved_texts, first.estimated) == (1, 1, 0, 0)
    assert first.tokens > 0
    assert await shop.sync({**product, "price": "90"}) == "unchanged"
    saved = await eventually(lambda: used(shop), lambda found: found["event"].saved_texts > 0)
    assert saved["event"] == first + Usage(saved_texts=1, saved_tokens=chunk["tokens"])


async def test_questions_are_counted_for_their_store(shop: Shop) -> None:
    """A question that was asked before costs nothing."""
    for _ in range(2):
        await shop.search("چراغ مطالعه‌ی کم‌مصرف برای دفتر")
    found = await eventually(lambda: used(shop), what="the question")
    assert (found["question"].calls, found["question"].texts) == (1, 1)


async def test_usage_waits_in_memory_and_is_written_once(shop: Shop) -> None:
    """Two additions are one row; nothing is written twice."""
    waiting = WaitingUsage(shop.database, logging.getLogger("pilito.api"))
    for _ in range(2):
        waiting.add(account(shop), Usage(saved_texts=1, saved_tokens=5))
    waiting.add(account(shop, Purpose.SYNC), Usage())
    for _ in range(2):
        await waiting.flush()
    assert await used(shop) == {"event": Usage(saved_texts=2, saved_tokens=10)}
