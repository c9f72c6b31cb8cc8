"""The catalogue of a Shopify shop, read through its GraphQL Admin API."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connectors.base import Body as ShownBody
from connectors.base import Budget, ManifestEntry, ManifestPage, Unreadable, WholePage, whole_by_ids
from connectors.fields import Number, identifier
from connectors.fingerprint import fingerprint
from connectors.http.failures import shop_failure
from connectors.http.outbound import Outbound
from connectors.room import Parts, Room
from connectors.shopify.bodies import (
    Body,
    existing,
    fails_at_all,
    full,
    gid,
    is_page,
    light,
    number,
    page,
    total,
    without_null,
)
from connectors.shopify.errors import FAILS, Answer, NodeFails, NotAllowed
from connectors.shopify.graphql import GraphQL, Timing
from connectors.shopify.parse import external_id as spelled
from connectors.shopify.parse import parse
from connectors.shopify.queries import (
    CURRENCY,
    FIRST_MEDIA,
    FIRST_VARIANTS,
    MANIFEST,
    MANIFEST_SIZE,
    MORE_MEDIA,
    MORE_SIZE,
    MORE_VARIANTS,
    PRODUCTS,
    PRODUCTS_SIZE,
    Query,
)
from contracts.catalog import Product
from contracts.errors import InvalidField, ShopProblem, ShopSendsTooMuch
from contracts.events import EventType
from contracts.retry import Failure
from contracts.stores import ShopAccess

MOST_PRODUCTS = 100
MOST_NESTED = 2_048
"""Shopify allows as many variants of a product, and 250 media."""

_PRICE: TypeAdapter[Decimal | None] = TypeAdapter(Number)


def _product_id(external_id: str) -> int:
    try:
        return identifier(external_id.removeprefix("shopify_"))
    except ValueError as error:
        raise InvalidField("external_id", str(error)) from None


def _entry(node: Body) -> ManifestEntry:
    """Returns the list entry of a node; the id is always readable, so no product looks deleted."""
    return ManifestEntry(
        external_id=spelled(number(node, "Product")),
        fingerprint=fingerprint(node),
        read=partial(_product, node),
        with_facts=False,
    )


def _failing(node: Body) -> ManifestEntry:
    """Returns the list entry of a product at which the shop failed: it is requested by its id."""
    return ManifestEntry(
        external_id=spelled(number(node, "Product")), fingerprint="", read=lambda: None, with_facts=False
    )


def _product(node: Body) -> Product | None:
    try:
        product = parse(EventType.UPDATED, light(node))
        price = _PRICE.validate_python(_cheapest(node))
    except (InvalidField, ValidationError):
        return None
    if not isinstance(product, Product):
        return None
    return replace(product, facts=replace(product.facts, price=price))


def _cheapest(node: Body) -> object:
    prices = node.get("priceRangeV2")
    lowest = prices.get("minVariantPrice") if isinstance(prices, dict) else None
    return lowest.get("amount") if isinstance(lowest, dict) else None


def _unreadable(problem: ShopProblem) -> Unreadable:
    """Returns a product at which the shop fails, or with an answer that is too large."""
    is_only_this = isinstance(problem, NodeFails) and not problem.of_node
    return Unreadable(reason=FAILS if is_only_this else str(problem))


def _since(moment: datetime) -> str:
    """Returns a filter that includes the second itself, because Shopify's times have whole seconds."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return f"updated_at:>='{moment.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}'"


class ShopifyCatalogue:
    """Implements `connectors.base.Catalogue`.

    A list entry has the title, type, tags, vendor, options, status, version, link and lowest price of the
    full product. It has no images, stock, other prices and variants (`variation_ids` is None), but a change
    of these changes the version.
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(self._graphql.notices)

    async def product(
        self, external_id: str, *, deleted_ago: timedelta | None = None
    ) -> Mapping[str, Any] | None:
        """Returns the product; Shopify's API has no caches, so `deleted_ago` changes nothing."""
        found = next(iter((await self.fetch([external_id])).values()), None)
        if isinstance(found, Unreadable):
            raise ShopSendsTooMuch(found.reason)
        return found

    async def manifest(self, cursor: str | None, *, modified_after: datetime | None = None) -> ManifestPage:
        wanted = _since(modified_after) if modified_after else None
        answer = await self._listed(MANIFEST_SIZE, cursor, wanted)
        data, unknown = without_null(answer.data, "products")
        found = page(data, "products", most=MANIFEST_SIZE, after=cursor)
        places = (at for at in count() if at not in unknown)
        return ManifestPage(
            entries=tuple(
                _failing(node) if at in answer.failed else _entry(node)
                for at, node in zip(places, found.nodes, strict=False)
            ),
            next=found.next,
            total=total(data),
            moment=answer.moment,
            unreadable=tuple(f"Product {at + 1} of the page: {FAILS}" for at in sorted(unknown)),
        )

    async def whole(self, cursor: str | None) -> WholePage:
        return await whole_by_ids(self, cursor)

    async def fetch(self, external_ids: Sequence[str]) -> dict[str, ShownBody]:
        if len(external_ids) > MOST_PRODUCTS:
            raise ValueError(f"more than {MOST_PRODUCTS} products at a time")
        ids = list(dict.fromkeys(map(_product_id, external_ids)))
        room, found = Room(), dict[int, ShownBody]()
        for at in range(0, len(ids), PRODUCTS_SIZE):
            found |= await self._products(ids[at : at + PRODUCTS_SIZE], room)
        return {spelled(id_): body for id_, body in found.items()}

    def fingerprint(self, product: Mapping[str, Any]) -> None:
        """Returns None, because the list has other fields for prices and options than a full product."""

    async def currency(self) -> str | None:
        try:
            answer = await self._graphql.ask(CURRENCY)
        except NotAllowed:
            return None
        shop = answer.data.get("shop")
        code = shop.get("currencyCode") if isinstance(shop, dict) else None
        return code.upper() if isinstance(code, str) and code.isascii() and code.isalpha() else None

    async def _listed(self, first: int, after: str | None, wanted: str | None) -> Answer:
        """Returns a page of the list; a shorter one if the answer is too long or too expensive.

        A page on which the shop fails at some products, or at a single one, is returned with what it has.
        Raises ShopProblem if the app may see no product.
        """
        try:
            return await self._graphql.ask(MANIFEST, first=first, after=after, query=wanted)
        except ShopSendsTooMuch:
            if first == 1:
                raise
        except NodeFails as error:
            kept = error.partial
            if kept is not None and not is_page(kept.data, "products", most=first, after=after):
                kept = None
            is_whole = kept is not None and fails_at_all(kept.data, "products", kept.failed)
            if kept is not None and (first == 1 or not is_whole):
                return kept
            if first == 1 or (is_whole and error.is_denied):
                raise
        return await self._listed(first // 2, after, wanted)

    async def _products(self, ids: Sequence[int], room: Room) -> dict[int, ShownBody]:
        """Returns the existing products; asks for fewer at a time if that is too much."""
        try:
            answer = await self._graphql.ask(PRODUCTS, ids=[gid("Product", id_) for id_ in ids])
        except (ShopSendsTooMuch, NodeFails) as error:
            answer, problem = None, error
        if answer is None and len(ids) == 1 and isinstance(problem, NodeFails):
            answer = await self._again(ids[0])
        if answer is None:
            if len(ids) == 1:
                return {ids[0]: _unreadable(problem)}
            half = len(ids) // 2
            return await self._products(ids[:half], room) | await self._products(ids[half:], room)
        nodes = {number(node, "Product"): node for node in existing(answer.data, ids)}
        kept = room.keep(nodes, answer.size)
        shown = {id_: await self._shown(node, room) for id_, node in kept.items()}
        return {id_: body for id_, body in shown.items() if body is not None}

    async def _shown(self, node: Body | Unreadable, room: Room) -> ShownBody | None:
        """Returns a product, or why it is too large; None if it was deleted in the meantime."""
        if isinstance(node, Unreadable):
            return node
        try:
            return await self._whole(node, room)
        except ShopSendsTooMuch as error:
            return Unreadable(reason=str(error))
        except NodeFails as error:
            problem = error
        await self._check_others_answer(problem)
        return _unreadable(problem)

    async def _again(self, id_: int) -> Answer | None:
        """Returns the answer for one product that failed; None if it fails again and the shop does not."""
        try:
            return await self._graphql.ask(PRODUCTS, ids=[gid("Product", id_)])
        except NodeFails as error:
            problem = error
        await self._check_others_answer(problem)
        return None

    async def _check_others_answer(self, problem: NodeFails) -> None:
        """Raises ShopProblem if the shop fails as a whole, and not only at one product."""
        if not problem.of_node:
            await self.currency()

    async def _whole(self, node: Body, room: Room) -> Body | None:
        """Returns a product with all variants and images; None if it was deleted in the meantime."""
        parts = room.parts(node)
        variants = await self._all(node, "variants", MORE_VARIANTS, parts, first=FIRST_VARIANTS)
        media = await self._all(node, "media", MORE_MEDIA, parts, first=FIRST_MEDIA)
        if variants is None or media is None:
            return None
        room.take(parts)
        once = {number(variant, "ProductVariant"): variant for variant in variants}
        return full(node, once.values(), media)

    async def _all(
        self, node: Body, name: str, query: Query, parts: Parts, *, first: int
    ) -> list[Body] | None:
        """Returns all nodes of a connection; None if its product was deleted in the meantime."""
        found = page(node, name, most=first)
        nodes = list(found.nodes)
        for _ in range(MOST_NESTED // MORE_SIZE + 2):
            if not found.next:
                return nodes
            if len(nodes) > MOST_NESTED:
                break
            answer = await self._graphql.ask(query, id=node["id"], first=MORE_SIZE, after=found.next)
            parts.add(answer.size)
            product = answer.data.get("product", {})
            if product is None:
                return None
            found = page(product, name, most=MORE_SIZE, after=found.next)
            nodes += found.nodes
        raise ShopSendsTooMuch(f"The shop claims over {MOST_NESTED:,} {name} of the product.")


class ShopifyReader:
    """Implements `connectors.base.CatalogueReader`."""

    def __init__(self, timing: Timing | None = None) -> None:
        self._timing = timing

    @asynccontextmanager
    async def open(
        self, access: ShopAccess, outbound: Outbound, budget: Budget
    ) -> AsyncIterator[ShopifyCatalogue]:
        async with outbound.client() as client:
            yield ShopifyCatalogue(
                GraphQL(access, client, budget, plain_http=outbound.allow_private, timing=self._timing)
            )

    def failure(self, error: Exception) -> Failure:
        return shop_failure(error)
