"""The time of a visit's requests: the shop is late only with its answers."""

import asyncio
from datetime import timedelta

import pytest

from activities.stores.request_time import RequestTime
from contracts.errors import ShopDown

SHORT, LONG = timedelta(seconds=0.02), timedelta(minutes=5)


async def until_late(time: RequestTime) -> None:
    """Wait for an answer that does not come."""
    with pytest.raises(ShopDown, match="did not answer in time"):
        async with time.limited():
            await asyncio.Event().wait()


async def test_all_requests_of_a_visit_have_one_limit() -> None:
    """Once it is over, the next request is late at once."""
    time = RequestTime(SHORT, LONG)
    async with time.limited():
        pass
    await until_late(time)
    await until_late(time)


async def test_a_wait_for_a_slot_and_what_happens_between_requests_do_not_count() -> None:
    """The visit waits far longer than its requests may take, and reads the answer in between."""
    time = RequestTime(SHORT, LONG)
    async with time.limited():
        with time.waiting():
            await until_late(RequestTime(3 * SHORT, LONG))
    await until_late(RequestTime(3 * SHORT, LONG))
    async with time.limited():
        pass
    assert time.wait_left < LONG - SHORT


async def test_a_request_is_late_after_its_wait_too() -> None:
    """Its time goes on where it stopped."""
    time = RequestTime(SHORT, SHORT)

    async def request() -> None:
        async with time.limited():
            with time.waiting():
                await until_late(RequestTime(2 * SHORT, LONG))
            await asyncio.Event().wait()

    with pytest.raises(ShopDown):
        await request()
    assert time.wait_left == timedelta()


async def test_another_timeout_is_not_the_shops() -> None:
    time = RequestTime(LONG, LONG)
    with pytest.raises(TimeoutError):
        async with time.limited():
            raise TimeoutError


async def test_a_wait_without_a_limit_is_counted() -> None:
    """Steps of syncs have no limit for their requests."""
    time = RequestTime(SHORT, SHORT)
    with time.waiting():
        await until_late(RequestTime(2 * SHORT, LONG))
    assert time.wait_left == timedelta()
