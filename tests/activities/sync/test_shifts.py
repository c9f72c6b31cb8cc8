"""A list that loses products while it is read is still read completely."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from activities.heartbeat import Heartbeater
from activities.sync import pagination
from activities.sync.pagination import FetchedPage, process_pages
from contracts.syncs import NumberedPage, SyncPosition
from tests.support.sync.lists import RUN, Heartbeats, Page, Seen, clock

PER_PAGE = 10


class Shop:
    """A list of ids; `before` is called with the number of each page before it is answered."""

    def __init__(self, count: int, before: Callable[["Shop", int], None]) -> None:
        self.ids = [str(number) for number in range(count)]
        self.before = before
        self.asked: list[int] = []

    async def read(self, cursor: str | None) -> Page:
        number = int(cursor or "1")
        self.asked.append(number)
        self.before(self, number)
        pages = -(-len(self.ids) // PER_PAGE)
        return Page(
            listed=tuple(self.ids[(number - 1) * PER_PAGE : number * PER_PAGE]),
            next=str(number + 1) if number < pages else None,
            total=len(self.ids),
            numbered=NumberedPage(
                number=number,
                pages=pages,
                before=tuple(map(str, range(1, number))),
                after=str(number + 1),
            ),
        )


async def missed(shop: Shop, *, total: int | None = None, page: int = 2) -> set[str]:
    """Returns the products that exist before and after a step from `page` on, and that no page listed."""
    there = shop.ids[(page - 1) * PER_PAGE :]
    listed = (page - 1) * PER_PAGE
    start = SyncPosition(run=RUN, page=page, cursor=str(page), pages=100, total=total, listed=listed)
    seen = Seen()
    seen.ids.update(shop.ids[: (page - 1) * PER_PAGE])
    before = set(seen.ids)

    async def process(fetched: FetchedPage[Page]) -> None:
        seen.ids.update(fetched.page.listed)

    await process_pages(
        start,
        cast(Heartbeater, Heartbeats()),
        shop.read,
        process,
        clock=clock,
        listed=seen,
        most_products=10**6,
    )
    return {id_ for id_ in there if id_ in shop.ids} - (seen.ids - before)


def once(page: int, *gone: str) -> Callable[[Shop, int], None]:
    """Delete these products before the page is answered for the first time."""
    left = [*gone]

    def go(shop: Shop, number: int) -> None:
        if number == page:
            for id_ in left:
                shop.ids.remove(id_)
            left.clear()

    return go


@pytest.mark.parametrize(
    "before",
    [
        once(4, "11"),
        once(4, "3", "4", "5"),
        once(6, *map(str, range(10, 41))),
        once(9, *map(str, range(10, 60))),
        once(4, "85"),
        lambda shop, _: shop.ids.pop(3),
        lambda shop, number: shop.ids.remove(str(number)) if str(number) in shop.ids else None,
    ],
    ids=["one", "a few", "pages of them", "half of what was read", "behind it", "always one", "another one"],
)
async def test_nothing_that_stays_is_missed(before: Callable[[Shop, int], Any]) -> None:
    """Products deleted from pages that were read shift others, also while pages are read again."""
    assert await missed(Shop(150, before)) == set()


async def test_a_shift_between_two_steps_is_detected() -> None:
    """The total of the step before is part of the position."""
    shop = Shop(150, once(8, "3"))
    assert shop.ids[70] == "70"
    assert await missed(shop, total=150, page=8) == set()
    assert shop.asked[:2] == [8, 7]
    assert await missed(Shop(150, once(8, "3")), total=None, page=8) == {"70"}


async def test_no_more_than_some_pages_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are in memory together."""
    monkeypatch.setattr(pagination, "MAX_REREAD_PAGES", 2)
    shop = Shop(150, once(8, *map(str, range(10, 60))))
    assert len(await missed(shop)) == 30
    assert shop.asked[7:9] == [6, 7]


async def test_a_list_that_stays_as_it_is_is_read_once() -> None:
    """A list that grows is not read again."""

    def grow(shop: Shop, _: int) -> None:
        if len(shop.ids) < 200:
            shop.ids.append(f"new {len(shop.ids)}")

    for before in (grow, lambda *_: None):
        shop = Shop(150, before)
        assert await missed(shop) == set()
        assert len(shop.asked) == len(set(shop.asked))
