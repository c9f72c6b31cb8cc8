"""Shops that fail are visited less often, by one worker at a time."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from database.access import shop_access, shop_failures, stores
from database.access.shop_failures import FIRST_PAUSE, LONGEST_PAUSE, TOLERATED, Pause
from tests.support.shop import Shop

REASON = "The shop did not answer in time."


async def failed(shop: Shop, times: int) -> None:
    async with shop.database.single() as connection:
        for _ in range(times):
            await shop_failures.record(connection, shop.store_id, REASON)


async def visited(shop: Shop) -> Pause | datetime | None:
    async with shop.database.single() as connection:
        return await shop_failures.admit(connection, shop.store_id)


async def admitted(shop: Shop) -> Pause | None:
    answer = await visited(shop)
    return answer if isinstance(answer, Pause) else None


async def left(shop: Shop, until: object) -> None:
    """End a visit that has not shown how the shop is."""
    assert isinstance(until, datetime)
    async with shop.database.single() as connection:
        await shop_failures.release(connection, shop.store_id, until)


async def elapsed(shop: Shop) -> None:
    """Let the current pause be over."""
    async with shop.database.single() as connection:
        sql = "UPDATE shop_budgets SET probe_at = now() WHERE store_id = :id"
        await connection.execute(text(sql), {"id": shop.store_id})


async def test_a_few_failures_in_a_row_are_tolerated(shop: Shop) -> None:
    """Then the shop is left alone, longer with each failure and at most for some minutes."""
    assert await admitted(shop) is None
    await failed(shop, TOLERATED)
    assert await admitted(shop) is None
    pauses = []
    for _ in range(12):
        await failed(shop, 1)
        pause = await admitted(shop)
        assert pause
        assert pause.reason == REASON
        pauses.append(pause.time.total_seconds())
    first, longest = FIRST_PAUSE.total_seconds(), LONGEST_PAUSE.total_seconds()
    expected = [min(first * 2**number, longest) for number in range(12)]
    assert pauses == [pytest.approx(seconds, abs=2) for seconds in expected]


async def test_one_visitor_at_a_time_is_admitted_to_a_failing_shop(shop: Shop) -> None:
    """Also if many processes ask at the same moment."""
    await failed(shop, TOLERATED + 1)
    await elapsed(shop)
    answers = await asyncio.gather(*(admitted(shop) for _ in range(5)))
    assert answers.count(None) == 1
    assert await admitted(shop) is not None


async def test_a_visit_that_shows_nothing_lets_the_next_one_in(shop: Shop) -> None:
    """A visit that lasted too long keeps only itself away: the one after it goes on."""
    await failed(shop, TOLERATED + 1)
    await elapsed(shop)
    first = await visited(shop)
    assert await admitted(shop) is not None
    await left(shop, first)
    second = await visited(shop)
    assert isinstance(second, datetime)
    await left(shop, first)
    assert await admitted(shop) is not None
    await failed(shop, 1)
    await left(shop, second)
    pause = await admitted(shop)
    assert pause is not None
    assert pause.time == pytest.approx(2 * FIRST_PAUSE, abs=timedelta(seconds=2))


async def test_a_success_ends_the_row_of_failures(shop: Shop) -> None:
    """So does a new address or a new key."""
    await failed(shop, TOLERATED + 1)
    async with shop.database.transaction() as connection:
        terms = await shop_access.access(connection, shop.store_id)
        assert terms
        assert terms.failures == TOLERATED + 1
        await shop_failures.forget(connection, shop.store_id)
    assert await admitted(shop) is None
    await failed(shop, TOLERATED + 1)
    async with shop.database.transaction() as connection:
        await stores.change(connection, shop.store_id, {"name": "another"})
    assert await admitted(shop) is not None
    async with shop.database.transaction() as connection:
        await stores.change(connection, shop.store_id, {"base_url": "https://shop.example"})
    assert await admitted(shop) is None
