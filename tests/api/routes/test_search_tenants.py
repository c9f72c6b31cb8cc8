"""Filters, facets, totals, variations and known values of search are the asker's own."""

from typing import Any

import pytest
import pytest_asyncio

from tests.support.search_catalogue import SEARCH, answer_of, attribute, stocked, variation
from tests.support.sessions import session_of
from tests.support.shop import Shop
from tests.support.system import System


def shirt(brand: str, size: str, price: str) -> dict[str, Any]:
    """Returns product 1 of a shop, with one variation; all shops use the same ids."""
    return {
        "id": 1,
        "name": f"Shirt {brand}",
        "brands": [brand, "Common"],
        "categories": ["Shirts", f"Of {brand}"],
        "attributes": [attribute("Size", size)],
        "variations": [variation(11, price, options={"Size": size}, sku=f"{brand}-1")],
    }


@pytest_asyncio.fixture(scope="module")
async def own(system: System) -> Shop:
    return await stocked(await system.shop(), [shirt("Own", "S", "10")])


@pytest_asyncio.fixture(scope="module")
async def second(system: System, own: Shop) -> Shop:
    """Another store of the same user."""
    return await stocked(await system.second_shop(own.user_id), [shirt("Second", "M", "20")])


@pytest_asyncio.fixture(scope="module")
async def foreign(system: System) -> Shop:
    """A store of another user."""
    return await stocked(await system.shop(), [shirt("Foreign", "L", "30")])


FACETS = ["brand", "category", "price", "attributes.size"]


def seen(answer: dict[str, Any]) -> dict[str, Any]:
    """Returns what an answer shows of brands, sizes, prices and variations."""
    facets = answer["facets"]
    return {
        "total": answer["total"],
        "brands": {(one["value"], one["count"]) for one in facets["brand"]},
        "categories": {one["value"] for one in facets["category"]},
        "sizes": {one["value"] for one in facets["attributes.size"]},
        "prices": (facets["price"]["min"], facets["price"]["max"]),
        "variations": {
            hit["product"]["title"]: [each["sku"] for each in hit["product"]["variations"]]
            for hit in answer["results"]
        },
    }


@pytest.mark.parametrize("query", [None, "Shirt"])
async def test_an_integration_sees_its_store(
    own: Shop, second: Shop, foreign: Shop, query: str | None
) -> None:
    """Not the other stores, whether they are of the same user or not."""
    for shop, brand, size, price in ((own, "Own", "S", "10"), (second, "Second", "M", "20")):
        answer = await answer_of(shop, query=query, categories=["Shirts"], facets=FACETS)
        assert seen(answer) == {
            "total": 1,
            "brands": {(brand, 1), ("Common", 1)},
            "categories": {"Shirts", f"Of {brand}"},
            "sizes": {size},
            "prices": (price, price),
            "variations": {f"Shirt {brand}": [f"{brand}-1"]},
        }


@pytest.mark.parametrize("query", [None, "Shirt"])
async def test_a_user_sees_all_own_stores(
    system: System, own: Shop, second: Shop, foreign: Shop, query: str | None
) -> None:
    """Or one of them; products with the same id keep their own variations."""
    headers = await session_of(system, own.user_id)
    body = {"query": query, "brands": ["common"], "facets": FACETS}
    answer = (await system.http.post(SEARCH, json=body, headers=headers)).json()
    assert seen(answer) == {
        "total": 2,
        "brands": {("Own", 1), ("Second", 1), ("Common", 2)},
        "categories": {"Shirts", "Of Own", "Of Second"},
        "sizes": {"S", "M"},
        "prices": ("10", "20"),
        "variations": {"Shirt Own": ["Own-1"], "Shirt Second": ["Second-1"]},
    }
    one = {**body, "store": second.store_id}
    assert seen((await system.http.post(SEARCH, json=one, headers=headers)).json())["brands"] == {
        ("Second", 1),
        ("Common", 1),
    }
    other = {**body, "store": foreign.store_id}
    assert (await system.http.post(SEARCH, json=other, headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"brands": ["Foreign"]},
        {"brands": ["Foreig"]},
        {"category": "Of Foreign"},
        {"categories": ["Foreign"]},
        {"attributes": {"size": ["L"]}},
        {"brands": ["Second"]},
        {"attributes": {"size": ["M"]}},
        {"exclude": {"brands": ["Foreign"]}, "brands": ["Second"]},
    ],
    ids=repr,
)
async def test_values_of_other_stores_are_unknown(
    own: Shop, second: Shop, foreign: Shop, fields: dict[str, Any]
) -> None:
    """They find nothing, and are not among the values that are named."""
    for query in (None, "Shirt"):
        answer = await answer_of(own, query=query, **fields)
        assert (answer["total"], answer["results"]) == (0, [])
        assert answer["unmatched"]
        for report in answer["unmatched"]:
            assert report["known"]
            assert set(report["known"]) <= {"Own", "Common", "Shirts", "Of Own", "S"}


async def test_a_user_filters_by_values_of_each_store(
    system: System, own: Shop, second: Shop, foreign: Shop
) -> None:
    """A value of one store finds products there only; a product has no sizes of another store's."""
    headers = await session_of(system, own.user_id)
    for fields, titles in (
        ({"attributes": {"size": ["m"]}, "in_stock": True}, ["Shirt Second"]),
        ({"attributes": {"size": ["s", "l"]}}, ["Shirt Own"]),
        ({"brands": ["own", "foreign"]}, ["Shirt Own"]),
        ({"exclude": {"brands": ["own"]}}, ["Shirt Second"]),
        ({"max_price": 15}, ["Shirt Own"]),
    ):
        answer = (await system.http.post(SEARCH, json=fields, headers=headers)).json()
        assert [hit["product"]["title"] for hit in answer["results"]] == titles
