"""A list is believed only once it listed as many different products as the shop counts."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from activities.heartbeat import Heartbeater
from activities.sync.pagination import MOST_UNLISTED, FetchedPage, process_pages
from contracts.syncs import NumberedPage, SyncPosition
from tests.support.sync.lists import RUN, Heartbeats, Page, Seen, clock

SIZE = 10

Listing = Callable[[int, int, bool], list[int]]
"""Returns the products of a page by its number, its size, and whether it was requested by its offset."""


class Shop:
    """A shop with `count` products; `listing` decides what its pages list, and `total` what it counts."""

    def __init__(self, count: int, listing: Listing | None = None) -> None:
        self.count = count
        self.total: int | None = count
        self.requests = 0
        self._listing = listing or self.honestly

    def honestly(self, number: int, size: int, _: bool = False) -> list[int]:  # noqa: FBT001, FBT002 - a listing
        return list(range(self.count))[(number - 1) * size : number * size]

    async def read(self, cursor: str | None) -> Page:
        text = cursor or f"1/{SIZE}"
        by_offset, is_second = "o" in text, "s" in text
        number, size = map(int, text.rstrip("os").split("/"))
        self.requests += 1
        listed = self._listing(number, size, by_offset)
        pages = None if self.total is None else -(-self.total // size)
        flags = "o" * by_offset + "s" * is_second
        promised = max(0, min(size, (self.total or 0) - (number - 1) * size))
        more = bool(listed) if pages is None else number < pages
        return Page(
            listed=tuple(map(str, listed)),
            next=f"{number + 1}/{size}{flags}" if more else None,
            total=self.total,
            numbered=NumberedPage(
                number=number,
                pages=pages,
                lacking=max(0, promised - len(listed)),
                after=f"{number + 1}/{size}{flags}",
                otherwise=None if by_offset or number == 1 else f"{number}/{size}o{'s' * is_second}",
                again=None if is_second else f"1/{size // 2}s",
            ),
        )


async def walk(shop: Shop, *, pages_per_step: int = 1_000) -> tuple[Seen, SyncPosition]:
    """Returns what was listed, and the position at which the sync ends or fails."""
    seen, position = Seen(), SyncPosition(run=replace(RUN, pages_per_step=pages_per_step))

    async def process(fetched: FetchedPage[Page]) -> None:
        seen.ids.update(fetched.page.listed)

    while True:
        position = await process_pages(
            position,
            cast(Heartbeater, Heartbeats()),
            shop.read,
            process,
            clock=clock,
            listed=seen,
            most_products=10**6,
        )
        if position.cursor is None or position.incomplete:
            return seen, position


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95])
async def test_an_honest_list_is_read_once(count: int) -> None:
    """A page is one request."""
    shop = Shop(count)
    seen, position = await walk(shop)
    assert (len(seen.ids), position.incomplete, position.is_second) == (count, "", False)
    assert shop.requests == max(1, -(-count // SIZE))


async def test_pages_without_an_effect_are_requested_by_offset() -> None:
    """The page parameter is lost on the way, the offset is not."""
    shop = Shop(55)
    shop._listing = lambda number, size, by_offset: shop.honestly(number if by_offset else 1, size)
    seen, position = await walk(shop)
    assert (len(seen.ids), position.incomplete, position.is_second) == (55, "", False)
    assert shop.requests == 7


@pytest.mark.parametrize("pages_per_step", [1, 2, 1_000])
async def test_a_list_that_repeats_a_page_fails_in_the_next_step(pages_per_step: int) -> None:
    """Its products are applied before."""
    shop = Shop(55)
    shop._listing = lambda _, size, __: shop.honestly(1, size)
    seen, position = await walk(shop, pages_per_step=pages_per_step)
    assert len(seen.ids) == 10
    assert position.incomplete.startswith("The shop listed 10 of the 55 products it counts; ")
    with pytest.raises(ApplicationError, match="The shop listed 10 of the 55") as raised:
        await process_pages(
            position,
            cast(Heartbeater, Heartbeats()),
            shop.read,
            lambda _: asyncio.sleep(0),
            clock=clock,
            listed=seen,
            most_products=10**6,
        )
    assert raised.value.non_retryable


async def test_pages_that_skip_products_are_read_again_in_smaller_ones() -> None:
    """The shop gives five of ten products, and goes on after ten."""
    shop = Shop(50)
    shop._listing = lambda number, size, _: shop.honestly(number, size)[:5]
    seen, position = await walk(shop)
    assert (len(seen.ids), position.incomplete, position.is_second) == (50, "", True)


async def test_a_list_without_counts_ends_at_an_empty_page() -> None:
    """One that repeats a page instead is not complete."""
    shop = Shop(55)
    shop.total = None
    seen, position = await walk(shop)
    assert (len(seen.ids), position.incomplete) == (55, "")
    shop._listing = lambda _, size, __: shop.honestly(1, size)
    _, position = await walk(shop)
    assert position.incomplete.startswith("The shop listed 10 products, and does not count them; ")


@pytest.mark.parametrize(("hidden", "is_complete"), [(0, True), (1, True), (11, True), (12, False)])
async def test_a_few_products_may_be_left_out(hidden: int, *, is_complete: bool) -> None:
    """They are counted by the shop and reported; more than a fifth are too many."""
    shop = Shop(55)
    gone = set(range(3, 3 + hidden))
    shop._listing = lambda number, size, _: [one for one in shop.honestly(number, size) if one not in gone]
    seen, position = await walk(shop)
    assert len(seen.ids) == 55 - hidden
    assert (position.incomplete == "") is is_complete
    assert seen.reported == ([(55 - hidden, 55)] if hidden and is_complete else [])


class GrowingShop(Shop):
    """A shop with products that are added in front of the page `at` of the second walk."""

    def __init__(self, count: int, at: int, added: int) -> None:
        super().__init__(
            count, lambda number, size, _: [one for one in self.honestly(number, size) if one != 7]
        )
        self.at, self.added = at, added

    async def read(self, cursor: str | None) -> Page:
        if self.total is not None and cursor and "s" in cursor and cursor.startswith(f"{self.at}/"):
            self.total, self.added = self.total + self.added, 0
        return await super().read(cursor)


@pytest.mark.parametrize("pages_per_step", [1, 3, 1_000])
@pytest.mark.parametrize("added", [1, 4])
@pytest.mark.parametrize("at", range(2, 12))
async def test_products_that_are_added_while_the_list_is_read_again_are_not_missing(
    at: int, added: int, pages_per_step: int
) -> None:
    """They are in front of what is left of it; one product is hidden."""
    shop = GrowingShop(55, at, added)
    seen, position = await walk(shop, pages_per_step=pages_per_step)
    assert (len(seen.ids), position.incomplete, position.is_second) == (54, "", True)
    assert (seen.reported, shop.added) == ([(54, 55)], 0)


PAGES = st.lists(st.lists(st.integers(0, 59), max_size=SIZE, unique=True), max_size=12)


@given(PAGES, PAGES, st.integers(0, 60), st.integers(1, 5))
def test_no_list_is_complete_that_has_less_than_the_shop_counts(
    first: list[list[int]], otherwise: list[list[int]], total: int, pages_per_step: int
) -> None:
    """Any answers end: with all products, with a few reported ones missing, or with a reason."""

    def listing(number: int, size: int, by_offset: bool) -> list[int]:  # noqa: FBT001 - a listing
        pages = otherwise if by_offset else first
        return pages[number - 1][:size] if number <= len(pages) else []

    shop = Shop(60, listing)
    shop.total = total
    try:
        seen, position = asyncio.run(walk(shop, pages_per_step=pages_per_step))
    except ApplicationError:
        return  # the shop counts more pages, and they are empty
    missing = total - len(seen.ids)
    if missing > 0 and not position.incomplete:
        assert seen.reported == [(len(seen.ids), total)]
        assert missing <= max(1, total // MOST_UNLISTED)
    if position.incomplete:
        assert missing > 0
    assert shop.requests < 200
