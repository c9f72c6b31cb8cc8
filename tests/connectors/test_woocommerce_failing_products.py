"""PHP fails at one product of a WooCommerce shop: the others are known, unless the shop fails as a whole."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Body, Unreadable
from connectors.http.outbound import Outbound
from connectors.woocommerce.catalogue import WooCommerceCatalogue, WooCommerceReader
from connectors.woocommerce.cursors import Cursor
from connectors.woocommerce.lists import FAILS
from contracts.errors import ShopDown
from fakes.woocommerce import server_error
from fakes.woocommerce_quirks import QuirkyShop


@asynccontextmanager
async def no_limit() -> AsyncIterator[None]:
    yield


@pytest.fixture
def shop() -> Iterator[QuirkyShop]:
    with QuirkyShop() as opened:
        yield opened


@pytest.fixture
async def catalogue(shop: QuirkyShop) -> AsyncIterator[WooCommerceCatalogue]:
    outbound = Outbound(allow_private=True)
    async with WooCommerceReader().open(shop.access(), outbound, no_limit) as opened:
        yield opened
    outbound.close()


def reasons(found: dict[str, Body]) -> dict[str, str]:
    return {id_: body.reason for id_, body in found.items() if isinstance(body, Unreadable)}


@pytest.mark.parametrize("place", [0, 6, 19])
async def test_one_failing_product_is_unreadable(
    shop: QuirkyShop, catalogue: WooCommerceCatalogue, place: int
) -> None:
    """Also the first and the last of the shop, in each way of reading it."""
    ids = [shop.add() for _ in range(20)]
    names, bad = [f"woo_{id_}" for id_ in ids], f"woo_{ids[place]}"
    shop.broken = {ids[place]}
    found = await catalogue.fetch(names)
    assert (list(found), reasons(found)) == (names, {bad: FAILS})
    assert reasons(await catalogue.fetch([bad])) == {bad: FAILS}
    listed = await catalogue.manifest(None)
    assert (sorted(listed.listed), listed.unreadable, listed.total) == (sorted(names), (), 20)
    assert [entry.external_id for entry in listed.entries if not entry.fingerprint] == [bad]
    whole = await catalogue.whole(None)
    assert sorted(whole.listed) == sorted(names)
    assert reasons(dict(whole.products)) == {bad: FAILS}


@pytest.mark.parametrize("refuses_above", [None, 10])
async def test_a_product_that_cannot_even_be_listed_has_a_sentence(
    shop: QuirkyShop, catalogue: WooCommerceCatalogue, refuses_above: int | None
) -> None:
    """Its id is not known; each other product is listed once."""
    ids = [shop.add() for _ in range(30)]
    shop.broken, shop.breaks_ids, shop.refuses_above = {ids[6]}, True, refuses_above
    listed, sentences, cursor = list[str](), list[str](), None
    while True:
        page = await catalogue.manifest(cursor)
        assert (page.total, page.numbered and page.numbered.lacking) == (30, len(page.unreadable))
        listed, sentences, cursor = [*listed, *page.listed], [*sentences, *page.unreadable], page.next
        if cursor is None:
            break
    assert listed == [f"woo_{id_}" for id_ in ids if id_ != ids[6]]
    assert sentences == ["The shop fails while it lists a product (HTTP 500), number 7 from the beginning."]


async def test_a_failing_list_of_variations_is_of_one_product(
    shop: QuirkyShop, catalogue: WooCommerceCatalogue
) -> None:
    """The other products are shown with theirs."""
    first, second = (shop.add(type="variable") for _ in range(2))
    for parent in (first, second):
        shop.add_variation(parent)
    shop.broken_lists = {first}
    found = await catalogue.fetch([f"woo_{first}", f"woo_{second}"])
    assert reasons(found) == {f"woo_{first}": FAILS}
    assert reasons(dict((await catalogue.whole(None)).products)) == {f"woo_{first}": FAILS}
    with pytest.raises(ShopDown, match="HTTP 500"):
        await catalogue.product(f"woo_{first}")


async def test_a_shop_that_fails_as_a_whole_is_down(
    shop: QuirkyShop, catalogue: WooCommerceCatalogue
) -> None:
    """No product is called unreadable, and few requests are made."""
    ids = [f"woo_{shop.add()}" for _ in range(20)]
    shop.fail_always(server_error())
    for read in (
        lambda: catalogue.fetch(ids),
        lambda: catalogue.fetch(ids[:1]),
        lambda: catalogue.manifest(None),
        lambda: catalogue.whole(None),
    ):
        before = len(shop.seen)
        with pytest.raises(ShopDown, match="HTTP 500"):
            await read()
        assert len(shop.seen) - before <= 6
    shop.fail_always(None)
    assert reasons(await catalogue.fetch(ids)) == {}


@pytest.mark.parametrize(("refuses_above", "as_object"), [(50, False), (7, False), (None, True), (50, True)])
async def test_categories_are_read_as_products_are(
    shop: QuirkyShop,
    catalogue: WooCommerceCatalogue,
    refuses_above: int | None,
    as_object: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """In pages of the size that the shop allows, and from objects."""
    top = shop.add_category("top")
    for number in range(120):
        shop.add_category(f"c{number}", top["id"])
    shop.refuses_above, shop.as_object = refuses_above, as_object
    found = await catalogue.categories()
    assert found is not None
    assert len({category.id for category in found}) == 121
    assert {category.parent for category in found} == {0, top["id"]}


@given(st.integers(1, 9_999), st.integers(2, 100), st.booleans())
def test_the_parts_of_a_page_have_its_products(number: int, size: int, is_second: bool) -> None:  # noqa: FBT001 - drawn
    """In order, in smaller pages of one size."""
    parts = Cursor(number, size, is_second=is_second).parts()
    places = [part.size * (part.number - 1) + at for part in parts for at in range(part.size)]
    assert places == list(range((number - 1) * size, number * size))
    assert {(part.size < size, part.is_second) for part in parts} == {(True, is_second)}
