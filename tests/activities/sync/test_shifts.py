"""A list that loses products while it is walked is walked whole all the same."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from activities import shifts
from activities.heartbeat import Heartbeater
from activities.sync.pagination import Seen, walk
from contracts.syncs import SyncPosition
from tests.support.lists import RUN, Page

PER_PAGE = 10


class Shop:
    """A list of ids; `before` is done before each page is answered, and learns its number."""

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
            numbered=pages,
        )


class Quiet:
    """A heart nobody listens to."""

    details = ()

    def tell(self, *_: object) -> None: ...


async def missed(shop: Shop, *, total: int | None = None, page: int = 2) -> set[str]:
    """What is there before and after a step over all pages from here on, and was not named by it."""
    there = shop.ids[(page - 1) * PER_PAGE :]
    start = SyncPosition(run=RUN, page=page, cursor=str(page), numbered=100, total=total)
    named: set[str] = set()

    async def look_at(pages: Sequence[Seen[Page]]) -> None:
        named.update(id_ for seen in pages for id_ in seen.page.listed)

    await walk(start, start, cast(Heartbeater, Quiet()), shop.read, look_at)
    return {id_ for id_ in there if id_ in shop.ids} - named


def once(page: int, *gone: str) -> Callable[[Shop, int], None]:
    """These go before this page is answered for the first time."""
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
    """Whatever goes from the pages that were read, also while these are read again."""
    assert await missed(Shop(150, before)) == set()


async def test_what_went_before_a_step_began_counts_too() -> None:
    """Its first page is compared with what the shop said when that was decided."""
    shop = Shop(150, once(8, "3"))
    assert shop.ids[70] == "70"
    assert await missed(shop, total=150, page=8) == set()
    assert shop.asked[:2] == [8, 7]
    assert await missed(Shop(150, once(8, "3")), total=None, page=8) == {"70"}


async def test_no_more_than_some_pages_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in memory together."""
    monkeypatch.setattr(shifts, "MOST_AGAIN", 2)
    shop = Shop(150, once(8, *map(str, range(10, 60))))
    assert len(await missed(shop)) == 30
    assert shop.asked[7:9] == [6, 7]


async def test_a_list_that_stays_as_it_is_is_read_once() -> None:
    """Growing is no shrinking."""

    def grow(shop: Shop, _: int) -> None:
        if len(shop.ids) < 200:
            shop.ids.append(f"new {len(shop.ids)}")

    for before in (grow, lambda *_: None):
        shop = Shop(150, before)
        assert await missed(shop) == set()
        assert len(shop.asked) == len(set(shop.asked))
