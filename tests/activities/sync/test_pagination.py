"""Pages that a shop answers quickly are looked at together, and none of them is in vain."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from activities.heartbeat import Heartbeater
from activities.sync import pagination as walking
from activities.sync.pagination import Seen, walk
from contracts.syncs import SyncPosition
from tests.support.lists import RUN, Page

START = SyncPosition(run=RUN, page=1, until=11)
DAY = 86_400.0


def page(number: int) -> Page:
    """A page of one product."""
    return Page(listed=(str(number),), next=str(number + 1))


class Told:
    """A heart that keeps the pages it was told to go on with."""

    details = ()

    def __init__(self) -> None:
        self.pages: list[int] = []

    def tell(self, at: SyncPosition) -> None:
        self.pages.append(at.page)


async def batches(told: Told, *, together: int, broken: int = 0, slow: bool = False) -> list[list[int]]:
    """The pages that were looked at with each other; the shop fails at a `broken` one.

    A `slow` one answers only when the page before has been looked at.
    """
    looked_at: list[list[int]] = []
    ready = asyncio.Semaphore(1 if slow else 10)

    async def read(cursor: str | None) -> Page:
        number = int(cursor or "1")
        await ready.acquire()
        if number == broken:
            raise ConnectionError
        return page(number)

    async def look_at(pages: Sequence[Seen[Page]]) -> None:
        numbers = [seen.at.page for seen in pages]
        assert [seen.page.listed for seen in pages] == [(str(number),) for number in numbers]
        looked_at.append(numbers)
        ready.release()

    try:
        at = await walk(START, START, cast(Heartbeater, told), read, look_at, together=together)
        assert (at.page, at.cursor) == (11, "11")
    except ConnectionError:
        assert broken
    return looked_at


@pytest.mark.parametrize(
    ("together", "expected"),
    [(4, [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]), (1, [[number] for number in range(1, 11)])],
    ids=["light", "heavy"],
)
async def test_quick_pages_are_looked_at_together(
    monkeypatch: pytest.MonkeyPatch, together: int, expected: list[list[int]]
) -> None:
    """As many as fit."""
    monkeypatch.setattr(walking, "SOON", DAY)
    told = Told()
    assert await batches(told, together=together) == expected
    assert told.pages == [batch[-1] + 1 for batch in expected]


async def test_a_page_waits_for_no_other_that_is_slow() -> None:
    """Which would never come if it did."""
    told = Told()
    assert await batches(told, together=4, slow=True) == [[number] for number in range(1, 11)]


async def test_pages_before_one_that_fails_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever tries again goes on after them."""
    monkeypatch.setattr(walking, "SOON", DAY)
    told = Told()
    assert await batches(told, together=4, broken=7) == [[1, 2, 3, 4], [5, 6]]
    assert told.pages == [5, 7]


async def test_a_page_that_was_not_looked_at_is_not_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies meanwhile leaves its batch to the next one."""
    monkeypatch.setattr(walking, "SOON", DAY)
    told, reached = Told(), asyncio.Event()

    async def read(cursor: str | None) -> Page:
        return page(int(cursor or "1"))

    async def look_at(pages: Sequence[Seen[Page]]) -> None:
        if pages[0].at.page == 7:
            reached.set()
        if pages[0].at.page > 3:
            await asyncio.Event().wait()

    walked = asyncio.create_task(walk(START, START, cast(Heartbeater, told), read, look_at, together=3))
    await reached.wait()
    walked.cancel()
    await asyncio.gather(walked, return_exceptions=True)
    assert told.pages == [4], "the first batch, though the third was begun"
