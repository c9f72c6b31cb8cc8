"""Walking through a shop's list: the next page is read while those before are looked at."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from activities.guard import application_error, database_errors
from activities.heartbeats import Heart
from activities.shifts import Shifting, with_moved
from activities.shops import OpenShop
from activities.side_by_side import SideBySide
from contracts.failures import Failure, Posture
from contracts.syncs import SyncPosition
from database import shops, syncs
from database.engine import Database

AT_A_TIME = 2
"""Pages that are looked at while the next one is read; all of them are in memory."""

EMPTY_PAGES_BELIEVED = 3

_POSITION = TypeAdapter(SyncPosition)


P = TypeVar("P", bound="Page")


class Page(Shifting, Protocol):
    """What pages of either kind tell of the list."""

    @property
    def next(self) -> str | None: ...
    @property
    def moment(self) -> datetime | None: ...


Read = Callable[[str | None], Awaitable[P]]
LookAt = Callable[[SyncPosition, P, datetime], Coroutine[None, None, None]]


def left_off(start: SyncPosition, heart: Heart) -> SyncPosition:
    """Where the attempt before left a step, else its start."""
    return _POSITION.validate_python(heart.details[0]) if heart.details else start


def is_over(at: SyncPosition, start: SyncPosition) -> bool:
    """Whether a step has no page left."""
    return at != start and (at.cursor is None or at.page >= _end(start))


def _end(start: SyncPosition) -> int:
    """The page before which a step ends; runs that began long ago do not say."""
    if start.until is not None:
        return start.until
    return 2 if start.page == 1 else start.page + start.run.pages_per_step


async def walk(
    at: SyncPosition, start: SyncPosition, heart: Heart, read: Read[P], look_at: LookAt[P]
) -> SyncPosition:
    """Go through a step's pages, a few at a time; `look_at` learns from when on its page may be outdated.

    Whoever takes over goes on after the last page before which none is left. The answer is where the next
    step goes on.
    """
    pages = _read_ahead(read, at, _end(start))
    async with aclosing(pages), SideBySide(AT_A_TIME) as looking:
        async for page, read_at in pages:
            then = _after(at, page)
            await looking.begin(look_at(at, page, read_at), partial(heart.tell, then))
            at = then
    return at


async def _read_ahead(read: Read[P], at: SyncPosition, end: int) -> AsyncGenerator[tuple[P, datetime], None]:
    named: set[str] = set()

    async def whole(cursor: str | None, number: int, before: int | None) -> tuple[P, datetime]:
        """With what has moved from it to pages before."""
        read_at = datetime.now(UTC)
        page = await with_moved(await read(cursor), number, before=before, named=named, read=read)
        named.update(page.listed)
        return page, read_at

    reading = asyncio.create_task(whole(at.cursor, at.page, at.total))
    try:
        for number in range(at.page + 1, end + 1):
            page, read_at = await reading
            if page.next and number < end:
                reading = asyncio.create_task(whole(page.next, number, page.total))
            yield page, read_at
            if not page.next:
                return
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def _after(at: SyncPosition, page: Page) -> SyncPosition:
    """A shop that claims more pages for ever is not believed."""
    empty = 0 if page.listed else at.empty_in_row + 1
    if page.next and empty > EMPTY_PAGES_BELIEVED:
        reason = "The shop claims to have more pages, but nothing is on them."
        raise application_error(Failure(posture=Posture.NEVER, reason=reason))
    return replace(
        at,
        page=at.page + 1,
        cursor=page.next,
        empty_in_row=empty,
        numbered=page.numbered,
        total=page.total,
    )


async def begun(database: Database, at: SyncPosition, page: Page, read_at: datetime) -> None:
    """Keep what the first page says of the shop's clock and its size."""
    if at.page == 1:
        moment = min(page.moment, read_at) if page.moment else read_at
        async with database.single() as connection:
            await syncs.started(connection, at.run.sync_id, moment=moment, total=page.total)


async def with_currency(database: Database, at: SyncPosition, shop: OpenShop) -> OpenShop:
    """A shop whose currency is known before its first page, where it tells."""
    if at.page > 1 or shop.terms.currency is not None or not (currency := await shop.catalogue.currency()):
        return shop
    with database_errors():
        async with database.single() as connection:
            await shops.learn_currency(connection, shop.store_id, currency)
    return replace(shop, terms=replace(shop.terms, currency=currency))
