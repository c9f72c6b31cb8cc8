"""Filters of search: tolerant values, attributes of one variation, live ranges, and what does not exist."""

from typing import Any

import pytest
import pytest_asyncio

from tests.support.search_catalogue import (
    BOOT,
    CASE,
    CATALOGUE,
    GIFT,
    LAPTOP,
    PHONE,
    SHIRT,
    SHOE,
    answer_of,
    attribute,
    numbers_of,
    stocked,
    variation,
)
from tests.support.shop import Shop
from tests.support.system import System

ALL = {PHONE, CASE, SHOE, BOOT, LAPTOP, SHIRT, GIFT}


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with the catalogue; tests do not change it."""
    return await stocked(await system.shop())


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"in_stock": True}, ALL - {CASE}),
        ({"categories": ["گوشی موبایل"]}, {PHONE}),
        ({"categories": ["گوشي  موبايل"]}, {PHONE}),
        ({"categories": ["گوشی‌موبایل"]}, {PHONE}),
        ({"categories": ["گوشی"]}, {PHONE}),
        ({"category": "گوشی‌ها"}, {PHONE}),
        ({"categories": ["قاب"]}, {CASE}),
        ({"categories": ["لپ تاپ"]}, {LAPTOP}),
        ({"categories": ["لپتاپ", "هدیه"]}, {LAPTOP, GIFT}),
        ({"categories": ["shoes"]}, {SHOE, BOOT}),
        ({"categories": ["کالای دیجیتال"]}, {PHONE, LAPTOP}),
        ({"category": "کفش", "categories": ["Boots"]}, {BOOT}),
        ({"categories": ["گوشی", "هیچ"]}, {PHONE}),
        ({"brands": ["NIKE"]}, {SHOE, SHIRT}),
        ({"brands": ["asus"]}, {LAPTOP}),
        ({"brands": ["سامسونگ", "Adidas"]}, {PHONE, BOOT}),
        ({"brands": ["nike"], "categories": ["کفش"]}, {SHOE}),
        ({"categories": ["کفش"], "exclude": {"brands": ["Nike"]}}, {BOOT}),
        ({"in_stock": True, "exclude": {"categories": ["کالای دیجیتال", "پوشاک"]}}, {SHOE, BOOT, GIFT}),
        ({"exclude": {"brands": ["هیچ"]}}, ALL),
        ({"attributes": {"رنگ": ["مشکی"]}}, {PHONE, SHOE}),
        ({"attributes": {"رنگ": ["آبي"]}}, {PHONE, CASE}),
        ({"attributes": {"رنگ": ["روشن"]}}, {SHIRT}),
        ({"attributes": {"رنگ": ["نقره ای"]}}, set()),
        ({"attributes": {"رنگ بدنه": ["نقره ای"]}}, {LAPTOP}),
        ({"attributes": {"بدنه": ["نقره‌ای"]}}, {LAPTOP}),
        ({"attributes": {"حافظهٔ داخلی": ["128 گیگابایت"]}}, {PHONE}),
        ({"attributes": {"SIZE": ["۴۳"]}}, {SHOE, BOOT}),
        ({"attributes": {"size": ["45", "42"]}}, {SHOE, BOOT}),
        ({"attributes": {"size": ["43"], "رنگ": ["قهوه ای"]}}, {BOOT}),
        ({"min_price": 5_000_000}, {PHONE, SHOE, BOOT, LAPTOP}),
        ({"max_price": "4000000"}, {CASE, SHOE, SHIRT}),
        ({"min_price": "4100000", "max_price": "4200000"}, {SHOE}),
        ({"min_price": 5_000_001, "max_price": 5_999_999}, set()),
    ],
    ids=repr,
)
async def test_a_list_is_what_passes_the_filters(
    store: Shop, fields: dict[str, Any], found: set[int]
) -> None:
    """Without a question; values in any spelling, in words of the store's values, all fields together."""
    answer = await answer_of(store, **fields)
    assert set(numbers_of(answer)) == found
    assert answer["total"] == len(found)
    assert answer["mode"] == "words"
    assert {hit["score"] for hit in answer["results"]} <= {0}
    assert all(hit["text"] and hit["similarity"] is None for hit in answer["results"])
    assert answer["confidence"] == ("high" if found else "low")
    asked = await answer_of(store, query="کفش و گوشی", **fields)
    assert set(numbers_of(asked)) <= found, "a question has the same filters"
    assert {SHOE, PHONE} & found <= set(numbers_of(asked)), "and finds what it asks for"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"attributes": {"size": ["42"], "رنگ": ["سفید"]}}, True),
        ({"attributes": {"size": ["42"], "رنگ": ["مشکی"]}}, False),
        ({"attributes": {"size": ["43"], "رنگ": ["مشکی"]}}, True),
        ({"attributes": {"size": ["43"], "رنگ": ["مشکی"]}, "in_stock": True}, False),
        ({"attributes": {"size": ["43"], "رنگ": ["مشکی"]}, "in_stock": False}, True),
        ({"attributes": {"size": ["43"]}, "in_stock": True}, True),
        ({"attributes": {"size": ["43"]}, "in_stock": False}, False),
        ({"attributes": {"size": ["44"]}}, False),
        ({"attributes": {"size": ["42"], "sole": ["rubber"]}}, True),
        ({"attributes": {"size": ["43"], "رنگ": ["سفید"]}, "max_price": 4_500_000}, False),
        ({"attributes": {"size": ["42"]}, "max_price": 4_500_000}, True),
        ({"attributes": {"size": ["42"]}, "min_price": 4_500_000}, False),
    ],
    ids=repr,
)
async def test_one_variation_has_all_that_is_asked(
    store: Shop, fields: dict[str, Any], *, found: bool
) -> None:
    """Options, stock and price of the same active variation; other attributes are the product's."""
    assert (SHOE in numbers_of(await answer_of(store, **fields))) is found
    assert (SHOE in numbers_of(await answer_of(store, query="shoe", **fields))) is found


async def test_an_option_that_a_variation_leaves_open_is_the_products(shop: Shop) -> None:
    """WooCommerce calls it "any": the variation is sold in all options of the product."""
    shirt = {
        "id": 1,
        "name": "Shirt",
        "attributes": [attribute("Size", "M", "L"), attribute("Colour", "red", "blue")],
        "variations": [variation(11, "10", options={"Size": "M"})],
    }
    await stocked(shop, [shirt])
    for fields, found in (
        ({"Size": ["M"], "Colour": ["blue"]}, [1]),
        ({"Size": ["L"], "Colour": ["blue"]}, []),
        ({"Colour": ["red"]}, [1]),
        ({"Colour": ["green"]}, []),
    ):
        assert numbers_of(await answer_of(shop, attributes=fields)) == found


@pytest.mark.parametrize(
    ("fields", "reports"),
    [
        ({"brands": ["سامسنگ"]}, [("brands", "سامسنگ", "سامسونگ")]),
        ({"brands": ["Nik", "Nike"]}, [("brands", "Nik", "Nike")]),
        ({"category": "کفشهای زنانه"}, [("category", "کفشهای زنانه", "کفش")]),
        ({"categories": ["\u0000", "%"]}, [("categories", "\u0000", None), ("categories", "%", None)]),
        ({"exclude": {"brands": ["Nikee"]}}, [("exclude.brands", "Nikee", "Nike")]),
        ({"attributes": {"رنگ": ["مشکیی"]}}, [("attributes.رنگ", "مشکیی", "مشکی")]),
        ({"attributes": {"رنگها": ["بنفش"]}}, [("attributes.رنگها", "بنفش", None)]),
        ({"attributes": {"Siz": ["43"]}}, [("attributes", "Siz", "Size")]),
        ({"brands": ["سامسونگ"], "categories": ["گوشی"]}, []),
    ],
    ids=repr,
)
async def test_a_value_that_no_product_has_is_reported(
    store: Shop, fields: dict[str, Any], reports: list[tuple[str, str, str | None]]
) -> None:
    """With the field and with values that exist, the most similar first."""
    answer = await answer_of(store, **fields)
    assert [(each["field"], each["value"]) for each in answer["unmatched"]] == [each[:2] for each in reports]
    for report, (_, _, first) in zip(answer["unmatched"], reports, strict=True):
        assert report["known"]
        assert first is None or report["known"][0] == first


async def test_all_values_unknown_means_no_results(store: Shop) -> None:
    """Facets are there, and empty; the known values are all values of the store."""
    answer = await answer_of(
        store, query="گوشی", brands=["هیچ"], in_stock=False, facets=["brand", "price", "attributes.رنگ"]
    )
    assert (answer["total"], answer["results"], answer["next"]) == (0, [], None)
    assert answer["confidence"] == "low"
    assert answer["facets"] == {
        "brand": [],
        "price": {"min": None, "max": None, "count": 0},
        "attributes.رنگ": [],
    }
    assert set(answer["unmatched"][0]["known"]) == {
        "سامسونگ", "Spigen", "Nike", "nike", "Adidas", "ایسوس", "ASUS"
    }  # fmt: skip


async def test_variations_are_shown_as_they_are_now(store: Shop) -> None:
    """Active ones, those with the asked options first; the range of prices is theirs."""
    (hit,) = (await answer_of(store, query="Pegasus", brands=["nike"], attributes={"size": ["43"]}))[
        "results"
    ]
    product = hit["product"]
    assert (product["price"], product["min_price"], product["max_price"]) == ("4000000", "4000000", "5000000")
    assert product["variations_total"] == 3
    assert [each["external_id"] for each in product["variations"]] == ["woo_33", "woo_32", "woo_31"]
    assert product["variations"][-1] == {
        "external_id": "woo_31",
        "options": {"Size": "42", "رنگ": "سفید"},
        "price": "4000000",
        "regular_price": None,
        "on_sale": False,
        "in_stock": True,
        "availability": "in_stock",
        "stock_quantity": "2",
        "sku": "PEG-42-W",
        "gtin": "",
    }


async def test_a_changed_variation_is_seen_at_once(shop: Shop) -> None:
    """In filters, ranges and facets, without another embedding."""
    shoe = CATALOGUE[SHOE - 1]
    await stocked(shop, [shoe])
    asked = {"attributes": {"size": ["42"]}, "in_stock": True}
    assert numbers_of(await answer_of(shop, **asked)) == [SHOE]
    first, *others = shoe["variations"]
    sold_out = {**first, "price": "7000000", "stock_status": "outofstock", "stock_quantity": 0}
    assert await shop.sync({**shoe, "variations": [sold_out, *others]}) == "unchanged"
    assert numbers_of(await answer_of(shop, **asked)) == []
    answer = await answer_of(shop, min_price=6_000_000, facets=["price"])
    assert numbers_of(answer) == [SHOE]
    assert answer["facets"]["price"] == {"min": "4500000", "max": "7000000", "count": 1}


async def test_many_variations_are_cut(shop: Shop) -> None:
    """The response has 50 and their number; the ones with the asked options come first."""
    sizes = [f"S{n}" for n in range(60)]
    await stocked(
        shop,
        [
            {
                "id": 1,
                "name": "Ring",
                "attributes": [attribute("Size", *sizes)],
                "variations": [
                    variation(100 + n, "10", options={"Size": size}) for n, size in enumerate(sizes)
                ],
            }
        ],
    )
    (hit,) = (await answer_of(shop, attributes={"size": ["S59"]}))["results"]
    assert (len(hit["product"]["variations"]), hit["product"]["variations_total"]) == (50, 60)
    assert hit["product"]["variations"][0]["options"] == {"Size": "S59"}


async def test_a_brand_of_a_variation_finds_its_product(shop: Shop) -> None:
    """Where the shop has brands of variations."""
    bag = {"id": 1, "name": "کیف", "brands": ["چرم"], "variations": [variation(11, "5", brands=["نوین"])]}
    await stocked(shop, [bag, {"id": 2, "name": "کفش", "brands": ["ملی"]}])
    for brand, found in (("نوین", [1]), ("چرم", [1]), ("ملی", [2])):
        assert numbers_of(await answer_of(shop, brands=[brand])) == found
        assert numbers_of(await answer_of(shop, query="کیف", brands=[brand])) == found


async def test_a_brand_of_a_variation_excludes_its_product(shop: Shop) -> None:
    """In a list and in the results of a question."""
    bag = {"id": 1, "name": "کیف", "brands": ["چرم"], "variations": [variation(11, "5", brands=["نوین"])]}
    await stocked(shop, [bag, {"id": 2, "name": "کفش", "brands": ["ملی"], "price": "5"}])
    for brand, left in (("نوین", {2}), ("چرم", {2}), ("ملی", {1})):
        assert set(numbers_of(await answer_of(shop, min_price=0, exclude={"brands": [brand]}))) == left
        assert set(numbers_of(await answer_of(shop, query="کیف و کفش", exclude={"brands": [brand]}))) == left


@pytest.mark.parametrize(
    "value",
    [
        "' OR 1=1 --",
        "\\",
        "\x00",
        "\u202eگوشی\u202c",
        "%s :user_id {}",
        "ک" * 200,
        "{1,2}",
        '"',
        "😀",
        "/",
        "7/brand/x",
    ],
)
async def test_hostile_values_are_only_values(store: Shop, value: str) -> None:
    """In every field that takes a text."""
    every: list[dict[str, Any]] = [
        {"category": value},
        {"categories": [value]},
        {"brands": [value]},
        {"exclude": {"brands": [value], "categories": [value]}},
        {"attributes": {value: [value]}},
        {"attributes": {"رنگ": [value]}, "in_stock": True, "min_price": 1},
        *([] if "\x00" in value else [{"facets": [f"attributes.{value}"[:200]]}]),
    ]
    for fields in every:
        answer = await answer_of(store, **{**fields, "in_stock": True})
        assert set(numbers_of(answer)) <= ALL
