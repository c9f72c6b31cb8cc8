"""A list that gets shorter while it is walked: what is behind the gap moves to pages that were read."""

from collections.abc import Awaitable, Callable, Collection
from math import ceil
from typing import Protocol, TypeVar

MOST_AGAIN = 10
"""Pages that are read again; all of them are in memory together with the one that tells of the gap."""

P = TypeVar("P", bound="Shifting")


class Shifting(Protocol):
    """What pages tell of a list whose pages may have numbers."""

    @property
    def listed(self) -> tuple[str, ...]: ...
    @property
    def total(self) -> int | None: ...
    @property
    def numbered(self) -> int | None: ...
    def joined(self: P, other: P, *, only: Collection[str]) -> P: ...


async def with_moved(
    page: P,
    number: int,
    *,
    before: int | None,
    named: Collection[str],
    read: Callable[[str | None], Awaitable[P]],
) -> P:
    """A page, with those products that moved from it to pages before since these were read.

    `before` is how many products there were said to be then, `named` those that are known to be walked. A
    product that goes while another comes is not noticed, and neither is what moved further than
    `MOST_AGAIN` pages.
    """
    if before is None or page.total is None or not page.numbered or page.total >= before:
        return page
    gone, per_page = before - page.total, max(1, ceil(page.total / page.numbered))
    again = min(number - 1, MOST_AGAIN, ceil(gone / per_page))
    earlier = [await read(str(one)) for one in range(number - again, number)]
    gone = before - min(page.total, *(one.total for one in earlier if one.total is not None))
    moved = [id_ for one in earlier for id_ in one.listed][-gone:]
    for one in earlier:
        page = page.joined(one, only={*moved} - {*named, *page.listed})
    return page
