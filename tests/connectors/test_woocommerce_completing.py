"""A product that is read through the REST API has the shop's units, and the names of a set's products."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from connectors.base import Unreadable
from connectors.http.outbound import Outbound
from connectors.woocommerce.catalogue import WooCommerceCatalogue, WooCommerceReader
from connectors.woocommerce.parse import parse
from contracts.catalog import Product
from contracts.events import EventType
from contracts.products.details import Details, Dimensions, Part, Weight
from fakes.woocommerce import ShopServer
from tests.connectors.test_woocommerce_catalogue import Turns


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with ShopServer() as opened:
        yield opened


@asynccontextmanager
async def opened(
    reader: WooCommerceReader, shop: ShopServer, outbound: Outbound
) -> AsyncIterator[WooCommerceCatalogue]:
    async with reader.open(shop.access(), outbound, Turns()) as catalogue:
        yield catalogue


async def read(catalogue: WooCommerceCatalogue, id_: int) -> Product:
    body = (await catalogue.fetch([f"woo_{id_}"]))[f"woo_{id_}"]
    assert not isinstance(body, Unreadable)
    change = parse(EventType.UPDATED, body)
    assert isinstance(change, Product)
    return change


async def test_measures_have_the_units_of_the_shop(shop: ShopServer, outbound: Outbound) -> None:
    """Products and variations; they are asked for once an hour, and only for products with measures."""
    lamp = shop.add(
        weight="1.5", dimensions={"length": "10", "width": "", "height": ""}, variations=[{"weight": "2"}]
    )
    plain = shop.add(weight="", dimensions={"length": "", "width": "", "height": ""})
    reader = WooCommerceReader()
    async with opened(reader, shop, outbound) as catalogue:
        assert (await read(catalogue, plain)).details.weight is None
        assert not [route for route in shop.routes if "settings" in route]
        whole = await read(catalogue, lamp)
    assert whole.details.weight == Weight(value=Decimal("1.5"), unit="kg")
    assert whole.details.dimensions == Dimensions(length=Decimal(10), unit="cm")
    assert whole.variations[0].details.weight == Weight(value=Decimal(2), unit="kg")
    shop.units = {"weight": "g", "dimension": "m"}
    async with opened(reader, shop, outbound) as catalogue:
        assert (await read(catalogue, lamp)).details.weight == Weight(value=Decimal("1.5"), unit="kg")


async def test_a_key_that_may_not_read_settings(shop: ShopServer, outbound: Outbound) -> None:
    """The measures are known without a unit."""
    lamp = shop.add(weight="1.5")
    shop.may_manage = False
    async with opened(WooCommerceReader(), shop, outbound) as catalogue:
        assert (await read(catalogue, lamp)).details.weight == Weight(value=Decimal("1.5"))


async def test_the_products_of_a_set_have_their_names(shop: ShopServer, outbound: Outbound) -> None:
    """What visitors do not see is left out; what the key may not see has no name."""
    cup, draft, hidden = shop.add(name="فنجان"), shop.add(status="draft"), shop.add()
    tea_set = shop.add(type="grouped", grouped_products=[cup, draft, hidden])
    shop.hidden.add(hidden)
    async with opened(WooCommerceReader(), shop, outbound) as catalogue:
        details = (await read(catalogue, tea_set)).details
    assert details == Details(
        grouped_children=(Part(external_id=f"woo_{cup}", name="فنجان"), Part(external_id=f"woo_{hidden}"))
    )
