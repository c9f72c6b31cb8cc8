"""Facets of search: counted over all results, for values as products and active variations have them."""

from typing import Any

import pytest
import pytest_asyncio

from tests.support.search_catalogue import SHOE, answer_of, attribute, stocked, variation
from tests.support.shop import Shop
from tests.support.system import System


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with the catalogue; tests do not change it."""
    return await stocked(await system.shop())


def of(value: str, count: int, lowest: str | None, highest: str | None) -> dict[str, Any]:
    return {"value": value, "count": count, "min_price": lowest, "max_price": highest}


async def test_brands_of_headphones_and_their_prices(store: Shop) -> None:
    """Spellings of one brand are one value; the most frequent comes first, also if the page is small."""
    answer = await answer_of(store, in_stock=True, facets=["brand", "price"], limit=1)
    assert len(answer["results"]) == 1
    assert answer["facets"]["price"] == {"min": "800000", "max": "45000000", "count": 5}
    first, *others = answer["facets"]["brand"]
    assert first["value"].casefold() == "nike"
    assert (first["count"], first["min_price"], first["max_price"]) == (2, "800000", "5000000")
    assert sorted(others, key=lambda one: one["value"]) == [
        of("ASUS", 1, "45000000", "45000000"),
        of("Adidas", 1, "6000000", "6000000"),
        of("ایسوس", 1, "45000000", "45000000"),
        of("سامسونگ", 1, "9000000", "9000000"),
    ]


async def test_facets_count_what_passes_the_filters(store: Shop) -> None:
    """With a question and without; categories have their parents."""
    for question in ({}, {"query": "کفش"}):
        answer = await answer_of(store, **question, categories=["کفش"], facets=["category", "brand"])
        assert {(one["value"], one["count"]) for one in answer["facets"]["category"]} == {
            ("کفش", 2),
            ("Running Shoes", 1),
            ("Boots", 1),
        }
        assert answer["facets"]["category"][0]["value"] == "کفش"
        assert [one["value"] for one in answer["facets"]["brand"]] == ["Adidas", "Nike"]


@pytest.mark.parametrize("name", ["size", "SIZE", " Size"])
async def test_options_are_those_of_active_variations(store: Shop, name: str) -> None:
    """With the prices of the variations; a product without variations has its own attributes."""
    answer = await answer_of(store, categories=["کفش"], facets=[f"attributes.{name}"])
    assert answer["facets"] == {
        f"attributes.{name}": [
            of("43", 2, "4500000", "6000000"),
            of("42", 1, "4000000", "4000000"),
            of("45", 1, "6000000", "6000000"),
        ]
    }


async def test_attributes_that_no_variation_has_are_the_products(store: Shop) -> None:
    """In any spelling of their name; one that no result has is empty."""
    facets = ["attributes.sole", "attributes.رنگ", "attributes.حافظهٔ‌ داخلی", "attributes.وزن"]
    answer = await answer_of(store, min_price=0, facets=facets)
    assert answer["facets"]["attributes.sole"] == [of("Rubber", 1, "4000000", "5000000")]
    assert answer["facets"]["attributes.حافظهٔ‌ داخلی"] == [of("۱۲۸ گیگابایت", 1, "9000000", "9000000")]
    assert answer["facets"]["attributes.وزن"] == []
    colours = {one["value"]: one["count"] for one in answer["facets"]["attributes.رنگ"]}
    assert colours == {"آبی": 2, "مشکی": 2, "سفید": 1, "قهوه‌ای": 1, "آبی روشن": 1}


async def test_a_value_counts_what_its_filter_finds(store: Shop) -> None:
    """For every value of every facet."""
    facets = {"brand": "brands", "category": "categories", "attributes.رنگ": None, "attributes.size": None}
    answer = await answer_of(store, min_price=0, facets=list(facets))
    for facet, field in facets.items():
        assert answer["facets"][facet]
        for one in answer["facets"][facet]:
            wanted = {field: [one["value"]]} if field else {"attributes": {facet[11:]: [one["value"]]}}
            assert (await answer_of(store, min_price=0, **wanted))["total"] == one["count"]


async def test_spellings_of_one_value_in_one_product(shop: Shop) -> None:
    """The product counts once; the most frequent spelling is shown."""
    await stocked(
        shop,
        [
            {
                "id": 1,
                "name": "A",
                "brands": ["Nike", "nike"],
                "categories": ["لپتاپ", "لپ تاپ"],
                "price": "1",
            },
            {"id": 2, "name": "B", "brands": ["nike"], "categories": ["لپ تاپ"], "price": "2"},
            {"id": 3, "name": "C", "brands": ["Nikon"], "price": "3"},
        ],
    )
    answer = await answer_of(shop, min_price=0, facets=["brand", "category"])
    assert answer["facets"]["brand"][0] == of("nike", 2, "1", "2")
    assert {(one["value"], one["count"]) for one in answer["facets"]["brand"][1:]} == {("Nikon", 1)}
    assert answer["facets"]["category"] == [of("لپ تاپ", 2, "1", "2")]


async def test_at_most_fifty_values(shop: Shop) -> None:
    """The most frequent ones; a facet asked twice is one."""
    names = [f"N{n}" for n in range(60)]
    colours = [f"C{n}" for n in range(70)]
    await stocked(
        shop,
        [
            {"id": 1, "name": "A", "brands": names, "price": "1", "attributes": [attribute("C", *colours)]},
            {"id": 2, "name": "B", "brands": names[55:], "price": "2", "variations": [variation(21, "2")]},
        ],
    )
    answer = await answer_of(shop, min_price=0, facets=["brand", "brand", "attributes.c"])
    assert [one["count"] for one in answer["facets"]["brand"]] == [2] * 5 + [1] * 45
    assert len(answer["facets"]["attributes.c"]) == 50


async def test_products_without_a_price(store: Shop) -> None:
    """Their values have no range of prices, and the facet of prices does not count them."""
    answer = await answer_of(store, categories=["هدیه"], facets=["category", "price"])
    assert answer["facets"] == {
        "category": [of("هدیه", 1, None, None)],
        "price": {"min": None, "max": None, "count": 0},
    }
    assert SHOE not in {hit["product"]["id"] for hit in answer["results"]}
