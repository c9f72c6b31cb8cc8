"""Turns that are taken while the answer before is on its way."""

import asyncio

import pytest

from activities.turns import Turn, ahead, in_blocks


class Desk:
    """Gives turns out when a test lets it."""

    def __init__(self) -> None:
        self.asked = 0
        self.left = 0
        self.may = asyncio.Semaphore(0)

    async def turn(self) -> None:
        self.asked += 1
        try:
            await self.may.acquire()
        except asyncio.CancelledError:
            self.left += 1
            raise


def answering(*answers: OSError | None) -> Turn:
    """A shop whose turns come at once or fail, one after the other."""
    left = iter(answers)

    async def turn() -> None:
        if error := next(left):
            raise error

    return turn


async def test_the_next_turn_is_waited_for_while_one_is_used() -> None:
    """One more, and no further."""
    desk = Desk()
    async with ahead(desk.turn) as turn:
        desk.may.release()
        await turn()
        assert desk.asked == 1, "the next one begins beside what the turn was for"
        await asyncio.sleep(0)
        assert desk.asked == 2
        desk.may.release()
        await turn()
        await asyncio.sleep(0)
        assert (desk.asked, desk.left) == (3, 0)
    assert (desk.asked, desk.left) == (3, 1), "nobody waits for what nobody needs"


async def test_turns_that_are_needed_together_are_as_many() -> None:
    """None is used twice."""
    desk = Desk()
    async with ahead(desk.turn) as turn:
        both = [asyncio.create_task(turn()), asyncio.create_task(turn())]
        await asyncio.sleep(0)
        desk.may.release()
        done, waiting = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(waiting)) == (1, 1)
        desk.may.release()
        desk.may.release()
        await asyncio.gather(*both)
    assert desk.asked == 3


async def test_a_turn_that_cannot_be_had_fails_whoever_asks_for_it() -> None:
    """And not who had the one before."""
    async with ahead(answering(None, OSError("gone"), None)) as turn:
        await turn()
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="gone"):
            await turn()
        await turn()


async def test_a_turn_nobody_asks_for_may_fail() -> None:
    """It is not missed."""
    async with ahead(answering(None, OSError("gone"))) as turn:
        await turn()
        await asyncio.sleep(0)


async def test_short_turns_are_taken_several_at_a_time() -> None:
    """Asked for again only when all are used."""
    taken: list[int] = []

    async def take(count: int) -> None:
        taken.append(count)

    turn = in_blocks(take, 3)
    for _ in range(4):
        await turn()
    assert taken == [3, 3]


async def test_turns_that_cannot_be_taken_are_not_used() -> None:
    """The next one who asks tries again."""
    failures = [OSError("no database"), None]

    async def take(_: int) -> None:
        if error := failures.pop(0):
            raise error

    turn = in_blocks(take, 2)
    with pytest.raises(OSError, match="no database"):
        await turn()
    await turn()
    await turn()
    assert failures == []
