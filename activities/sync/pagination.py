"""Pagination of a shop's product list: pages in order, from the position where the last attempt stopped.

The list is read until it has listed as many different products as the shop counts. If it ends before, it is
read again in another way.
"""

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
from contracts.syncs import NumberedPage, SyncPosition
from database.engine import Database
from database.sync import runs

MAX_EMPTY_PAGES = 3
"""Empty pages in a row that are accepted before the end of a list."""

MAX_REREAD_PAGES = 10
"""Pages that are read again after a shift; all of them are in memory together."""

ADDED_MEANWHILE = 1_000
"""Products that a shop may add while its list is read, besides as many as it had."""

MOST_UNLISTED = 5
"""One in this many products may be left out by short pages, such as products that our key may not read."""

INCOMPLETE = "incomplete"
"""The cursor behind a list that is not complete."""

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
    def numbered(self) -> NumberedPage | None: ...
    @property
    def moment(self) -> datetime | None: ...
    def joined(self: "P", other: "P", *, only: Collection[str]) -> "P": ...


P = TypeVar("P", bound=Page)

Read = Callable[[str | None], Awaitable[P]]

Clock = Callable[[], Awaitable[datetime]]


class Listed(Protocol):
    """What the pages of the sync listed so far."""

    async def count(self) -> int:
        """Returns how many different products they listed."""
        ...

    async def report_unlisted(self, count: int, total: int) -> None:
        """Note that short pages listed fewer products than the shop counts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage(Generic[P]):
    """A fetched page with its position, the time it was requested, and the next position.

    `is_again` is whether earlier pages of the sync had its products, so that only new ones count.
    """

    position: SyncPosition
    page: P
    requested_at: datetime
    next: SyncPosition
    is_again: bool = False


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
    listed: Listed,
    most_products: int,
) -> SyncPosition:
    """Process the pages of one step in order, and record each in the heartbeat. Returns the next position.

    `clock` reads the time at which a page is requested. A list of more than `most_products` fails the sync.
    So does one that does not list what the shop counts, in the step after its last page.
    """
    if start.incomplete:
        raise application_error(Failure(retry=Retry.FATAL, reason=start.incomplete))
    position = resume_position(start, heartbeat)
    while not (is_complete(position, start) or position.incomplete):
        async with aclosing(
            iterate_pages(position, read, limit=_pages_left(position, start), clock=clock)
        ) as pages:
            async for fetched in pages:
                _check_length(fetched.next, most_products)
                await process(fetched)
                position = fetched.next
                if position.cursor is None and fetched.page.numbered is not None:
                    position = await _at_the_end(position, fetched.page.numbered, listed)
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
        is_repeating = bool(page.listed) and listed.issuperset(page.listed)
        listed.update(page.listed)
        return FetchedPage(
            position=position,
            page=page,
            requested_at=requested_at,
            next=_next_position(position, page, is_repeating=is_repeating),
            is_again=is_repeating or position.is_second,
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


def _next_position(position: SyncPosition, page: Page, *, is_repeating: bool) -> SyncPosition:
    """Returns the position after a page.

    A shop may count too few pages, for a moment or always: then the list ends only at an empty page. A shop
    may also announce pages that do not exist: after a few empty pages that is an error. A page that has only
    products of earlier pages is requested in another way, and ends the list if there is none.
    """
    numbered, cursor = page.numbered, page.next
    begins_walk = position.page == 1 or (position.is_second and position.claimed is None)
    listed, empty = position.listed + len(page.listed), 0 if page.listed else position.empty_in_row + 1
    total = _total(position.total, page)
    pages = max(position.pages or 0, numbered.pages or 0) if numbered else 0
    if numbered and is_repeating:
        cursor = numbered.otherwise
    elif numbered and page.listed and (numbered.number < pages or listed < (total or 0)):
        cursor = cursor or numbered.after
    if cursor and empty > MAX_EMPTY_PAGES:
        reason = "The shop claims to have more pages, but they are empty."
        raise application_error(Failure(retry=Retry.FATAL, reason=reason))
    return replace(
        position,
        page=position.page + 1,
        cursor=cursor,
        listed=listed,
        claimed=page.total if begins_walk else position.claimed,
        lacking=position.lacking + (numbered.lacking if numbered else 0),
        is_repeating=position.is_repeating or is_repeating,
        empty_in_row=empty,
        pages=pages or None,
        total=total,
    )


def _total(before: int | None, page: Page) -> int | None:
    """Returns the shop's latest count; an empty page behind the end may count what was added since."""
    if page.total is None:
        return before
    return page.total if page.listed or before is None else min(before, page.total)


async def _at_the_end(position: SyncPosition, last: NumberedPage, listed: Listed) -> SyncPosition:
    """Returns the position after the last page, which is the first of another walk if products are missing.

    The shop's last count is compared with the different products of all pages, so a product that was added
    or deleted while the list was read is not missing. One that is added while the list is read from its end
    is on no page behind, so the count at the beginning of that walk is enough. The position of a list that
    stays incomplete has a reason.
    """
    total, count = position.total, await listed.count()
    if position.is_second and total is not None:
        total = min(total, total if position.claimed is None else position.claimed)
    if total is not None and count >= total:
        return position
    if total is None and not position.is_repeating:
        return position
    if last.again is not None:
        return replace(
            position,
            cursor=last.again,
            is_second=True,
            listed=0,
            lacking=0,
            is_repeating=False,
            empty_in_row=0,
            pages=None,
            total=None,
            claimed=None,
        )
    few = max(1, (total or 0) // MOST_UNLISTED)
    if total is not None and count and total - count <= min(position.lacking, few):
        await listed.report_unlisted(count, total)
        return position
    claimed = "" if total is None else f" of the {total:,} products it counts"
    cause = (
        "it answers different pages with the same products. A cache or the web server may drop the query"
        " string of requests."
        if position.is_repeating
        else "its pages skip the others. A cache or a plugin that changes the REST API may be the cause."
    )
    reason = f"The shop listed {count:,}{claimed or ' products, and does not count them'}; {cause}"
    return replace(position, cursor=INCOMPLETE, incomplete=reason)


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
    before, numbered = position.total, page.numbered
    if before is None or page.total is None or numbered is None or page.total >= before:
        return page
    per_page = max(1, ceil(page.total / (numbered.pages or 1)))
    count = min(MAX_REREAD_PAGES, ceil((before - page.total) / per_page))
    earlier = [await read(cursor) for cursor in numbered.before[-count:]]
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
