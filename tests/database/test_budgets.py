"""Budgets of stores: what is spent of a day and of a month."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from contracts.metrics import Purpose, Usage
from database.usage import budgets, ledger
from database.usage.budgets import Budget
from database.usage.ledger import Account
from tests.support.shop import Shop
from tests.support.system import System
from tests.support.usage import limit

NO_LIMIT = Budget(id=1, name="فروشگاه", day_tokens=None, month_tokens=None, day_used=5, month_used=50)


@pytest.mark.parametrize(
    ("day", "month", "share", "state"),
    [
        (None, None, 0.0, (False, False)),
        (10, None, 0.5, (False, False)),
        (10, 60, 50 / 60, (True, False)),
        (5, 1_000, 1.0, (False, True)),
        (6, 50, 1.0, (False, True)),
        (0, None, 1.0, (False, True)),
        (4, None, 1.25, (False, True)),
    ],
)
def test_the_budget_of_which_more_is_used_counts(
    day: int | None, month: int | None, share: float, state: tuple[bool, bool]
) -> None:
    """A budget of 0 is spent from the beginning."""
    budget = replace(NO_LIMIT, day_tokens=day, month_tokens=month)
    assert budget.share == share
    assert (budget.is_near, budget.is_spent) == state


async def spend(shop: Shop, tokens: int) -> None:
    account = Account(store_id=shop.store_id, model="a@16", purpose=Purpose.SYNC)
    async with shop.database.transaction() as connection:
        await ledger.add(connection, {account: Usage(calls=1, tokens=tokens, saved_tokens=10**9)})


async def has_spent(shop: Shop) -> bool:
    async with shop.database.reading() as connection:
        return await budgets.has_spent(connection, shop.store_id)


async def test_a_day_and_a_month_are_bounded(system: System, shop: Shop) -> None:
    """By what was spent, not by what was saved, and not by what another store spent."""
    await spend(await system.shop(), 10**6)
    await spend(shop, 99)
    for bounds, expected in (
        ({}, False),
        ({"day": 100}, False),
        ({"day": 99}, True),
        ({"month": 100}, False),
        ({"month": 99}, True),
        ({"day": 100, "month": 99}, True),
        ({"day": 0}, True),
    ):
        await limit(shop, **bounds)
        assert await has_spent(shop) is expected, bounds


async def test_a_new_day_is_a_new_budget(shop: Shop) -> None:
    """And what was spent before the month began does not count for the month."""
    await spend(shop, 50)
    async with shop.database.transaction() as connection:
        earlier = "UPDATE embedding_usage SET day = day - 32 WHERE store_id = :store"
        await connection.execute(text(earlier), {"store": shop.store_id})
    await limit(shop, day=1, month=1)
    assert not await has_spent(shop)
    async with shop.database.reading() as connection:
        [budget] = await budgets.read(connection, shop.store_id)
    assert (budget.day_used, budget.month_used, budget.share) == (0, 0, 0.0)


async def test_stores_without_a_budget_are_left_out(system: System, shop: Shop) -> None:
    """Of one store, and of all."""
    other = await system.shop()
    await limit(other, month=10)
    async with system.database.reading() as connection:
        assert await budgets.read(connection, shop.store_id) == []
        assert not await budgets.has_spent(connection, 10**15)
        every = {budget.id for budget in await budgets.read(connection, None)}
    assert other.store_id in every
    assert shop.store_id not in every
