"""Pagination of a shop's product list: pages in order, from the position where the last attempt stopped."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from activities.errors import application_error, database_errors
from activities.heartbeat import Heartbeater
from activities.sync.step import sync_transaction
from contracts.retry import Failure, Retry
from contracts.syncs import SyncPosition
from database.engine import Database
from database.sync import runs

MAX_EMPTY_PAGES = 3
"""Empty pages in a row that are accepted before the end of a list."""

MAX_REREAD_PAGES = 10
"""Pages that are read again after a shift; all of them are in memory together."""

ADDED_MEANWHILE = 1_000
"""Products that a shop may add while its list is read, besides as many as it had."""

_POSITION = TypeAdapter(SyncPosition)


class Page(Protocol):
    """What a page must have to be paginated: see `connectors.base.ManifestPage`."""

    @property
    def listed(self) -> tuple[str, ...]: ...
    @property
    def next(self) -> str | None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def numbered(self) -> int | None: ...
    @property
    def moment(self) -> datetime | None: ...
    def joined(self: "P", other: "P", *, only: Collection[str]) -> "P": ...


P = TypeVar("P", bound=Page)

Read = Callable[[str | None], Awaitable[P]]

Clock = Callable[[], Awaitable[datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage(Generic[P]):
    """A fetched page with its position, the time it was requested, and the next position."""

    position: SyncPosition
    page: P
    requested_at: datetime
    next: SyncPosition


def resume_position(start: SyncPosition, heartbeat: Heartbeater) -> SyncPosition:
    """Returns the position after the last page that an earlier attempt completed, else the start."""
    return _POSITION.validate_python(heartbeat.details[0]) if heartbeat.details else start


def is_complete(position: SyncPosition, start: SyncPosition) -> bool:
    """Returns whether a step that began at `start` has no page left at this position."""
    return position != start and (position.cursor is None or not _pages_left(position, start))


def _pages_left(position: SyncPosition, start: SyncPosition) -> int:
    return max(0, start.page + start.run.pages_per_step - position.page)


async def process_pages(
    start: SyncPosition,
    heartbeat: Heartbeater,
    read: Read[P],
    process: Callable[[FetchedPage[P]], Awaitable[None]],
    *,
    clock: Clock,
    most_products: int,
) -> SyncPosition:
    """Process the pages of one step in order, and record each in the heartbeat. Returns the next position.

    `clock` reads the time at which a page is requested. A list of more than `most_products` fails the sync.
    """
    position = resume_position(start, heartbeat)
    if is_complete(position, start):
        return position
    async with aclosing(
        iterate_pages(position, read, limit=_pages_left(position, start), clock=clock)
    ) as pages:
        async for fetched in pages:
            _check_length(fetched.next, most_products)
            await process(fetched)
            position = fetched.next
            heartbeat.update(position)
    return position


async def iterate_pages(
    start: SyncPosition, read: Read[P], *, limit: int, clock: Clock
) -> AsyncGenerator[FetchedPage[P], None]:
    """Yields up to `limit` pages; the next page is fetched while the caller processes one."""
    listed: set[str] = set()

    async def fetch(position: SyncPosition) -> FetchedPage[P]:
        requested_at = await clock()
        page = await reread_shifted(await read(position.cursor), position, listed=listed, read=read)
        listed.update(page.listed)
        return FetchedPage(
            position=position, page=page, requested_at=requested_at, next=_next_position(position, page)
        )

    end = start.page + limit
    fetching = asyncio.create_task(fetch(start))
    try:
        while True:
            fetched = await fetching
            is_last = fetched.next.cursor is None or fetched.next.page == end
            if not is_last:
                fetching = asyncio.create_task(fetch(fetched.next))
            yield fetched
            if is_last:
                return
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)


def _next_position(position: SyncPosition, page: Page) -> SyncPosition:
    """Returns the position after a page.

    A shop may count too few pages for a moment: then the list ends only at an empty page. A shop may also
    announce pages that do not exist: after a few empty pages that is an error. So is a list that goes on
    although it has listed twice the products that the shop counted.
    """
    empty = 0 if page.listed else position.empty_in_row + 1
    pages = max(position.pages or 0, page.numbered or 0)
    cursor = page.next or (str(position.page + 1) if page.listed and position.page < pages else None)
    if cursor and empty > MAX_EMPTY_PAGES:
        reason = "The shop claims to have more pages, but they are empty."
        raise application_error(Failure(retry=Retry.FATAL, reason=reason))
    claimed = page.total if position.page == 1 else position.claimed
    listed = position.listed + len(page.listed)
    return replace(
        position,
        page=position.page + 1,
        cursor=cursor,
        listed=listed,
        claimed=claimed,
        empty_in_row=empty,
        pages=pages or None,
        total=page.total,
    )


def _check_length(position: SyncPosition, most_products: int) -> None:
    """Raises a non-retryable error for a list that is too long or has no end."""
    listed, claimed = position.listed, position.claimed
    if max(listed, claimed or 0) > most_products:
        reason = f"The shop lists more than the {most_products:,} products of PILITO_SHOP_PRODUCTS."
    elif claimed is not None and listed > 2 * claimed + ADDED_MEANWHILE:
        reason = f"The shop's list goes on after {listed:,} products, but the shop counted {claimed:,}."
    else:
        return
    raise application_error(Failure(retry=Retry.FATAL, reason=reason))


async def reread_shifted(page: P, position: SyncPosition, *, listed: Collection[str], read: Read[P]) -> P:
    """Returns a page together with the products that shifted from it to preceding pages.

    When the shop deletes a product, every later product moves towards the front of the list, so one of them
    can move to a page that was read already. If the total drops, preceding pages are read again, up to
    `MAX_REREAD_PAGES`. Products in `listed` are known to be processed. A deletion that coincides with a new
    product does not change the total and is not detected.
    """
    before = position.total
    if before is None or page.total is None or not page.numbered or page.total >= before:
        return page
    per_page = max(1, ceil(page.total / page.numbered))
    count = min(position.page - 1, MAX_REREAD_PAGES, ceil((before - page.total) / per_page))
    earlier = [await read(str(number)) for number in range(position.page - count, position.page)]
    deleted = before - min([page.total, *(one.total for one in earlier if one.total is not None)])
    shifted = [id_ for one in earlier for id_ in one.listed][-deleted:]
    for one in earlier:
        page = page.joined(one, only={*shifted} - {*listed, *page.listed})
    return page


async def record_start(database: Database, fetched: FetchedPage[P]) -> None:
    """Store the shop's clock and its number of products, as of the first page."""
    if fetched.position.page == 1:
        moment = min(fetched.page.moment or fetched.requested_at, fetched.requested_at)
        with database_errors():
            async with sync_transaction(database, fetched.position.run) as connection:
                await runs.record_start(
                    connection, fetched.position.run.sync_id, moment=moment, total=fetched.page.total
                )
