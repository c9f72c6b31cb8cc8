"""A few things at a time: in order, bounded, and let finish."""

import asyncio
from functools import partial

import pytest

from activities.side_by_side import SideBySide


class Work:
    """Things that end when they are told to."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.cancelled = 0
        self.full = asyncio.Event()
        self.reported: list[int] = []
        self.ends = [asyncio.Event() for _ in range(5)]

    async def do(self, number: int, *, fails: bool = False) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == 3:
            self.full.set()
        try:
            await self.ends[number].wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        if fails:
            raise ValueError(number)

    async def do_all(self, *, failing: int | None = None) -> None:
        async with SideBySide(3) as few:
            for number in range(5):
                await few.begin(
                    self.do(number, fails=number == failing), partial(self.reported.append, number)
                )

    async def fail_after_beginning(self) -> None:
        async with SideBySide(3) as few:
            await few.begin(self.do(0), partial(self.reported.append, 0))
            self.ends[0].set()
            raise KeyError


async def test_no_more_than_so_many_run_and_they_are_reported_in_order() -> None:
    """However they end."""
    work = Work()
    doing = asyncio.create_task(work.do_all())
    for end in reversed(work.ends):
        await asyncio.sleep(0)
        end.set()
    await doing
    assert work.reported == [0, 1, 2, 3, 4]
    assert work.most == 3


async def test_those_beside_one_that_fails_are_let_finish() -> None:
    """What comes before it is reported; what would come after it is not begun."""
    work = Work()
    for end in work.ends:
        end.set()
    with pytest.raises(ValueError, match="1"):
        await work.do_all(failing=1)
    assert work.reported == [0]
    assert (work.cancelled, work.running) == (0, 0)


async def test_a_failure_within_the_block_loses_nothing_that_was_begun() -> None:
    """The pages that were read before the shop failed are taken over."""
    work = Work()
    with pytest.raises(KeyError):
        await work.fail_after_beginning()
    assert work.reported == [0]


async def test_who_is_cancelled_cancels_all() -> None:
    """Nothing goes on behind the back of an activity that ended."""
    work = Work()
    doing = asyncio.create_task(work.do_all())
    await work.full.wait()
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert (work.cancelled, work.running, work.reported) == (3, 0, [])
