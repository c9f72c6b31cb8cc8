"""What is kept of one page of products is bounded: large products beyond it are findings, others are read."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from connectors import room
from connectors.base import Body, Catalogue, Unreadable, fetch_all
from connectors.http import request as exchange
from connectors.http.outbound import Outbound
from connectors.room import CROWDED, Room
from connectors.shopify.catalogue import ShopifyReader
from connectors.shopify.graphql import Timing
from connectors.woocommerce.catalogue import WooCommerceReader
from contracts.errors import ShopSendsTooMuch
from fakes.shopify import ShopifyServer
from fakes.woocommerce import ShopServer

LONG = "x" * 30_000
OF_PAGE, OF_PRODUCT, ORDINARY = 100_000, 60_000, 10_000


@asynccontextmanager
async def any_time() -> AsyncIterator[None]:
    yield


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds of some kilobytes."""
    monkeypatch.setattr(room, "MOST_OF_PAGE", OF_PAGE)
    monkeypatch.setattr(room, "MOST_OF_PRODUCT", OF_PRODUCT)
    monkeypatch.setattr(room, "ORDINARY", ORDINARY)


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with ShopServer() as opened:
        yield opened


@pytest_asyncio.fixture
async def catalogue(shop: ShopServer, outbound: Outbound) -> AsyncIterator[Catalogue]:
    async with WooCommerceReader().open(shop.access(), outbound, any_time) as opened:
        yield opened


def unreadable(products: Mapping[str, Body]) -> dict[str, str]:
    return {id_: body.reason for id_, body in products.items() if isinstance(body, Unreadable)}


@pytest.mark.parametrize("largest_answer", [OF_PRODUCT, 8 * 2**20], ids=["many answers", "one answer"])
async def test_large_products_beyond_the_room_of_a_page_are_unreadable(
    shop: ShopServer, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, largest_answer: int
) -> None:
    """Small ones after them are read, and so is each of them alone."""
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", largest_answer)
    ids = [f"woo_{shop.add(description=LONG if number % 2 else '')}" for number in range(20)]
    products = await catalogue.fetch(ids)
    large = ids[1::2]
    assert list(products) == ids
    assert unreadable(products) == dict.fromkeys(large[-len(unreadable(products)) :], CROWDED)
    assert 7 <= len(unreadable(products)) <= 8
    for id_ in large:
        alone = await catalogue.product(id_)
        assert alone
        assert alone["description"] == LONG


async def test_a_page_that_is_read_at_once_has_the_same_room(shop: ShopServer, catalogue: Catalogue) -> None:
    """All its products are listed."""
    ids = [f"woo_{shop.add(description=LONG)}" for _ in range(5)]
    page = await catalogue.whole(None)
    assert list(page.listed) == list(page.products) == ids
    assert unreadable(page.products) == dict.fromkeys(ids[-2:], CROWDED)


async def test_a_list_that_is_read_in_parts_has_the_same_room(
    shop: ShopServer, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries beyond it have only their ids."""
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", OF_PRODUCT)
    terms = [{"id": number, "name": "x" * 100} for number in range(250)]
    ids = [f"woo_{shop.add(categories=terms)}" for _ in range(5)]
    page = await catalogue.manifest(None)
    assert list(page.listed) == ids
    assert [entry.read() is None for entry in page.entries] == [False, False, False, True, True]


async def test_variations_take_room_of_their_page(shop: ShopServer, catalogue: Catalogue) -> None:
    """The product after them is unreadable in this page, and a small product is read."""
    ids = [shop.add(variations=[{"description": "x" * 20_000}] * 2) for _ in range(3)]
    lamp = shop.add()
    names = [f"woo_{id_}" for id_ in (*ids, lamp)]
    for products in (await catalogue.fetch(names), (await catalogue.whole(None)).products):
        assert list(products) == names
        assert unreadable(products) == {names[2]: CROWDED}
    alone = await catalogue.product(names[2])
    assert alone
    assert len(alone["variations"]) == 2


@pytest.mark.parametrize("largest_answer", [25_000, 8 * 2**20], ids=["many answers", "one answer"])
async def test_a_product_with_large_variations_is_too_much(
    shop: ShopServer, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, largest_answer: int
) -> None:
    """No more of them are requested once that is clear."""
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", largest_answer)
    chair = f"woo_{shop.add(variations=[{'description': 'x' * 20_000}] * 50)}"
    lamp = f"woo_{shop.add()}"
    products = await catalogue.fetch([chair, lamp])
    assert list(unreadable(products)) == [chair]
    assert "its variations are above" in unreadable(products)[chair]
    assert len(shop.seen) < 20
    with pytest.raises(ShopSendsTooMuch, match="its variations are above"):
        await catalogue.product(chair)


def body(id_: int, variants: int, **fields: Any) -> dict[str, Any]:
    """Returns the body of a Shopify webhook."""
    options = [{"name": "Size", "position": 1, "values": [str(at) for at in range(variants)]}]
    return {
        "id": id_,
        "admin_graphql_api_id": f"gid://shopify/Product/{id_}",
        "title": "Shirt",
        "body_html": "",
        "handle": "shirt",
        "vendor": "Acme",
        "product_type": "Shirts",
        "tags": "",
        "status": "active",
        "published_at": "2026-03-01T05:00:00Z",
        "updated_at": "2026-03-05T15:15:10Z",
        "options": options,
        "images": [],
        "variants": [
            {
                "id": id_ + at,
                "admin_graphql_api_id": f"gid://shopify/ProductVariant/{id_ + at}",
                "title": "x" * 100,
                "price": "19.99",
                "compare_at_price": None,
                "sku": str(at),
                "inventory_quantity": 1,
                "inventory_policy": "deny",
                "inventory_management": "shopify",
                "option1": str(at),
                "option2": None,
                "option3": None,
                "updated_at": "2026-03-05T15:15:10Z",
            }
            for at in range(variants)
        ],
        **fields,
    }


async def test_shopify_products_have_the_same_room(outbound: Outbound) -> None:
    """For all requests of a fetch together, and for the variants of a product."""
    with ShopifyServer() as shop:
        large = [body(number * 10_000, 1, body_html=LONG) for number in range(1, 20)]
        shop.load(body(200_000, 1_000), *large, body(300_000, 1))
        ids = [f"shopify_{id_}" for id_ in shop.products]
        timing = Timing(now=shop.clock.now, sleep=shop.clock.sleep)
        async with ShopifyReader(timing).open(shop.access(), outbound, any_time) as catalogue:
            products = await fetch_all(catalogue, ids)
            assert list(products) == ids
            refused = unreadable(products)
            assert ids[0] in refused
            assert ids[-1] not in refused
            assert len(ids) - len(refused) in (3, 4), "two or three large ones and the small one"
            assert {refused[id_] for id_ in ids[4:-1]} == {CROWDED}
            assert await catalogue.product(ids[1]) is not None
            with pytest.raises(ShopSendsTooMuch, match="its variations are above"):
                await catalogue.product(ids[0])


def test_the_room_of_products_that_are_not_kept_is_free() -> None:
    """A product with too many variations takes no room for them."""
    page = Room()
    parts = page.parts({"id": 1})
    with pytest.raises(ShopSendsTooMuch):
        parts.add(OF_PAGE)
    assert page.keep({2: {"description": LONG}}, OF_PAGE) == {2: {"description": LONG}}
