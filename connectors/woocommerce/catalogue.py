"""The catalogue of a WooCommerce shop, read through its REST API."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Any

from connectors.base import Body as ShownBody
from connectors.base import Budget, ManifestEntry, ManifestPage, Unreadable, WholePage, whole_by_ids
from connectors.fields import identifier
from connectors.fingerprint import fingerprint
from connectors.http.failures import shop_failure
from connectors.http.outbound import Outbound
from connectors.room import Parts, Room
from connectors.woocommerce.completing import Completing, KnownUnits
from connectors.woocommerce.cursors import Cursor
from connectors.woocommerce.entrances import Entrances
from connectors.woocommerce.errors import Fails, is_gone, is_hidden, is_refused
from connectors.woocommerce.fields.categories import CategoryTree
from connectors.woocommerce.fields.categories import listed as readable_categories
from connectors.woocommerce.lists import FAILS, Body, ListPage, Lists, id_of, is_trash, read
from connectors.woocommerce.parse import external_id as spelled
from connectors.woocommerce.parse import parse
from connectors.woocommerce.queries import MANIFEST_FIELDS, PER_PAGE
from connectors.woocommerce.rest import Rest
from connectors.woocommerce.webhooks import WooCommerceWebhooks
from contracts.bounds import VARIATIONS
from contracts.catalog import Category, Product
from contracts.errors import InvalidField, ShopAnswersNonsense, ShopHides, ShopRefuses, ShopSendsTooMuch
from contracts.events import EventType
from contracts.retry import Failure
from contracts.stores import ShopAccess

MOST_CATEGORY_PAGES = 100
"""A shop with more than 10,000 categories is read without their parents."""

PAST_CACHES = "nocache"
"""A parameter without a meaning: caches have no answer to a request that no one made before."""


def number(external_id: str) -> int:
    """Returns a product's id in the shop for our external id; raises InvalidField."""
    try:
        return identifier(external_id.removeprefix("woo_"))
    except ValueError as error:
        raise InvalidField("external_id", str(error)) from None


def _entry(item: Body) -> ManifestEntry:
    """Returns the list entry of an item; the id is always readable, so no product looks deleted."""
    return ManifestEntry(
        external_id=spelled(id_of(item)), fingerprint=fingerprint(_sorted(item)), read=partial(_product, item)
    )


def _sorted(entry: Body) -> Body:
    """Returns an entry with its variations sorted; the list has them in the shop's display order."""
    variations = entry.get("variations")
    if isinstance(variations, list) and len(variations) > 1:
        return {**entry, "variations": sorted(variations, key=str)}
    return entry


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


async def _categories(lists: Lists) -> list[Category] | None:
    """Returns all categories; None if the shop does not show them or has too many. Raises ShopDown."""
    found: dict[int, Category] = {}
    cursor = Cursor()
    for _ in range(MOST_CATEGORY_PAGES):
        try:
            page = await lists.page("products/categories", cursor, {"_fields": "id,name,parent"})
        except (ShopAnswersNonsense, ShopRefuses):
            return None
        readable = readable_categories(page.items)
        if page.items and not readable:
            return None
        new = {category.id: category for category in readable if category.id not in found}
        found |= new
        if not new or page.next is None:
            return list(found.values())
        cursor = Cursor.parse(page.next)
    return None


class WooCommerceCatalogue:
    """Implements `connectors.base.Catalogue` and `KeepsWebhooks`."""

    def __init__(self, rest: Rest, completing: Completing) -> None:
        self._rest = rest
        self._completing = completing
        self._lists = Lists(rest)
        self.webhooks = WooCommerceWebhooks(self._rest)
        self._tree = CategoryTree()

    async def categories(self) -> Sequence[Category] | None:
        return await _categories(Lists(self._rest))

    def place_categories(self, categories: Sequence[Category]) -> None:
        self._tree = CategoryTree(categories)

    async def product(
        self, external_id: str, *, deleted_ago: timedelta | None = None
    ) -> Mapping[str, Any] | None:
        id_ = number(external_id)
        answer = await self._rest.get(f"products/{id_}")
        if answer.status == 200 and deleted_ago is not None:
            answer = await self._rest.get(f"products/{id_}", {PAST_CACHES: token_hex(8)})
            if answer.status == 200 and answer.is_older_than(deleted_ago):
                return None
        if answer.status != 200 and is_gone(answer):
            return None
        if answer.status == 403 and is_hidden(answer):
            raise ShopHides("The user of the consumer key may not see this product.")
        product = read(answer)
        if not isinstance(product, dict) or id_of(product) != id_:
            raise ShopAnswersNonsense("The shop answers with something that is not the requested product.")
        if product.get("status") == "trash":
            return None
        whole = self._tree.placed(await self._completing.completed(await self._whole(product, Room())))
        return whole if deleted_ago is None else _without_others(whole, product.get("variations"))

    async def manifest(self, cursor: str | None, *, modified_after: datetime | None = None) -> ManifestPage:
        at, asked = Cursor.parse(cursor), {"_fields": ",".join(MANIFEST_FIELDS)}
        if modified_after is not None:
            asked |= {"modified_after": _bare(modified_after), "dates_are_gmt": "true"}
        entries: tuple[ManifestEntry, ...] | None = None
        with suppress(ShopSendsTooMuch, Fails):
            page = await self._lists.page("products", at, asked)
            entries = tuple(_entry(self._tree.placed(item)) for item in page.items)
        if entries is None:
            page = await self._lists.ids(at, asked)
            entries = await self._entries(page.ids)
        return ManifestPage(
            entries=entries,
            next=page.next,
            total=page.total,
            moment=page.moment,
            numbered=page.numbered(),
            unreadable=page.unreadable,
        )

    async def whole(self, cursor: str | None) -> WholePage:
        page: ListPage | None = None
        with suppress(ShopSendsTooMuch, Fails):
            page = await self._lists.page("products", Cursor.parse(cursor))
        if page is None:
            return await whole_by_ids(self, cursor)
        room = Room()
        kept = room.keep({id_of(item): item for item in page.items}, page.size)
        return WholePage(
            listed=tuple(map(spelled, page.ids)),
            products={spelled(id_): await self._shown(item, room) for id_, item in kept.items()},
            next=page.next,
            total=page.total,
            moment=page.moment,
            numbered=page.numbered(),
            unreadable=page.unreadable,
        )

    async def fetch(self, external_ids: Sequence[str]) -> dict[str, ShownBody]:
        if len(external_ids) > PER_PAGE:
            raise ValueError(f"more than {PER_PAGE} products at a time")
        room, ids = Room(), [number(external_id) for external_id in external_ids]
        found = await self._lists.included("products", ids, room.keep)
        return {
            spelled(id_): await self._shown(item, room) for id_, item in found.items() if not is_trash(item)
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
        body = read(answer)
        code = body.get("code") if isinstance(body, dict) else None
        return code.upper() if isinstance(code, str) and code.isascii() and code.isalpha() else None

    async def _entries(self, ids: Sequence[int]) -> tuple[ManifestEntry, ...]:
        """Returns the list entries of a page that is too large, which are requested by id."""
        fields = {"_fields": ",".join(MANIFEST_FIELDS)}
        found = await self._lists.included("products", ids, Room().keep, fields)
        return tuple(
            ManifestEntry(external_id=spelled(id_), fingerprint="", read=lambda: None)
            if isinstance(item, Unreadable)
            else _entry(self._tree.placed(item))
            for id_, item in found.items()
            if not is_trash(item)
        )

    async def _shown(self, product: Body | Unreadable, room: Room) -> ShownBody:
        """Returns a product with full variations, or why these cannot be read."""
        if isinstance(product, Unreadable):
            return product
        try:
            return self._tree.placed(await self._completing.completed(await self._whole(product, room)))
        except ShopSendsTooMuch as error:
            return Unreadable(reason=str(error))
        except Fails as error:
            await self._lists.check_others_answer(error)
            return Unreadable(reason=FAILS)

    async def _whole(self, product: Body, room: Room) -> Body:
        """Returns a product, which is kept in the room, with full variations instead of their ids."""
        ids = product.get("variations")
        if not isinstance(ids, list) or not (ids or str(product.get("type")).startswith("variable")):
            return product
        parts = room.parts(product)
        variations = await self._variations(id_of(product), ids, parts)
        room.take(parts)
        return {**product, "variations": variations}

    async def _variations(self, product: int, ids: Sequence[object], parts: Parts) -> list[Body]:
        """Returns all variations; fetches by id any that moved to another page or make a page too large."""
        route, found = f"products/{product}/variations", dict[int, Body]()
        cursor: str | None = str(Cursor())
        _check_variations(len(ids))
        while cursor:
            try:
                page = await self._lists.page(route, Cursor.parse(cursor))
            except ShopSendsTooMuch:
                break
            parts.add(page.size)
            new = [item for item in page.items if id_of(item) not in found]
            found |= {id_of(item): item for item in new}
            cursor = page.next if new else None
            _check_variations(max(len(found), ((page.pages or 1) - 1) * page.cursor.size))
        missing = [id_ for id_ in ids if isinstance(id_, int) and id_ not in found]
        for at in range(0, len(missing), PER_PAGE):
            asked = missing[at : at + PER_PAGE]
            for id_, item in (await self._lists.included(route, asked, parts.keep)).items():
                if not isinstance(item, Unreadable):
                    found[id_] = item
                elif not item.is_hidden:
                    raise ShopSendsTooMuch(item.reason)
        return [found[id_] for id_ in sorted(found) if not is_trash(found[id_])]


def _without_others(product: Body, ids: object) -> Body:
    """Returns a product with only these variations: their list may be a copy that a cache made earlier."""
    variations = product.get("variations")
    if not isinstance(variations, list) or not isinstance(ids, list):
        return product
    kept = [item for item in variations if not isinstance(item, dict) or item.get("id") in ids]
    return {**product, "variations": kept}


class WooCommerceReader:
    """Implements `connectors.base.CatalogueReader`."""

    def __init__(self) -> None:
        self._entrances = Entrances()
        self._units = KnownUnits()

    @asynccontextmanager
    async def open(
        self, access: ShopAccess, outbound: Outbound, budget: Budget
    ) -> AsyncIterator[WooCommerceCatalogue]:
        async with outbound.client() as client:
            rest = Rest(access, client, budget, self._entrances)
            yield WooCommerceCatalogue(rest, Completing(rest, access.base_url, self._units))

    def failure(self, error: Exception) -> Failure:
        return shop_failure(error)
