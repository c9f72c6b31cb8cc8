"""Cursors of a shop's lists: a page number with the size of pages, and in which way the list is read."""

import re
from dataclasses import dataclass, field, replace

from connectors.woocommerce.queries import IN_ORDER

PAGES_BEFORE = 10
"""How many preceding pages a page knows; a list that shifts more is not read again."""

FEWEST = 25
"""The size of pages that is not halved when a list is read again: each page is a request."""

_TEXT = re.compile("([0-9]{1,9})(?:/([0-9]{1,3})(o?)(s?))?")


def usual_size() -> int:
    return int(IN_ORDER["per_page"])


@dataclass(frozen=True, slots=True)
class Cursor:
    """A page of a list; its text form is opaque to others.

    A list is read by page numbers. Where these have no effect it is read by offsets, and a list that was not
    complete is read a second time, from its end, in smaller pages.
    """

    number: int = 1
    size: int = field(default_factory=usual_size)
    by_offset: bool = False
    is_second: bool = False

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        found = _TEXT.fullmatch(text or "1")
        if found is None:
            raise ValueError("not a cursor of this list")
        number, size, by_offset, is_second = found.groups()
        return cls(int(number), int(size) if size else usual_size(), bool(by_offset), bool(is_second))

    def __str__(self) -> str:
        flags = "o" * self.by_offset + "s" * self.is_second
        return str(self.number) if self == Cursor(self.number) else f"{self.number}/{self.size}{flags}"

    def query(self) -> dict[str, str]:
        """Returns the parameters of the page."""
        at = {"page": str(self.number)} if self.number > 1 else {}
        if self.by_offset:
            at = {"offset": str((self.number - 1) * self.size)}
        order = {"order": "desc"} if self.is_second else {}
        return {**IN_ORDER, "per_page": str(self.size), **order, **at}

    def at(self, number: int) -> "Cursor":
        return replace(self, number=number)

    def before(self) -> tuple[str, ...]:
        """Returns the cursors of the pages before this one, the nearest last."""
        first = max(1, self.number - PAGES_BEFORE)
        return tuple(str(self.at(number)) for number in range(first, self.number))

    def resized(self, size: int) -> "Cursor":
        """Returns the cursor of the smaller page that this page begins in: nothing is skipped."""
        return replace(self, number=(self.number - 1) * self.size // size + 1, size=size)

    def parts(self) -> "list[Cursor]":
        """Returns the cursors of the largest smaller pages of one size that have the same products."""
        count = next((number for number in range(2, self.size) if self.size % number == 0), self.size)
        first, size = (self.number - 1) * count + 1, self.size // count
        return [replace(self, number=number, size=size) for number in range(first, first + count)]

    def otherwise(self) -> str | None:
        """Returns the cursor of the same page by its offset; None if it is that already."""
        return None if self.by_offset else str(replace(self, by_offset=True))

    def again(self, given: int) -> str | None:
        """Returns the cursor that begins the list a second time; None if this is the second time.

        `given` is how many products the shop put on this page; some put fewer on every page than are asked.
        """
        if self.is_second:
            return None
        size = min(self.size, max(FEWEST, min(given, self.size // 2)))
        return str(Cursor(size=size, is_second=True))
