"""Deliveries with a part of a product: what was not sent stays, or the shop is asked."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio

from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET, ShopServer
from tests.support import deliveries
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import System, running, working

SIGNED = "a-secret-of-letters"
LAMP = {
    "id": 7,
    "name": "Blue lamp",
    "type": "simple",
    "status": "publish",
    "catalog_visibility": "visible",
    "description": "<p>Reading lamp with warm light</p>",
    "short_description": "Small",
    "price": "100",
    "regular_price": "120",
    "on_sale": True,
    "sku": "L-7",
    "currency": "EUR",
    "stock_quantity": 5,
    "stock_status": "instock",
    "permalink": "https://shop.example/lamp",
    "images": [{"src": "https://shop.example/1.jpg"}, {"src": "https://shop.example/2.jpg"}],
    "categories": [{"id": 1, "name": "Lamps"}],
    "tags": [{"id": 2, "name": "reading"}],
    "brands": [{"id": 3, "name": "Acme"}],
    "attributes": [{"name": "Color", "options": ["Blue"]}],
}
SCARF = {
    "id": 9001,
    "title": "Wool scarf",
    "body_html": "<p>Warm</p>",
    "vendor": "Acme",
    "product_type": "Scarves",
    "handle": "wool-scarf",
    "status": "active",
    "published_at": "2026-01-01T10:00:00Z",
    "tags": "wool, warm",
    "updated_at": "2026-11-25T10:00:00Z",
    "options": [{"name": "Size", "values": ["S", "L"]}],
    "images": [{"src": "https://shop.example/scarf.jpg"}],
    "variants": [
        {
            "id": number,
            "title": size,
            "option1": size,
            "price": "20",
            "compare_at_price": "25",
            "sku": f"S-{size}",
            "inventory_management": "shopify",
            "inventory_policy": "deny",
            "inventory_quantity": 3,
        }
        for number, size in ((1, "S"), (2, "L"))
    ],
}
KEPT = (
    *("title", "description", "short_description", "categories", "tags", "brands", "attributes", "metadata"),
    *("image", "link", "status", "is_active", "content_hash", "currency"),
)
"""Columns of a product that are neither its price nor its stock."""


@pytest_asyncio.fixture(scope="module")
async def partial(configure: Configure) -> AsyncIterator[System]:
    """A service that may read shops on this machine."""
    settings = configure(task_queue="partial", allow_private_shops=True, debounce_seconds=0.05)
    async with running(settings) as started:
        yield started


@pytest_asyncio.fixture(scope="module")
async def idle(configure: Configure) -> AsyncIterator[System]:
    """A service without a worker, so that several changes of one product wait together until one runs."""
    async with running(configure(task_queue="partial-idle"), work=False) as started:
        yield started


def at_work(idle: System) -> AbstractAsyncContextManager[object]:
    """A worker for the changes that wait."""
    return working(idle.settings, schedules=False)


@pytest_asyncio.fixture
async def shop(partial: System, embeddings: EmbeddingServer) -> Shop:
    """A store that cannot be read."""
    return await partial.shop(webhook_secret=SIGNED)


@pytest.fixture
def real() -> Iterator[ShopServer]:
    with ShopServer() as opened:
        yield opened


@pytest_asyncio.fixture
async def readable(partial: System, real: ShopServer, embeddings: EmbeddingServer) -> Shop:
    """A store that can be read."""
    key = {"consumer_key": KEY, "consumer_secret": SECRET}
    return await partial.shop(webhook_secret=SIGNED, base_url=real.base_url, credentials=key)


async def native(shop: Shop, body: dict[str, Any], platform: str = "woocommerce") -> str:
    """Deliver a body by the platform's own webhook; returns the status of its event."""
    form = deliveries.shopify if platform == "shopify" else deliveries.woocommerce
    number = len(await shop.rows("SELECT id FROM events WHERE store_id = :store"))
    how = {"webhook_id": f"w{number}"} if platform == "shopify" else {"delivery_id": f"d{number}"}
    answer = await shop.deliver(form(body, SIGNED, **how), platform)
    assert answer.status_code == 202, answer.text
    status: str = (await shop.ended(answer.json()["event_id"]))["status"]
    return status


async def row(shop: Shop, external_id: str = "woo_7") -> dict[str, Any]:
    found = await shop.one(
        "SELECT * FROM products WHERE store_id = :store AND external_id = :id", id=external_id
    )
    assert found is not None
    return found


async def variation(shop: Shop, external_id: str) -> dict[str, Any]:
    found = await shop.one(
        "SELECT * FROM product_variations WHERE store_id = :store AND external_id = :id", id=external_id
    )
    assert found is not None
    return found


@pytest.mark.parametrize("route", ["native", "token"])
async def test_stock_and_price_alone_leave_the_rest_as_it_is(
    shop: Shop, embeddings: EmbeddingServer, route: str
) -> None:
    """The body of a shop that filters its payloads changes what it has, and embeds nothing."""
    assert await native(shop, LAMP) == "succeeded"
    before, requests = await row(shop), len(embeddings.requests)
    body = {"id": 7, "stock_quantity": 0, "stock_status": "outofstock", "price": "90"}
    assert await (native(shop, body) if route == "native" else shop.sync(body)) == "unchanged"
    after = await row(shop)
    assert (after["price"], after["stock_quantity"], after["in_stock"]) == (90, 0, False)
    assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
    assert len(embeddings.requests) == requests


async def test_an_empty_field_is_not_an_absent_one(shop: Shop) -> None:
    """What is sent empty is emptied."""
    await native(shop, LAMP)
    await native(
        shop, {"id": 7, "name": "Blue lamp", "description": "", "tags": [], "price": None, "sku": ""}
    )
    after = await row(shop)
    assert (after["description"], after["tags"], after["metadata"]["sku"]) == ("", [], "")
    assert after["categories"] == ["Lamps"]
    assert after["price"] is None


async def test_a_renamed_product_keeps_its_description(shop: Shop) -> None:
    """The text is made of both, and found by both."""
    await native(shop, LAMP)
    assert await native(shop, {"id": 7, "name": "Turquoise lamp"}) == "succeeded"
    (chunk,) = await shop.chunks(7)
    assert "Turquoise lamp" in chunk["text"]
    assert "warm light" in chunk["text"]
    assert "Blue lamp" not in chunk["text"]


@pytest.mark.parametrize("status", ["draft", "private", "trash"])
async def test_a_missing_status_shows_nothing(shop: Shop, status: str) -> None:
    """Also with a name; only a status, or the event of publishing, shows the product."""
    await native(shop, {**LAMP, "status": status})
    whole = {name: value for name, value in LAMP.items() if name != "status"}
    await native(shop, {**whole, "name": "Lamp"})
    await shop.sync({"id": 7, "name": "Green lamp", "price": "1"})
    after = await row(shop)
    assert (after["status"], after["is_active"], after["title"]) == (status, False, "Green lamp")
    await shop.sync({"id": 7, "price": "2"}, "product.published")
    assert (await row(shop))["is_active"]


async def test_a_hidden_product_stays_hidden(shop: Shop) -> None:
    """A body without the visibility in the catalogue does not show it."""
    await native(shop, {**LAMP, "catalog_visibility": "hidden"})
    await native(shop, {"id": 7, "status": "publish", "name": "Lamp"})
    assert not (await row(shop))["is_active"]
    await native(shop, {"id": 7, "catalog_visibility": "visible"})
    assert (await row(shop))["is_active"]


async def test_a_part_of_a_deleted_product_does_not_restore_it(shop: Shop) -> None:
    """A body with a name and without a status does, as our documentation shows it."""
    await native(shop, LAMP)
    await shop.sync({"id": 7}, "product.deleted")
    await native(shop, {"id": 7, "stock_quantity": 3})
    assert (await row(shop))["status"] == "deleted"
    await shop.sync({"id": 7, "name": "Lamp", "price": "3"})
    assert ((await row(shop))["status"], (await row(shop))["is_active"]) == ("publish", True)


async def test_a_part_of_an_unknown_product_is_not_found(shop: Shop) -> None:
    """Until the rest of it arrives."""
    assert await native(shop, {"id": 7, "stock_quantity": 3, "price": "90"}) == "succeeded"
    assert ((await row(shop))["status"], (await row(shop))["is_active"]) == ("unknown", False)
    await shop.sync({"id": 7, "name": "Blue lamp"})
    after = await row(shop)
    assert (after["is_active"], after["price"], after["stock_quantity"]) == (True, 90, 3)


async def test_a_price_is_in_the_currency_it_was_sent_with(shop: Shop) -> None:
    """A price without a currency is in the store's, which is the product's own if the store has none."""
    await native(shop, LAMP)
    await shop.sync({"id": 7, "price": "110"})
    assert (await row(shop))["currency"] == "EUR"


async def test_a_part_of_a_variation_keeps_the_rest(shop: Shop) -> None:
    """Inside of a product, and alone."""
    small = {
        "id": 8,
        "price": "10",
        "regular_price": "12",
        "sku": "V-8",
        "stock_quantity": 2,
        "status": "publish",
        "description": "Small one",
        "attributes": [{"name": "Size", "option": "S"}],
        "image": {"src": "https://shop.example/8.jpg"},
    }
    await native(shop, {**LAMP, "type": "variable", "variations": [small]})
    before = await variation(shop, "woo_8")
    await native(
        shop, {"id": 7, "variations": [{"id": 8, "stock_quantity": 0, "stock_status": "outofstock"}]}
    )
    alone = {"id": 8, "parent_id": 7, "type": "variation", "price": "9"}
    await native(shop, alone)
    after = await variation(shop, "woo_8")
    assert (after["stock_quantity"], after["in_stock"], after["price"]) == (0, False, 9)
    names = ("options", "description", "image", "metadata", "is_active")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


async def test_a_disabled_variation_stays_disabled(shop: Shop) -> None:
    """Until the shop sends a status."""
    one = {"id": 8, "price": "10", "attributes": [{"name": "Size", "option": "S"}]}
    await native(shop, {**LAMP, "type": "variable", "variations": [{**one, "status": "private"}]})
    await native(shop, {**LAMP, "type": "variable", "variations": [one]})
    assert not (await variation(shop, "woo_8"))["is_active"]
    await native(shop, {**LAMP, "type": "variable", "variations": [{**one, "status": "publish"}]})
    assert (await variation(shop, "woo_8"))["is_active"]


async def test_a_subscription_to_some_fields_keeps_the_others(
    partial: System, embeddings: EmbeddingServer
) -> None:
    """Shopify's include_fields: neither texts nor the options of variants are lost."""
    shop = await partial.shop(store_type="shopify", webhook_secret=SIGNED)
    await native(shop, SCARF, "shopify")
    before, requests = await row(shop, "shopify_9001"), len(embeddings.requests)
    variants: Any = SCARF["variants"]
    some = {
        "id": 9001,
        "title": "Wool scarf",
        "status": "active",
        "updated_at": "2026-11-25T11:00:00Z",
        "variants": [{**one, "inventory_quantity": 0} for one in variants],
    }
    assert await native(shop, some, "shopify") == "unchanged"
    after = await row(shop, "shopify_9001")
    assert (after["stock_quantity"], after["in_stock"]) == (0, False)
    assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
    options = (await variation(shop, "shopify_1"))["options"]
    assert options == [{"name": "Size", "options": ["S"]}]
    assert len(embeddings.requests) == requests


async def test_a_shopify_product_without_a_status_is_not_shown(partial: System) -> None:
    """Neither one that was not stored nor an archived one."""
    shop = await partial.shop(store_type="shopify", webhook_secret=SIGNED)
    await native(shop, {"id": 9001, "title": "Wool scarf"}, "shopify")
    assert (await row(shop, "shopify_9001"))["status"] == "unknown"
    await native(shop, {**SCARF, "status": "archived", "updated_at": "2026-11-25T12:00:00Z"}, "shopify")
    await native(shop, {"id": 9001, "title": "Scarf", "updated_at": "2026-11-25T13:00:00Z"}, "shopify")
    after = await row(shop, "shopify_9001")
    assert (after["title"], after["status"], after["is_active"]) == ("Scarf", "archived", False)


@pytest.mark.parametrize("size", [10, 200_000], ids=["small", "large"])
async def test_a_superseded_change_is_not_lost(idle: System, embeddings: EmbeddingServer, size: int) -> None:
    """In one burst: a whole product, its new name, and the price of one more event."""
    shop = await idle.shop(webhook_secret=SIGNED)
    description = f"<p>Warm light {'a' * size}</p>"
    first, second, third = [
        await shop.submit({**body, "date_modified_gmt": f"2026-11-25T10:00:0{second}"})
        for second, body in enumerate(
            (
                {**LAMP, "description": description},
                {"id": 7, "name": "Turquoise lamp", "tags": []},
                {"id": 7, "price": "90"},
            )
        )
    ]
    async with at_work(idle):
        ended = [(await shop.ended(event))["status"] for event in (first, second, third)]
    assert ended == ["superseded", "superseded", "succeeded"]
    after = await row(shop)
    assert (after["title"], after["tags"], after["price"]) == ("Turquoise lamp", [], 90)
    assert (after["description"], after["categories"], after["is_active"]) == (description, ["Lamps"], True)
    assert after["currency"] == "IRT", "the new price was sent without a currency"


async def test_what_was_applied_before_is_not_applied_again(
    idle: System, embeddings: EmbeddingServer
) -> None:
    """A superseded event counts only until a newer one was applied."""
    shop = await idle.shop(webhook_secret=SIGNED)
    old, new, last = ({"date_modified_gmt": f"2026-11-25T10:00:0{second}"} for second in range(3))
    first = await shop.submit({**LAMP, "name": "Old name", **old})
    second = await shop.submit({"id": 7, "name": "New name", **new})
    async with at_work(idle):
        await shop.ended(second)
        assert (await shop.ended(first))["status"] == "superseded"
        await shop.sync({"id": 7, "price": "90", **last})
    assert (await row(shop))["title"] == "New name"


async def test_a_superseded_part_of_a_variation_is_not_lost(
    idle: System, embeddings: EmbeddingServer
) -> None:
    """A variation alone, and inside of its product."""
    shop = await idle.shop(webhook_secret=SIGNED)
    one = {"id": 8, "price": "10", "sku": "V-8", "attributes": [{"name": "Size", "option": "S"}]}
    await shop.submit({**LAMP, "variations": [one], "date_modified_gmt": "2026-11-25T10:00:00"})
    later = {"date_modified_gmt": "2026-11-25T10:00:01"}
    price = await shop.submit({"id": 7, "price": "90", **later})
    async with at_work(idle):
        await shop.ended(price)
    assert (await variation(shop, "woo_8"))["metadata"]["sku"] == "V-8"
    alone = {"id": 8, "type": "variation", "parent_id": 7}
    await shop.submit({**alone, "sku": "V-9", **later})
    price = await shop.submit({**alone, "price": "11", "date_modified_gmt": "2026-11-25T10:00:02"})
    async with at_work(idle):
        await shop.ended(price)
    after = await variation(shop, "woo_8")
    assert (after["metadata"]["sku"], after["price"]) == ("V-9", 11)
    assert after["options"] == [{"name": "Size", "options": ["S"]}]


@pytest.mark.parametrize("route", ["native", "token"])
async def test_the_shop_is_asked_for_the_rest(readable: Shop, real: ShopServer, route: str) -> None:
    """What it answers is the whole product."""
    real.products[7] = {**LAMP, "variations": []}
    body = {"id": 7, "stock_quantity": 3, "price": "90"}
    assert await (native(readable, body) if route == "native" else readable.sync(body)) == "succeeded"
    after = await row(readable)
    assert (after["title"], after["price"], after["is_active"]) == ("Blue lamp", 100, True)
