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
