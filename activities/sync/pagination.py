"""Walking through a shop's list: the next page is read while those before are looked at."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from activities.errors import application_error, database_errors
from activities.heartbeat import Heartbeater
from activities.shifts import Shifting, with_moved
from activities.side_by_side import SideBySide
from activities.stores.shop_reader import OpenShop
from contracts.retry import Failure, Retry
from contracts.syncs import SyncPosition
from database.access import shop_access
from database.engine import Database
from database.sync import runs as syncs

AT_A_TIME = 2
"""Batches of pages that are looked at while the next one is read; all of them are in memory."""

SOON = 0.1
"""Seconds within which pages are looked at together with the first of them."""

EMPTY_PAGES_BELIEVED = 3

_POSITION = TypeAdapter(SyncPosition)


P = TypeVar("P", bound="Page")


class Page(Shifting, Protocol):
    """What pages of either kind tell of the list."""

    @property
    def next(self) -> str | None: ...
    @property
    def moment(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[P]):
    """A page where a walk has come to it, from when on it may be outdated, and where the walk goes on."""

    at: SyncPosition
    page: P
    read_at: datetime
    then: SyncPosition


Read = Callable[[str | None], Awaitable[P]]
LookAt = Callable[[Sequence[Seen[P]]], Coroutine[None, None, None]]


def left_off(start: SyncPosition, heart: Heartbeater) -> SyncPosition:
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
    at: SyncPosition,
    start: SyncPosition,
    heart: Heartbeater,
    read: Read[P],
    look_at: LookAt[P],
    *,
    together: int = 1,
) -> SyncPosition:
    """Go through a step's pages, and look at up to so many `together` where the shop answers quickly.

    Whoever takes over goes on after the last page before which none is left. The answer is where the next
    step goes on.
    """
    async with (
        aclosing(_read_ahead(read, at, _end(start))) as pages,
        aclosing(_batches(pages, at, together)) as batches,
        SideBySide(AT_A_TIME) as looking,
    ):
        async for batch in batches:
            at = batch[-1].then
            await looking.begin(look_at(batch), partial(heart.update, at))
    return at


async def _batches(
    pages: AsyncIterator[tuple[P, datetime]], at: SyncPosition, most: int
) -> AsyncGenerator[list[Seen[P]], None]:
    """Pages that are there, or come soon after; where reading fails, those before are not in vain."""
    clock = asyncio.get_running_loop().time
    batch: list[Seen[P]] = []
    until = 0.0
    reading = asyncio.ensure_future(anext(pages, None))
    try:
        while True:
            if batch and not (len(batch) < most and await _comes(reading, within=until - clock())):
                yield batch
                batch = []
            if (arrived := await reading) is None:
                break
            reading = asyncio.ensure_future(anext(pages, None))
            page, read_at = arrived
            if not batch:
                until = clock() + SOON
            batch.append(Seen(at=at, page=page, read_at=read_at, then=_after(at, page)))
            at = batch[-1].then
    except Exception:
        if batch:
            yield batch
        raise
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    if batch:
        yield batch


async def _comes(reading: asyncio.Future[Any], *, within: float) -> bool:
    return bool((await asyncio.wait({reading}, timeout=max(0.0, within)))[0])


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
        raise application_error(Failure(retry=Retry.FATAL, reason=reason))
    return replace(
        at,
        page=at.page + 1,
        cursor=page.next,
        empty_in_row=empty,
        numbered=page.numbered,
        total=page.total,
    )


async def begun(database: Database, seen: Seen[P]) -> None:
    """Keep what the first page says of the shop's clock and its size."""
    if seen.at.page == 1:
        moment = min(seen.page.moment, seen.read_at) if seen.page.moment else seen.read_at
        async with database.single() as connection:
            await syncs.started(connection, seen.at.run.sync_id, moment=moment, total=seen.page.total)


async def with_currency(database: Database, at: SyncPosition, shop: OpenShop) -> OpenShop:
    """A shop whose currency is known before its first page, where it tells."""
    if at.page > 1 or shop.terms.currency is not None or not (currency := await shop.catalogue.currency()):
        return shop
    with database_errors():
        async with database.single() as connection:
            await shop_access.learn_currency(connection, shop.store_id, currency)
    return replace(shop, terms=replace(shop.terms, currency=currency))
