"""Captured deliveries that a stranger sends again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET, ShopServer
from tests.support import deliveries
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import System, running

SIGNED = "a-secret-of-letters"


async def ended(shop: Shop, body: dict[str, Any], topic: str, delivery: str) -> dict[str, Any]:
    """Returns the row of a signed delivery's event."""
    sent = deliveries.woocommerce(body, SIGNED, topic=f"product.{topic}", delivery_id=delivery)
    answer = await shop.deliver(sent)
    assert answer.status_code == 202, answer.text
    return await shop.ended(answer.json()["event_id"])


def lamp(age: int, number: int = 7, **more: Any) -> dict[str, Any]:
    """Returns a product as the shop delivered it `age` seconds ago."""
    at = datetime.now(UTC) - timedelta(seconds=age)
    return {
        "id": number,
        "name": "چراغ",
        "price": "10",
        "date_modified_gmt": f"{at:%Y-%m-%dT%H:%M:%S}",
        **more,
    }


async def is_active(shop: Shop, number: int = 7) -> bool:
    product = await shop.product(number)
    assert product is not None
    return bool(product["is_active"])


async def test_a_captured_deletion_is_stale_once_the_product_is_back(
    system: System, embeddings: EmbeddingServer
) -> None:
    """Under any delivery id, which is not signed, and however often the product comes back."""
    shop = await system.shop(webhook_secret=SIGNED)
    await ended(shop, lamp(900), "updated", "d1")
    assert (await ended(shop, {"id": 7}, "deleted", "d2"))["status"] == "succeeded"
    again = deliveries.woocommerce({"id": 7}, SIGNED, topic="product.deleted", delivery_id="d2")
    assert (await shop.deliver(again)).json()["status"] == "skipped"
    for number in range(2):
        await ended(shop, lamp(600 - number), "restored", f"restored{number}")
        assert await is_active(shop)
        replayed = await ended(shop, {"id": 7}, "deleted", f"stranger{number}")
        assert replayed["status"] == "stale"
        assert "credentials" in replayed["reason"]
        assert await is_active(shop)


async def test_the_deletion_of_one_product_says_nothing_about_another(
    system: System, embeddings: EmbeddingServer
) -> None:
    """Nor a deletion that was not applied about a later one."""
    shop = await system.shop(webhook_secret=SIGNED)
    assert (await ended(shop, {"id": 8}, "deleted", "early"))["status"] == "ignored"
    for number in (7, 8):
        await ended(shop, lamp(900, number), "updated", f"d{number}")
        assert (await ended(shop, {"id": number}, "deleted", f"gone{number}"))["status"] == "succeeded"
        assert not await is_active(shop, number)


async def test_a_captured_deletion_of_a_variation_is_stale_too(
    system: System, embeddings: EmbeddingServer
) -> None:
    """After the product was sent with the variation again."""
    shop = await system.shop(webhook_secret=SIGNED)

    def shirt(age: int) -> dict[str, Any]:
        return lamp(age, type="variable", variations=[71])

    def red(age: int) -> dict[str, Any]:
        return lamp(age, 71, type="variation", parent_id=7, attributes=[{"name": "رنگ", "option": "سرخ"}])

    async def known() -> bool:
        rows = await shop.rows("SELECT is_active FROM product_variations WHERE store_id = :store")
        return [row["is_active"] for row in rows] == [True]

    await ended(shop, shirt(900), "updated", "d1")
    await ended(shop, red(899), "updated", "d2")
    assert await known()
    assert (await ended(shop, {"id": 71}, "deleted", "d3"))["status"] == "succeeded"
    assert not await known()
    await ended(shop, shirt(600), "updated", "d4")
    await ended(shop, red(599), "updated", "d5")
    assert await known()
    assert (await ended(shop, {"id": 71}, "deleted", "stranger"))["status"] == "stale"
    assert await known()


@pytest_asyncio.fixture(scope="module")
async def asking(configure: Configure) -> AsyncIterator[System]:
    """A service that may read shops on this machine."""
    async with running(configure(task_queue="replays", allow_private_shops=True)) as started:
        yield started


async def test_a_shop_that_can_be_asked_may_delete_a_product_twice(
    asking: System, embeddings: EmbeddingServer
) -> None:
    """Its answer decides, not the history."""
    with ShopServer() as real:
        number = real.add(name="چراغ")
        shop = await asking.shop(
            webhook_secret=SIGNED,
            base_url=real.base_url,
            credentials={"consumer_key": KEY, "consumer_secret": SECRET},
        )
        await ended(shop, lamp(900, number), "updated", "d1")
        real.trash(number)
        assert (await ended(shop, {"id": number}, "deleted", "d2"))["status"] == "succeeded"
        real.restore(number)
        await ended(shop, lamp(600, number), "restored", "d3")
        assert await is_active(shop, number)
        await ended(shop, {"id": number}, "deleted", "stranger")
        assert await is_active(shop, number)
        real.trash(number)
        assert (await ended(shop, {"id": number}, "deleted", "d4"))["status"] == "succeeded"
        assert not await is_active(shop, number)


async def test_a_captured_delivery_of_a_custom_shop_is_refused(system: System) -> None:
    """Its signature covers the time, and the event id is in the signed body."""
    secret = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMh"
    shop = await system.shop(store_type="custom", webhook_secret=secret)
    body = {"event_id": "e1", "event_type": "product.deleted", "product": {"id": "7"}}
    answer = await shop.deliver(deliveries.custom(body, secret, age=1_000), "custom")
    assert answer.status_code == 401
