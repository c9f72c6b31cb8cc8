"""Owners read the products of their own stores only."""

from typing import Any

import pytest
import pytest_asyncio

from tests.support import deliveries
from tests.support.sessions import session, session_of
from tests.support.shop import Shop
from tests.support.system import System

PRODUCTS = "/api/v1/web-knowledge/products/"
SHOES = {
    "id": 1,
    "name": "کفش ۱۰۰٪ چرم",
    "price": "10",
    "stock_quantity": 0,
    "stock_status": "outofstock",
    "sku": "SH-1",
    "image": "https://shop.example/1.jpg",
    "variations": [{"id": 11, "price": "10", "attributes": [{"name": "سایز", "option": "۴۲"}]}],
}


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> dict[str, str]:
    return await session_of(system, shop.user_id)


async def listed(shop: Shop, owner: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = await shop.http.get(PRODUCTS, params=fields, headers=owner)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_filter_finds_what_it_says(system: System, shop: Shop, owner: dict[str, str]) -> None:
    """Source, store, visibility, stock, words and time, over all stores of the owner."""
    second = await system.second_shop(shop.user_id)
    await shop.sync(SHOES)
    await shop.sync({"id": 2, "name": "پیش‌نویس", "status": "draft"})
    await second.sync({"id": 3, "name": "100%_cotton"})

    async def found(**fields: Any) -> list[str]:
        return [product["external_id"] for product in (await listed(shop, owner, **fields))["results"]]

    assert await found() == ["woo_3", "woo_2", "woo_1"]
    assert await found(external_source="woocommerce", store=shop.store_id) == ["woo_2", "woo_1"]
    assert await found(external_source="shopify") == []
    assert await found(is_active="false") == ["woo_2"]
    assert await found(in_stock="false") == ["woo_1"]
    assert await found(search="چرم") == ["woo_1"]
    assert await found(search="SH-1") == ["woo_1"]
    assert await found(search="%_C") == ["woo_3"], "wildcards are ordinary letters"
    [first] = (await listed(shop, owner, search="چرم"))["results"]
    assert await found(updated_after=first["updated_at"]) == ["woo_3", "woo_2"]


async def test_pages_lead_to_each_other(shop: Shop, owner: dict[str, str]) -> None:
    """Each page has count, next and previous."""
    for number in (1, 2, 3):
        await shop.sync({"id": number, "name": f"کالا {number}"})
    first = await listed(shop, owner, page_size=2)
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    second = (await shop.http.get(first["next"], headers=owner)).json()
    assert ([p["external_id"] for p in second["results"]], second["next"]) == (["woo_1"], None)
    back = (await shop.http.get(second["previous"], headers=owner)).json()
    assert back["results"] == first["results"]


async def test_the_detail_shows_variations_and_chunks(shop: Shop, owner: dict[str, str]) -> None:
    """With the metadata of the contract, and whether the indexed text is current."""
    await shop.sync(SHOES)
    row = await shop.product(1)
    assert row
    content = (await shop.http.get(f"{PRODUCTS}{row['id']}/", headers=owner)).json()
    assert (content["title"], content["price"], content["currency"], content["in_stock"]) == (
        SHOES["name"],
        "10",
        "IRT",
        False,
    )
    assert [variation["external_id"] for variation in content["variations"]] == ["woo_11"]
    assert ["۴۲" in chunk["text"] for chunk in content["chunks"]] == [True]
    assert content["knowledge"]["current"] is True
    metadata = content["metadata"]
    assert (metadata["woo_product_id"], metadata["sku"], metadata["needs_embedding"]) == (1, "SH-1", False)
    assert metadata["images"]["main"] == SHOES["image"]
    assert metadata["content_hash"] == row["content_hash"]


async def test_availability_is_shown(shop: Shop, owner: dict[str, str]) -> None:
    """A product on backorder is in stock for the filter; list, detail, variations and search show it."""
    ordered = {"stock_status": "onbackorder", "stock_quantity": -2}
    inside = {"id": 11, "price": "10", "attributes": [{"name": "سایز", "option": "۴۲"}], **ordered}
    await shop.sync({**SHOES, **ordered, "variations": [inside]})
    await shop.sync({"id": 2, "name": "کیف", "stock_status": "discontinued", "stock_quantity": 0})
    await shop.sync({"id": 3, "name": "کلاه", "stock_status": "instock"})
    shown = (await listed(shop, owner))["results"]
    assert {one["external_id"]: (one["in_stock"], one["availability"]) for one in shown} == {
        "woo_1": (True, "backorder"),
        "woo_2": (False, "out_of_stock"),
        "woo_3": (True, "in_stock"),
    }
    assert (await listed(shop, owner, in_stock="true"))["count"] == 2
    row = await shop.product(1)
    assert row
    content = (await shop.http.get(f"{PRODUCTS}{row['id']}/", headers=owner)).json()
    assert content["availability"] == "backorder"
    assert [one["availability"] for one in content["variations"]] == ["backorder"]
    assert "backorder" not in content
    (hit, *_) = await shop.search("کفش چرم", in_stock=True)
    assert hit["product"]["availability"] == "backorder"


@pytest.mark.parametrize(
    ("base_url", "link"),
    [
        ("https://scarves.example/", "https://scarves.example/products/wool-scarf"),
        ("https://scarves.example", "https://scarves.example/products/wool-scarf"),
        ("", ""),
    ],
)
async def test_links_of_shopify_are_absolute_or_empty(system: System, base_url: str, link: str) -> None:
    """Shopify sends the name of a product's page, which is in the shop's address."""
    secret = "secret-of-shopify"
    shop = await system.shop(
        webhook_secret=secret, store_type="shopify", integration_type="shopify", base_url=base_url
    )
    owner = await session_of(system, shop.user_id)
    variants = [{"id": 11, "title": "M", "option1": "M", "price": "5", "inventory_quantity": 1}]
    body = {
        "id": 7,
        "title": "شال پشمی",
        "status": "active",
        "published_at": "2026-01-01T10:00:00Z",
        "body_html": "",
        "handle": "wool-scarf",
        "variants": variants,
    }
    answer = await shop.deliver(deliveries.shopify(body, secret), "shopify")
    await shop.ended(answer.json()["event_id"])
    (product,) = (await listed(shop, owner))["results"]
    assert product["link"] == link
    detail = (await shop.http.get(f"{PRODUCTS}{product['id']}/", headers=owner)).json()
    assert detail["link"] == link
    assert [one["link"] for one in detail["variations"]] == [link and f"{link}?variant=11"]
    assert [hit["product"]["link"] for hit in await shop.search("شال پشمی")] == [link]


async def test_products_of_other_users_are_not_shown(system: System, shop: Shop) -> None:
    """They are a 404 like an unknown product."""
    await shop.sync(SHOES)
    row = await shop.product(1)
    assert row
    stranger = await session(system, "stranger@example.com")
    assert (await listed(shop, stranger, store=shop.store_id))["count"] == 0
    foreign = await shop.http.get(f"{PRODUCTS}{row['id']}/", headers=stranger)
    missing = await shop.http.get(f"{PRODUCTS}{10**15}/", headers=stranger)
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    assert foreign.status_code == 404
    assert (await shop.http.get(PRODUCTS)).status_code == 401


async def test_a_token_lists_the_products_of_its_store(system: System, shop: Shop) -> None:
    """No product of another store of its owner, and no variation's code leads there."""
    second = await system.second_shop(shop.user_id)
    inside = {"id": 11, "sku": "TK-11", "attributes": [{"name": "سایز", "option": "۴۲"}]}
    for one in (shop, second):
        await one.sync({"id": 1, "name": "کفش", "sku": "TK-1", "variations": [inside]})
    own = await listed(shop, shop.headers)
    assert [found["store"] for found in own["results"]] == [shop.store_id]
    for code in ("TK-1", "tk 11"):
        found = await listed(shop, shop.headers, search=code)
        assert [one["store"] for one in found["results"]] == [shop.store_id]
        both = await listed(shop, await session_of(system, shop.user_id), search=code)
        assert {one["store"] for one in both["results"]} == {shop.store_id, second.store_id}
    assert (await listed(shop, shop.headers, store=second.store_id))["count"] == 0
    assert (await listed(shop, shop.headers, store=shop.store_id))["count"] == 1
    (other,) = (await listed(shop, second.headers))["results"]
    answers = [
        await shop.http.get(f"{PRODUCTS}{number}/", headers=shop.headers) for number in (other["id"], 10**15)
    ]
    assert [(one.status_code, one.json()) for one in answers] == [(404, answers[1].json())] * 2


@pytest.mark.parametrize(
    "code", ["SM-S911B", "sms911b", "SM S911 B", "۶۲۶۰۰۰۱", "626-0001", "V.۹", "v-9", "626 0009"]
)
async def test_a_code_finds_its_product(shop: Shop, owner: dict[str, str], code: str) -> None:
    """SKU and GTIN of the product or of a variation, however they are spelled."""
    inside = {"id": 11, "sku": "V-9", "global_unique_id": "6260009", "price": "12"}
    await shop.sync(
        {
            "id": 1,
            "name": "گوشی سامسونگ",
            "sku": "SM-S911B",
            "gtin": 6260001,
            "price": "10",
            "variations": [inside, {**inside, "id": 12, "sku": "V-10", "gtin": "", "price": "10"}],
        }
    )
    await shop.sync({"id": 2, "name": "Other phone", "sku": "SM-S911"})
    (found,) = (await listed(shop, owner, search=code))["results"]
    assert (found["external_id"], found["sku"], found["gtin"]) == ("woo_1", "SM-S911B", "6260001")
    assert (found["price"], found["min_price"], found["max_price"]) == ("10", "10", "12")
    detail = (await shop.http.get(f"{PRODUCTS}{found['id']}/", headers=owner)).json()
    assert [(one["metadata"]["sku"], one["metadata"]["gtin"]) for one in detail["variations"]] == [
        ("V-9", "6260009"),
        ("V-10", "6260009"),
    ]


async def test_a_deleted_variation_is_not_found_by_its_code(shop: Shop, owner: dict[str, str]) -> None:
    """Nor do signs alone find anything."""
    await shop.sync({"id": 1, "name": "کفش", "variations": [{"id": 11, "sku": "V-9"}]})
    assert (await listed(shop, owner, search="V-9"))["count"] == 1
    await shop.sync({"id": 11}, "product.deleted")
    assert (await listed(shop, owner, search="V-9"))["count"] == 0
    assert (await listed(shop, owner, search="--"))["count"] == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"page": 0}, "page"),
        ({"page_size": 1000}, "page_size"),
        ({"in_stock": "perhaps"}, "in_stock"),
        ({"updated_after": "then"}, "updated_after"),
        ({"search": "a\x00b"}, "search"),
        ({"price": "1"}, "price"),
    ],
)
async def test_an_invalid_filter_is_named(
    shop: Shop, owner: dict[str, str], fields: dict[str, Any], field: str
) -> None:
    """A 400 names it."""
    answer = await shop.http.get(PRODUCTS, params=fields, headers=owner)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text


async def test_details_are_shown_and_only_words_are_embedded(shop: Shop, owner: dict[str, str]) -> None:
    """In the product and in search; a rating, a sale or a stock costs no embedding, a weight does."""
    lamp = {
        "id": 9,
        "name": "چراغ دریایی",
        "price": "90",
        "regular_price": "100",
        "sale_price": "90",
        "on_sale": True,
        "weight": {"value": "1.20", "unit": "kg"},
        "custom_fields": [{"name": "گارانتی", "value": "هجده ماه"}],
        "variations": [
            {"id": 91, "price": "90", "regular_price": "95", "on_sale": True, "backorders": "yes"}
        ],
    }
    assert await shop.sync(lamp) == "succeeded"
    rated = {"average_rating": "4.50", "rating_count": 2, "sale_end_gmt": "2026-12-01T00:00:00"}
    assert await shop.sync({**lamp, **rated, "backorders": "notify", "featured": True}) == "unchanged"
    found = (await listed(shop, owner, search="دریایی"))["results"][0]["details"]
    known = {name: value for name, value in found.items() if value not in (None, 0, "", [], False)}
    assert known == {
        "weight": {"value": "1.20", "unit": "kg"},
        "custom_fields": [{"name": "گارانتی", "value": "هجده ماه"}],
        "average_rating": "4.50",
        "rating_count": 2,
        "sale_end": "2026-12-01T00:00:00Z",
        "backorders": "notify",
        "featured": True,
    }
    (hit,) = await shop.search("هجده ماه")
    assert "گارانتی: هجده ماه" in hit["text"]
    shown = hit["product"]["details"]
    assert (shown["weight"], shown["average_rating"]) == (known["weight"], "4.50")
    (variation,) = hit["product"]["variations"]
    assert (variation["regular_price"], variation["on_sale"]) == ("95", True)
    assert await shop.sync({**lamp, "weight": {"value": "1.3", "unit": "kg"}}) == "succeeded"
    assert await shop.sync({"id": 91, "type": "variation", "parent_id": 9, "price": "80"}) == "unchanged"
    (row,) = await shop.rows("SELECT metadata FROM product_variations WHERE store_id = :store")
    assert row["metadata"]["backorders"] == "yes"
