"""Lists of a shop's REST API: pages of any size that the shop gives, and items by their ids."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

from connectors.base import Unreadable
from connectors.fields import identifier
from connectors.woocommerce.answer import Answer
from connectors.woocommerce.cursors import Cursor, usual_size
from connectors.woocommerce.errors import Fails, is_gone, is_hidden, problem
from connectors.woocommerce.queries import PER_PAGE
from connectors.woocommerce.rest import Rest
from contracts.errors import ShopAnswersNonsense, ShopProblem, ShopSendsTooMuch
from contracts.syncs import NumberedPage

Body = dict[str, Any]

Keep = Callable[[Mapping[int, Body], int], dict[int, Body | Unreadable]]
"""Returns what is kept of the items of an answer of this many bytes."""

FAILS = "The shop fails while it shows the product (HTTP 500)."

ONLY_IDS = {"_fields": "id"}

HIDDEN = "The user of the consumer key may not see it."

ALL_LANGUAGES = {"lang": "all"}
"""WPML lists products of one language unless it is asked for all; other shops ignore it."""

_NUMBER = re.compile("[0-9]{1,3}")
_POSITION = re.compile("[0-9]{1,9}")


def read(answer: Answer) -> Any:
    """Returns the JSON of an answer with status 200; raises ShopProblem."""
    if answer.status != 200:
        raise problem(answer)
    return answer.json()


def id_of(item: Mapping[str, Any]) -> int:
    """Returns the id of an item; raises ShopAnswersNonsense."""
    try:
        return identifier(item.get("id"))
    except ValueError:
        raise ShopAnswersNonsense("The shop answers with a product without an id.") from None


def is_trash(item: Body | Unreadable) -> bool:
    return not isinstance(item, Unreadable) and item.get("status") == "trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """A page of a list: its items with ids, a sentence about each other entry, and the shop's counts."""

    cursor: Cursor
    items: Sequence[Body]
    unreadable: tuple[str, ...]
    total: int | None
    pages: int | None
    moment: datetime | None
    size: int

    @property
    def ids(self) -> list[int]:
        return [id_of(item) for item in self.items]

    @property
    def next(self) -> str | None:
        """The cursor of the next page by the shop's count; without a count the list ends at an empty page."""
        number = self.cursor.number
        more = bool(self.items) if self.pages is None else number < self.pages
        return str(self.cursor.at(number + 1)) if more else None

    def numbered(self) -> NumberedPage:
        cursor = self.cursor
        return NumberedPage(
            number=cursor.number,
            pages=self.pages,
            lacking=max(0, self._promised() - len(self.items)),
            before=cursor.before(),
            after=str(cursor.at(cursor.number + 1)),
            otherwise=cursor.otherwise() if cursor.number > 1 else None,
            again=cursor.again(len(self.items)),
        )

    def _promised(self) -> int:
        """Returns how many products the page has by the shop's counts."""
        if not self.total or not self.pages:
            return 0
        as_asked = self.pages == ceil(self.total / self.cursor.size)
        per_page = self.cursor.size if as_asked else ceil(self.total / self.pages)
        return max(0, min(per_page, self.total - (self.cursor.number - 1) * per_page))


class Lists:
    """Reads the lists of one shop; remembers the largest size of pages that the shop allows."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._most = usual_size()

    async def page(self, route: str, cursor: Cursor, asked: Mapping[str, str] | None = None) -> ListPage:
        """Returns a page, with its own cursor: it is smaller if the shop refuses the size of the page."""
        cursor = cursor.resized(min(cursor.size, self._most))
        while True:
            answer = await self._rest.get(route, {**cursor.query(), **(asked or {})})
            allowed = _allowed_size(answer, cursor.size)
            if allowed is None:
                return _page(answer, cursor)
            self._most, cursor = allowed, cursor.resized(allowed)

    async def ids(self, cursor: Cursor, asked: Mapping[str, str]) -> ListPage:
        """Returns a page of products with nothing but their ids.

        A product at which the shop fails in this form too has no id that is known. It is found in smaller
        pages, and has a sentence.
        """
        cursor = cursor.resized(min(cursor.size, self._most))
        try:
            return await self.page("products", cursor, {**asked, **ONLY_IDS})
        except Fails as error:
            problem = error
        await self.check_others_answer(problem)
        cursor = cursor.resized(min(cursor.size, self._most))
        if cursor.size == 1:
            place = f"number {cursor.number} from the {'end' if cursor.is_second else 'beginning'}"
            reason = f"The shop fails while it lists a product (HTTP 500), {place}."
            return replace(_together(cursor, []), unreadable=(reason,))
        return _together(cursor, [await self.ids(part, asked) for part in cursor.parts()])

    async def check_others_answer(self, problem: Fails) -> None:
        """Raises the problem if the shop fails as a whole, and not only at one product.

        The first and the last product are asked for, because the product itself may be one of them.
        """
        for order in ("asc", "desc"):
            answer = await self._rest.get("products", {**ONLY_IDS, "per_page": "1", "order": order})
            with suppress(ShopProblem):
                if _page(answer, Cursor()).items:
                    return
        raise problem

    async def included(
        self, route: str, ids: Sequence[int], keep: Keep, asked: Mapping[str, str] | None = None
    ) -> dict[int, Body | Unreadable]:
        """Returns the existing items of up to 100 ids.

        What the list leaves out is requested alone: only that answer says that an item is deleted.
        """
        found: dict[int, Body | Unreadable] = {}
        for languages in ({}, ALL_LANGUAGES):
            left = [id_ for id_ in ids if id_ not in found]
            if len(left) > len(languages):  # one item is not worth a list
                for at in range(0, len(left), self._most):
                    part = left[at : at + self._most]
                    found |= await self._together(route, part, keep, {**(asked or {}), **languages})
        for id_ in ids:
            if id_ not in found and (item := await self._alone(route, id_, keep, asked)) is not None:
                found[id_] = item
        return {id_: found[id_] for id_ in ids if id_ in found}

    async def _together(
        self, route: str, ids: Sequence[int], keep: Keep, asked: Mapping[str, str]
    ) -> dict[int, Body | Unreadable]:
        """Returns the items that the list has of these ids; asks for fewer at a time if that is too much."""
        found: dict[int, Body | Unreadable] = {}
        cursor, seen = Cursor(), 0
        including = {**asked, "include": ",".join(map(str, ids))}
        while left := [id_ for id_ in ids if id_ not in found]:
            try:
                page = await self.page(route, cursor, including)
            except ShopSendsTooMuch as error:
                reason = str(error)  # nothing else is kept: the error holds what was read of the answer
                break
            except Fails as error:
                await self.check_others_answer(error)
                reason = FAILS
                break
            new = {id_of(item): item for item in page.items if id_of(item) in left}
            found |= keep(new, page.size)
            seen += len(page.items)
            is_last = page.next is None if page.total is None else seen >= page.total
            if not new or is_last:
                return found
            cursor = page.cursor.at(page.cursor.number + 1)
        else:
            return found
        if len(left) == 1:
            return {**found, left[0]: Unreadable(reason=reason)}
        half = len(left) // 2
        for part in (left[:half], left[half:]):
            found |= await self._together(route, part, keep, asked)
        return found

    async def _alone(
        self, route: str, id_: int, keep: Keep, asked: Mapping[str, str] | None
    ) -> Body | Unreadable | None:
        """Returns an item; None if it is deleted or in the trash."""
        try:
            answer = await self._rest.get(f"{route}/{id_}", asked)
            if answer.status != 200 and is_gone(answer):
                return None
            if is_hidden(answer):
                return Unreadable(reason=HIDDEN, is_hidden=True)
            item = read(answer)
            if not isinstance(item, dict) or id_of(item) != id_:
                raise ShopAnswersNonsense(
                    "The shop answers with something that is not the requested product."
                )
        except ShopSendsTooMuch as error:
            return Unreadable(reason=str(error))
        except Fails as error:
            await self.check_others_answer(error)
            return Unreadable(reason=FAILS)
        return None if is_trash(item) else keep({id_: item}, len(answer.body))[id_]


def _allowed_size(answer: Answer, asked: int) -> int | None:
    """Returns the size of pages to ask for instead; None if the shop does not refuse the size."""
    if answer.status != 400 or asked == 1 or "per_page" not in answer.parameters():
        return None
    named = [int(number) for number in _NUMBER.findall(answer.parameters()["per_page"])]
    return max((number for number in named if 1 < number < asked), default=asked // 2)


def _page(answer: Answer, cursor: Cursor) -> ListPage:
    is_behind_the_end = answer.status == 400 and answer.code().endswith("_invalid_page_number")
    items, unreadable = ([], ()) if is_behind_the_end else _items(read(answer))
    total, pages = answer.count("X-WP-Total"), answer.count("X-WP-TotalPages")
    if total is not None and len(items) > total:
        total = pages = None  # they count something else
    return ListPage(
        cursor=cursor,
        items=items,
        unreadable=unreadable,
        total=total,
        pages=pages,
        moment=answer.moment(),
        size=len(answer.body),
    )


def _items(body: object) -> tuple[list[Body], tuple[str, ...]]:
    """Returns the entries with readable ids, and a sentence about each other one; no more than a page has.

    PHP writes a list as an object with numbers as names once an entry was removed from it.
    """
    if isinstance(body, dict) and body and all(map(_POSITION.fullmatch, body)):
        body = list(body.values())
    if not isinstance(body, list):
        raise ShopAnswersNonsense("The shop answers with something that is not a list of products.")
    if len(body) > PER_PAGE:
        raise ShopAnswersNonsense(
            f"The shop answers with {len(body):,} products instead of the {PER_PAGE} of a page."
        )
    items = [item for item in body if isinstance(item, dict) and _has_id(item)]
    if body and not items:
        raise ShopAnswersNonsense("The shop answers with a list that has no product with a readable id.")
    return items, tuple(_unreadable(body))


def _has_id(item: Body) -> bool:
    try:
        identifier(item.get("id"))
    except ValueError:
        return False
    return True


def _unreadable(entries: Iterable[object]) -> Iterable[str]:
    for position, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            yield f"Entry {position} of the page is not a product."
        elif not _has_id(entry):
            yield f"Entry {position} of the page has no readable id."


def _together(cursor: Cursor, parts: Sequence[ListPage]) -> ListPage:
    """Returns a page that was read in smaller ones."""
    total = next((part.total for part in reversed(parts) if part.total is not None), None)
    return ListPage(
        cursor=cursor,
        items=[item for part in parts for item in part.items],
        unreadable=tuple(reason for part in parts for reason in part.unreadable),
        total=total,
        pages=None if total is None else ceil(total / cursor.size),
        moment=next((part.moment for part in parts if part.moment is not None), None),
        size=sum(part.size for part in parts),
    )
