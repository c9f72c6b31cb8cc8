"""The save activity, called directly and repeated, as after a lost answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from contracts.events import EventStatus
from tests.activities.events.steps import HOUR, Steps
from tests.support.shop import Shop
from tests.support.system import System

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_unfinished(shop: Shop) -> AsyncIterator[None]:
    """The tests here record events without a workflow."""
    yield
    await shop.forget_unfinished()


async def test_a_text_claimed_from_another_event_is_claimed_again(system: System, shop: Shop) -> None:
    """A newer change leaves its text to an older one that came later: that is stale, but indexes the text."""
    steps = Steps(system, shop)
    newer, older = steps.change("کیف نو", at=NOON, waited=HOUR / 60), steps.change("کیف", at=NOON - HOUR)
    second, first = await steps.record(older), await steps.record(newer)
    left = await steps.save(first)
    assert left.outcome is not None
    assert older.event_id in left.outcome.reason
    taken = await steps.save(second)
    assert taken.outcome is not None
    assert taken.outcome.status is EventStatus.STALE
    assert taken.product_id
    assert await steps.save(second) == taken, "only the last step was lost"
    assert await steps.record(older) == second
    assert await steps.save(second) == taken, "both steps were lost"


async def test_a_text_claimed_by_another_event_stays_claimed(system: System, shop: Shop) -> None:
    """A stale event does not embed a second time what the newer one embeds."""
    steps = Steps(system, shop)
    newer = await steps.record(steps.change("کیف نو", at=NOON))
    assert (await steps.save(newer)).product_id
    older = await steps.record(steps.change("کیف", at=NOON - HOUR))
    assert not (await steps.save(older)).product_id
    assert not (await steps.save(older)).product_id
