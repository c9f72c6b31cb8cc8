"""Products and their variations, each with its own order of changes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import System, running

COLOUR = "ارغوانی"


def product(**changes: Any) -> dict[str, Any]:
    return {"id": 9, "name": "قهوه‌ساز خانگی", "price": "80", **changes}


def inside(**changes: Any) -> dict[str, Any]:
    """A variation as a product carries it."""
    return {"id": 91, "price": "80", "attributes": [{"name": "رنگ", "option": COLOUR}], **changes}


def alone(**changes: Any) -> dict[str, Any]:
    """A variation as an event of its own."""
    return inside(type="variation", parent_id=9, **changes)


async def text_of(shop: Shop) -> str:
    return " ".join(chunk["text"] for chunk in await shop.chunks(9))


async def test_a_variation_that_is_sent_twice_holds_nothing_up(shop: Shop) -> None:
    """Events of a product's variations may arrive first."""
    assert await shop.sync(product(variations=[inside(price="90"), inside()])) == "succeeded"
    assert COLOUR in await text_of(shop)


async def test_a_variation_without_a_time_is_as_old_as_its_product(shop: Shop) -> None:
    """A shop with a slow clock may change it a minute later by that clock."""
    behind = datetime.now(UTC) - timedelta(minutes=5)
    await shop.sync(product(variations=[inside()], date_modified_gmt=f"{behind:%FT%T}"))
    later = f"{behind + timedelta(minutes=1):%FT%T}"
    repainted = alone(attributes=[{"name": "رنگ", "option": "نیلی"}], date_modified_gmt=later)
    assert await shop.sync(repainted) == "succeeded"
    assert "نیلی" in await text_of(shop)
    earlier = f"{behind - timedelta(minutes=1):%FT%T}"
    assert await shop.sync(alone(date_modified_gmt=earlier)) == "stale"


async def test_a_disabled_variation_is_in_no_text(shop: Shop) -> None:
    """WooCommerce still lists it among its product's variations."""
    await shop.sync(product(variations=[inside(status="private")]))
    assert COLOUR not in await text_of(shop)
    await shop.sync(alone())
    assert COLOUR not in await text_of(shop), "a missing status shows nothing"
    await shop.sync(alone(status="publish"))
    assert COLOUR in await text_of(shop)
    await shop.sync(alone(status="private"))
    await shop.sync(product(variations=[91], description="<p>متنی تازه</p>"))
    assert COLOUR not in await text_of(shop)


async def test_a_deleted_variation_comes_back_with_its_product(shop: Shop) -> None:
    """Restoring a product from the trash sends nothing of its variations but their ids."""
    await shop.sync(product(variations=[inside()]))
    await shop.sync({"id": 91}, "product.deleted")
    await shop.sync({"id": 9}, "product.deleted")
    await shop.sync(product(variations=[91]), "product.restored")
    assert COLOUR in await text_of(shop)


async def test_a_late_product_does_not_bring_back_the_price_of_before(shop: Shop) -> None:
    """Its price is the lowest of its variations, and one of them has changed since."""

    async def price() -> object:
        stored = await shop.product(9)
        return stored and stored["price"]

    await shop.sync(product(variations=[91], date_modified_gmt="2026-11-20T10:00:00"))
    await shop.sync(alone(price="70", date_modified_gmt="2026-11-20T10:00:02"))
    assert await price() == 70
    await shop.sync(product(variations=[91], date_modified_gmt="2026-11-20T10:00:01"))
    assert await price() == 70
    await shop.sync(product(variations=[91], price="75", date_modified_gmt="2026-11-20T10:00:03"))
    assert await price() == 75


@pytest_asyncio.fixture(scope="module")
async def patient(configure: Configure) -> AsyncIterator[System]:
    """A second service on the same tables that debounces."""
    async with running(configure(task_queue="patient-variations", debounce_seconds=3.0)) as started:
        yield started


async def test_a_variation_deleted_before_it_was_stored_is_in_no_text(patient: System) -> None:
    """The deletion names no parent; the product is looked up when the deletion is saved."""
    shop = await patient.shop()
    bringing = await shop.submit(product(variations=[inside()]))
    deleting = await shop.submit({"id": 91}, "product.deleted")
    await shop.ended(bringing)
    assert (await shop.ended(deleting))["status"] in ("succeeded", "unchanged"), "either may be saved first"
    assert COLOUR not in await text_of(shop)
    assert "قهوه" in await text_of(shop)


async def test_a_deletion_that_is_looked_at_first_keeps_its_variation_hidden(
    patient: System, system: System
) -> None:
    """The product with the variation arrived before the deletion and is processed after it."""
    shop = await patient.shop()
    bringing = await shop.submit(product(variations=[inside()]))
    shop.http = system.http
    assert await shop.sync({"id": 91}, "product.deleted") == "ignored"
    await shop.ended(bringing)
    assert COLOUR not in await text_of(shop)
    await shop.sync(product(variations=[inside()]))
    assert COLOUR in await text_of(shop)


async def test_a_product_is_on_backorder_if_all_its_variations_are(shop: Shop) -> None:
    """A later variation changes the product's availability, as it changes its price."""

    async def stock() -> tuple[bool, bool]:
        row = await shop.product(9)
        assert row
        return row["in_stock"], row["backorder"]

    sent = [inside(stock_status="onbackorder"), inside(id=92, stock_status="outofstock")]
    await shop.sync(product(variations=sent, stock_status="onbackorder"))
    assert await stock() == (True, True)
    await shop.sync(alone(stock_status="instock"))
    assert await stock() == (True, False)
    await shop.sync(alone(stock_status="out of stock"))
    assert await stock() == (False, False)
    await shop.sync({**alone(stock_quantity=-1, backorders_allowed=True), "id": 92})
    assert await stock() == (True, True)
    await shop.sync({"id": 92}, "product.deleted")
    assert await stock() == (False, False)


async def test_a_variation_of_a_plugins_kind_is_a_variation(shop: Shop) -> None:
    """It is no product of its own."""
    await shop.sync(product(variations=[91]))
    assert await shop.sync({**alone(), "type": "subscription_variation"}) == "succeeded"
    assert COLOUR in await text_of(shop)
    assert await shop.product(91) is None


async def test_a_body_without_stock_or_with_an_unreadable_one_changes_none(shop: Shop) -> None:
    """What is on backorder stays so, for a product and for a variation."""
    on_backorder = {"stock_status": "onbackorder", "stock_quantity": -2}
    await shop.sync(product(variations=[inside(**on_backorder)], **on_backorder))
    await shop.sync(product(price="90", variations=[inside(price="90")]))
    rows = await shop.rows("SELECT price, in_stock, backorder FROM products WHERE store_id = :store")
    rows += await shop.rows(
        "SELECT price, in_stock, backorder FROM product_variations WHERE store_id = :store"
    )
    assert [(row["price"], row["in_stock"], row["backorder"]) for row in rows] == [(90, True, True)] * 2
    await shop.sync(product(variations=[inside(price="1,2,3")]))
    rows = await shop.rows(
        "SELECT price, in_stock, backorder FROM product_variations WHERE store_id = :store"
    )
    assert [(row["price"], row["in_stock"], row["backorder"]) for row in rows] == [(90, True, True)]
