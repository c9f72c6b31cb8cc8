"""Pages come in order, a retry resumes after the last completed page, and few pages are in memory."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from temporalio.exceptions import ApplicationError

from activities.heartbeat import Heartbeater
from activities.sync.pagination import FetchedPage, is_complete, process_pages, resume_position
from contracts.syncs import SyncPosition
from tests.support.sync.lists import RUN, Heartbeats, Page, Seen, clock

START = SyncPosition(run=RUN)


class Shop:
    """A list of ten pages of one product each; reading a page in `broken` fails."""

    def __init__(self, *broken: int) -> None:
        self.broken = set(broken)
        self.requests: list[int] = []

    async def read(self, cursor: str | None) -> Page:
        number = int(cursor or "1")
        self.requests.append(number)
        if number in self.broken:
            raise ConnectionError
        return Page(listed=(str(number),), next=str(number + 1) if number < 10 else None)


class Processed:
    """The pages that were processed; a page in `broken` fails."""

    def __init__(self, *broken: int) -> None:
        self.broken = set(broken)
        self.pages: list[int] = []

    async def process(self, fetched: FetchedPage[Page]) -> None:
        await asyncio.sleep(0)  # the next request begins
        if fetched.position.page in self.broken:
            raise ValueError
        assert fetched.page.listed == (str(fetched.position.page),)
        assert fetched.next.page == fetched.position.page + 1
        self.pages.append(fetched.position.page)


async def step(
    shop: Shop, processed: Processed, heartbeats: Heartbeats, start: SyncPosition = START
) -> SyncPosition:
    return await process_pages(
        start,
        cast(Heartbeater, heartbeats),
        shop.read,
        processed.process,
        clock=clock,
        listed=Seen(),
        most_products=10,
    )


async def test_all_pages_are_processed_in_order_and_requested_once() -> None:
    """Each of them is recorded in the heartbeat; the end has no cursor."""
    shop, processed, heartbeats = Shop(), Processed(), Heartbeats()
    end = await step(shop, processed, heartbeats)
    assert (end.page, end.cursor) == (11, None)
    assert processed.pages == shop.requests == list(range(1, 11))
    assert heartbeats.pages == list(range(2, 12))


@pytest.mark.parametrize(
    ("shop", "processed", "error"),
    [(Shop(7), Processed(), ConnectionError), (Shop(), Processed(7), ValueError)],
    ids=["reading", "processing"],
)
async def test_a_retry_resumes_after_the_last_completed_page(
    shop: Shop, processed: Processed, error: type[Exception]
) -> None:
    """Pages before one that fails are completed, and none of them is requested again."""
    heartbeats = Heartbeats()
    with pytest.raises(error):
        await step(shop, processed, heartbeats)
    assert (processed.pages, heartbeats.pages) == ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7])
    shop.requests.clear()
    shop.broken.clear()
    processed.broken.clear()
    assert (await step(shop, processed, heartbeats)).cursor is None
    assert shop.requests == [7, 8, 9, 10]
    assert processed.pages == list(range(1, 11))


async def test_a_step_ends_after_its_pages() -> None:
    """A retry of a completed step requests nothing; the next step goes on from its position."""
    start = replace(START, run=replace(RUN, pages_per_step=4))
    shop, processed, heartbeats = Shop(), Processed(), Heartbeats()
    position = await step(shop, processed, heartbeats, start)
    assert (position.page, position.cursor) == (5, "5")
    assert resume_position(start, cast(Heartbeater, heartbeats)) == position
    assert is_complete(position, start)
    assert await step(shop, processed, heartbeats, start) == position
    assert shop.requests == [1, 2, 3, 4]
    await step(shop, processed, Heartbeats(), position)
    assert processed.pages == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_no_more_than_one_page_is_fetched_ahead() -> None:
    """Memory does not grow with the list."""
    shop = Shop()
    ahead: list[int] = []

    async def process(fetched: FetchedPage[Page]) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        ahead.append(len(shop.requests) - fetched.position.page)

    await process_pages(
        START,
        cast(Heartbeater, Heartbeats()),
        shop.read,
        process,
        clock=clock,
        listed=Seen(),
        most_products=10,
    )
    assert ahead == [1] * 9 + [0]


async def test_a_cancelled_step_records_only_completed_pages() -> None:
    """The page that was being processed is left to the next attempt, and the request ahead is cancelled."""
    shop, heartbeats, reached = Shop(), Heartbeats(), asyncio.Event()

    async def process(fetched: FetchedPage[Page]) -> None:
        if fetched.position.page == 4:
            reached.set()
            await asyncio.Event().wait()

    processing = asyncio.create_task(
        process_pages(
            START,
            cast(Heartbeater, heartbeats),
            shop.read,
            process,
            clock=clock,
            listed=Seen(),
            most_products=10,
        )
    )
    await reached.wait()
    processing.cancel()
    await asyncio.gather(processing, return_exceptions=True)
    assert heartbeats.pages == [2, 3, 4]


@pytest.mark.parametrize(
    ("total", "most_products", "listed", "reason"),
    [
        (600, 200_000, 2_300, "goes on after 2,300 products, but the shop counted 600"),
        (None, 5_000, 5_100, "more than the 5,000 products of PILITO_SHOP_PRODUCTS"),
        (999_999_999, 5_000, 100, "more than the 5,000 products"),
    ],
    ids=["counted", "not counted", "counted too many"],
)
async def test_a_list_without_an_end_fails_the_sync(
    total: int | None, most_products: int, listed: int, reason: str
) -> None:
    """Also across steps; a shop may have twice as many products as it counted, and a thousand more."""
    requested: list[int] = []

    async def read(cursor: str | None) -> Page:
        number = int(cursor or "1")
        requested.append(number)
        claimed = None if total is None else total + 100 * (number - 1)
        return Page(
            listed=tuple(str(100 * number + one) for one in range(100)), next=str(number + 1), total=claimed
        )

    async def process(_: FetchedPage[Page]) -> None:
        pass

    async def sync() -> None:
        position = replace(START, run=replace(RUN, pages_per_step=7))
        while True:
            heartbeats = cast(Heartbeater, Heartbeats())
            position = await process_pages(
                position,
                heartbeats,
                read,
                process,
                clock=clock,
                listed=Seen(),
                most_products=most_products,
            )

    with pytest.raises(ApplicationError, match=reason) as raised:
        await sync()
    assert raised.value.non_retryable
    assert listed <= 100 * len(requested) <= listed + 100
