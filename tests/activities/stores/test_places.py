"""Places for visits: slow shops hold few of them, and every other shop finds one."""

import asyncio
from contextlib import ExitStack

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.stores.places import BUSY, SLOW, Places, Visit
from tests.support.eventually import eventually

SICK = range(1, 7)
HEALTHY = 99


def places(*, slow_after: float = 0.01) -> Places:
    return Places(quick=8, slow=4, of_one_shop=3, slow_after=slow_after)


def refused(of: Places, store_id: int, *, is_failing: bool = False) -> str:
    """Returns why a visit is refused."""
    with pytest.raises(ApplicationError) as raised, of.visit(store_id, is_failing=is_failing):
        pass
    assert raised.value.category is ApplicationErrorCategory.BENIGN, "no traceback is logged"
    assert raised.value.next_retry_delay is not None
    return raised.value.message


async def answered(visit: Visit) -> None:
    async with visit.request():
        pass


async def unanswered(of: Places, store_id: int) -> None:
    with of.visit(store_id, is_failing=False) as visit:
        async with visit.request():
            await asyncio.Event().wait()


async def test_a_shop_has_more_places_once_it_has_answered_quickly() -> None:
    """Before that, one visit shows whether it answers."""
    of = places()
    with of.visit(1, is_failing=False) as first:
        assert refused(of, 1) == BUSY.reason
        await answered(first)
        with of.visit(1, is_failing=False), of.visit(1, is_failing=False):
            assert refused(of, 1) == BUSY.reason


async def test_a_failing_shop_has_one_place_for_slow_shops() -> None:
    """All failing shops together leave the places for quick shops free."""
    of = places()
    with ExitStack() as visits:
        for store_id in SICK[:4]:
            visits.enter_context(of.visit(store_id, is_failing=True))
            assert refused(of, store_id, is_failing=True) == SLOW.reason
        assert refused(of, 5, is_failing=True) == SLOW.reason
        for store_id in range(90, 98):
            visits.enter_context(of.visit(store_id, is_failing=False))
        assert refused(of, HEALTHY) == BUSY.reason
    with of.visit(5, is_failing=True), of.visit(HEALTHY, is_failing=False):
        assert refused(of, 5, is_failing=True) == SLOW.reason


async def test_shops_that_do_not_answer_become_slow_and_the_others_of_them_are_given_up() -> None:
    """Each quick place is free again after a short time, however many shops hang."""
    of = places()
    hanging = [asyncio.create_task(unanswered(of, store_id)) for store_id in SICK]
    given_up, waiting = await asyncio.wait(hanging, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    while len(given_up) < len(SICK) - 4:
        more, waiting = await asyncio.wait(waiting, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        given_up |= more
    assert {str(task.exception()) for task in given_up} == {f"{SLOW.retry}: {SLOW.reason}"}
    with ExitStack() as visits:
        for store_id in range(90, 98):
            visits.enter_context(of.visit(store_id, is_failing=False))
    assert refused(of, SICK[0]) == SLOW.reason, "the next visit is slow from the start"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_slow_shop_that_answers_quickly_again_is_quick() -> None:
    """The visit keeps its place; the next one is quick."""
    of = places()
    with of.visit(1, is_failing=False) as visit:
        async with visit.request():
            await eventually(lambda: asyncio.sleep(0, visit.is_slow))
    with of.visit(1, is_failing=False) as visit:
        assert visit.is_slow
        await answered(visit)
    with of.visit(1, is_failing=False) as visit:
        assert not visit.is_slow


async def test_a_visit_that_waits_long_for_a_slot_leaves_its_place_to_quick_shops() -> None:
    """Only as many wait as there are places for slow shops; the shop itself stays quick."""
    of = places()
    with ExitStack() as visits:
        waiting = [visits.enter_context(of.visit(store_id, is_failing=False)) for store_id in range(1, 9)]
        assert refused(of, HEALTHY) == BUSY.reason
        assert [visit.may_wait_long() and visit.wait_long() for visit in waiting] == [True] * 4 + [False] * 4
        assert all(visit.wait_long() for visit in waiting[:4])
        with of.visit(HEALTHY, is_failing=False), of.visit(1, is_failing=False) as other:
            assert not other.may_wait_long(), "one of a shop waits at a time"
