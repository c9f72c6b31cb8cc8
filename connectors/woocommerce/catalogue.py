"""The catalogue of a WooCommerce shop, read through its REST API."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx2

from connectors.base import Body as ShownBody
from connectors.base import Budget, ManifestEntry, ManifestPage, Unreadable, WholePage, whole_by_ids
from connectors.fields import identifier
from connectors.fingerprint import fingerprint
from connectors.http.failures import shop_failure
from connectors.http.outbound import Outbound
from connectors.room import Parts, Room
from connectors.woocommerce.categories import CategoryTree
from connectors.woocommerce.category_list import read_categories
from connectors.woocommerce.errors import Answer, is_gone, is_refused, problem
from connectors.woocommerce.parse import external_id as spelled
from connectors.woocommerce.parse import parse
from connectors.woocommerce.queries import IN_ORDER, MANIFEST_FIELDS, PER_PAGE
from connectors.woocommerce.rest import Rest
from connectors.woocommerce.webhooks import WooCommerceWebhooks
from contracts.bounds import VARIATIONS
from contracts.catalog import Category, Product
from contracts.errors import InvalidField, ShopAnswersNonsense, ShopHides, ShopSendsTooMuch
from contracts.events import EventType
from contracts.retry import Failure
from contracts.stores import ShopAccess

Body = dict[str, Any]

Keep = Callable[[Mapping[int, Body], int], dict[int, Body | Unreadable]]
"""Returns what is kept of the items of an answer of this many bytes."""


def number(external_id: str) -> int:
    """Returns a product's id in the shop for our external id; raises InvalidField."""
    try:
        return identifier(external_id.removeprefix("woo_"))
    except ValueError as error:
        raise InvalidField("external_id", str(error)) from None


def _read(answer: Answer) -> Any:
    if answer.status != 200:
        raise problem(answer)
    return answer.json()


def _list(answer: Answer) -> list[Body]:
    """Returns a list of objects with ids, no more than a page has; raises ShopAnswersNonsense."""
    body = _read(answer)
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        raise ShopAnswersNonsense("The shop answers with something that is not a list of products.")
    if len(body) > PER_PAGE:
        raise ShopAnswersNonsense(
            f"The shop answers with {len(body):,} products instead of the {PER_PAGE} of a page."
        )
    for item in body:
        _id(item)
    return body


def _id(item: Body) -> int:
    try:
        return identifier(item.get("id"))
    except ValueError:
        raise ShopAnswersNonsense("The shop answers with a product without an id.") from None


def _entry(item: Body) -> ManifestEntry:
    """Returns the list entry of an item; the id is always readable, so no product looks deleted."""
    return ManifestEntry(
        external_id=spelled(_id(item)), fingerprint=fingerprint(_sorted(item)), read=partial(_product, item)
    )


def _sorted(entry: Body) -> Body:
    """Returns an entry with its variations sorted; the list has them in the shop's display order."""
    variations = entry.get("variations")
    if isinstance(variations, list) and len(variations) > 1:
        return {**entry, "variations": sorted(variations, key=str)}
    return entry


def _is_trash(item: Body | Unreadable) -> bool:
    return not isinstance(item, Unreadable) and item.get("status") == "trash"


def _check_variations(claimed: int) -> None:
    if claimed > VARIATIONS:
        raise ShopSendsTooMuch(f"The shop claims over {VARIATIONS:,} variations of the product.")


def _product(item: Body) -> Product | None:
    try:
        product = parse(EventType.UPDATED, item)
    except InvalidField:
        return None
    return product if isinstance(product, Product) else None


def _bare(moment: datetime) -> str:
    """Returns a UTC time without its zone: with a zone, WordPress shifts it by the shop's offset."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()


class WooCommerceCatalogue:
    """Implements `connectors.base.Catalogue` and `KeepsWebhooks`."""

    def __init__(self, access: ShopAccess, client: httpx2.AsyncClient, budget: Budget) -> None:
        self._rest = Rest(access, client, budget)
        self.webhooks = WooCommerceWebhooks(self._rest)
        self._tree = CategoryTree()

    async def categories(self) -> Sequence[Category] | None:
        return await read_categories(self._rest)

    def place_categories(self, categories: Sequence[Category]) -> None:
        self._tree = CategoryTree(categories)

    async def product(self, external_id: str) -> Mapping[str, Any] | None:
        id_ = number(external_id)
        answer = await self._rest.get(f"products/{id_}")
        if answer.status != 200 and is_gone(answer):
            return None
        if answer.status == 403 and answer.code() == "woocommerce_rest_cannot_view":
            raise ShopHides("The user of the consumer key may not see this product.")
        product = _read(answer)
        if not isinstance(product, dict) or _id(product) != id_:
            raise ShopAnswersNonsense("The shop answers with something that is not the requested product.")
        if product.get("status") == "trash":
            return None
        return self._tree.placed(await self._whole(product, Room()))

    async def manifest(self, cursor: str | None, *, modified_after: datetime | None = None) -> ManifestPage:
        page = int(cursor or "1")
        asked = {**IN_ORDER, "page": str(page), "_fields": ",".join(MANIFEST_FIELDS)}
        if modified_after is not None:
            asked |= {"modified_after": _bare(modified_after), "dates_are_gmt": "true"}
        entries: tuple[ManifestEntry, ...] | None = None
        with suppress(ShopSendsTooMuch):
            answer = await self._rest.get("products", asked)
            entries = tuple(_entry(self._tree.placed(item)) for item in _list(answer))
        if entries is None:
            answer = await self._rest.get("products", {**asked, "_fields": "id"})
            entries = await self._entries([_id(item) for item in _list(answer)])
        pages = answer.number("X-WP-TotalPages")
        return ManifestPage(
            entries=entries,
            next=str(page + 1) if page < pages else None,
            total=answer.number("X-WP-Total"),
            moment=answer.moment(),
            numbered=pages,
        )

    async def whole(self, cursor: str | None) -> WholePage:
        page = int(cursor or "1")
        found: list[Body] | None = None
        with suppress(ShopSendsTooMuch):
            answer = await self._rest.get("products", {**IN_ORDER, "page": str(page)})
            found = _list(answer)
        if found is None:
            return await whole_by_ids(self, cursor)
        pages, room = answer.number("X-WP-TotalPages"), Room()
        kept = room.keep({_id(item): item for item in found}, len(answer.body))
        return WholePage(
            listed=tuple(spelled(_id(item)) for item in found),
            products={spelled(id_): await self._shown(item, room) for id_, item in kept.items()},
            next=str(page + 1) if page < pages else None,
            total=answer.number("X-WP-Total"),
            moment=answer.moment(),
            numbered=pages,
        )

    async def fetch(self, external_ids: Sequence[str]) -> dict[str, ShownBody]:
        if len(external_ids) > PER_PAGE:
            raise ValueError(f"more than {PER_PAGE} products at a time")
        room, ids = Room(), [number(external_id) for external_id in external_ids]
        found = await self._included("products", ids, room.keep)
        return {
            spelled(id_): await self._shown(item, room) for id_, item in found.items() if not _is_trash(item)
        }

    def fingerprint(self, product: Mapping[str, Any]) -> str:
        entry = {name: product[name] for name in MANIFEST_FIELDS if name in product}
        variations = product.get("variations")
        if isinstance(variations, list):
            entry["variations"] = [item.get("id") if isinstance(item, dict) else item for item in variations]
        return fingerprint(_sorted(entry))

    async def currency(self) -> str | None:
        answer = await self._rest.get("data/currencies/current")
        if is_refused(answer) or answer.status == 404:
            return None
        body = _read(answer)
        code = body.get("code") if isinstance(body, dict) else None
        return code.upper() if isinstance(code, str) and code.isascii() and code.isalpha() else None

    async def _entries(self, ids: Sequence[int]) -> tuple[ManifestEntry, ...]:
        """Returns the list entries of a page that is too large, which are requested by id."""
        found = await self._included("products", ids, Room().keep, _fields=",".join(MANIFEST_FIELDS))
        return tuple(
            ManifestEntry(external_id=spelled(id_), fingerprint="", read=lambda: None)
            if isinstance(item, Unreadable)
            else _entry(self._tree.placed(item))
            for id_, item in found.items()
        )

    async def _included(
        self, route: str, ids: Sequence[int], keep: Keep, **asked: str
    ) -> dict[int, Body | Unreadable]:
        """Returns the existing items of up to 100 ids; asks for fewer at a time if that is too much."""
        if not ids:
            return {}
        including = {**IN_ORDER, "include": ",".join(map(str, ids)), **asked}
        wanted = set(ids)
        try:
            items, size = await self._items(route, including)
        except ShopSendsTooMuch as error:
            reason = str(error)  # nothing else is kept: the error holds what was read of the answer
        else:
            return keep({id_: item for id_, item in items.items() if id_ in wanted}, size)
        if len(ids) == 1:
            return {ids[0]: Unreadable(reason=reason)}
        half = len(ids) // 2
        earlier = await self._included(route, ids[:half], keep, **asked)
        return earlier | await self._included(route, ids[half:], keep, **asked)

    async def _items(self, route: str, asked: Mapping[str, str]) -> tuple[dict[int, Body], int]:
        """Returns the items of an answer by id, and its size in bytes."""
        answer = await self._rest.get(route, asked)
        return {_id(item): item for item in _list(answer)}, len(answer.body)

    async def _shown(self, product: Body | Unreadable, room: Room) -> ShownBody:
        """Returns a product with full variations, or why that is too large."""
        if isinstance(product, Unreadable):
            return product
        try:
            return self._tree.placed(await self._whole(product, room))
        except ShopSendsTooMuch as error:
            return Unreadable(reason=str(error))

    async def _whole(self, product: Body, room: Room) -> Body:
        """Returns a product, which is kept in the room, with full variations instead of their ids."""
        ids = product.get("variations")
        if not isinstance(ids, list) or not (ids or str(product.get("type")).startswith("variable")):
            return product
        parts = room.parts(product)
        variations = await self._variations(_id(product), ids, parts)
        room.take(parts)
        return {**product, "variations": variations}

    async def _variations(self, product: int, ids: Sequence[object], parts: Parts) -> list[Body]:
        """Returns all variations; fetches by id any that moved to another page or make a page too large."""
        route, found, page, pages = f"products/{product}/variations", dict[int, Body](), 1, 1
        _check_variations(len(ids))
        while page <= pages:
            try:
                answer = await self._rest.get(route, {**IN_ORDER, "page": str(page)})
                items = _list(answer)
            except ShopSendsTooMuch:
                break
            parts.add(len(answer.body))
            found |= {_id(item): item for item in items}
            page, pages = page + 1, answer.number("X-WP-TotalPages")
            _check_variations((pages - 1) * PER_PAGE)
        missing = [id_ for id_ in ids if isinstance(id_, int) and id_ not in found]
        for at in range(0, len(missing), PER_PAGE):
            asked = missing[at : at + PER_PAGE]
            for id_, item in (await self._included(route, asked, parts.keep)).items():
                if isinstance(item, Unreadable):
                    raise ShopSendsTooMuch(item.reason)
                found[id_] = item
        return [found[id_] for id_ in sorted(found) if not _is_trash(found[id_])]


class WooCommerceReader:
    """Implements `connectors.base.CatalogueReader`."""

    @asynccontextmanager
    async def open(
        self, access: ShopAccess, outbound: Outbound, budget: Budget
    ) -> AsyncIterator[WooCommerceCatalogue]:
        async with outbound.client() as client:
            yield WooCommerceCatalogue(access, client, budget)

    def failure(self, error: Exception) -> Failure:
        return shop_failure(error)
