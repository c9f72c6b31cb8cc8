"""Prices in search where a product has another currency than its store."""

from typing import Any

import pytest
import pytest_asyncio

from contracts.stores import AssistantAccess
from tests.support.assistants import opened
from tests.support.search_catalogue import answer_of, attribute, numbers_of, stocked, variation
from tests.support.shop import Shop
from tests.support.system import System

TOMAN, RIAL, THOUSANDS, DOLLAR = 1, 2, 3, 4


def _lamp(number: int, name: str, price: str, currency: str) -> dict[str, Any]:
    options = [("سایز", "۴۲"), ("Size", "43")]
    return {
        "id": number,
        "name": name,
        "type": "variable",
        "price": price,
        "currency": currency,
        "brands": ["نورا"],
        "stock_status": "instock",
        "attributes": [attribute(name, option) for name, option in options],
        "variations": [variation(number * 10, price, options=dict(options))],
    }


LAMPS = [
    _lamp(TOMAN, "چراغ رومیزی", "1000000", "IRT"),
    _lamp(RIAL, "چراغ دیواری", "5000000", "IRR"),
    _lamp(THOUSANDS, "چراغ سقفی", "2000", "IRHT"),
    _lamp(DOLLAR, "Desk lamp", "300", "USD"),
]


@pytest_asyncio.fixture(scope="module")
async def persian(system: System) -> Shop:
    """A public store with prices in toman."""
    return await stocked(await opened(await system.shop(currency="IRT"), AssistantAccess.PUBLIC), LAMPS)


@pytest_asyncio.fixture(scope="module")
async def english(system: System) -> Shop:
    """A public store with prices in dollars."""
    return await stocked(await opened(await system.shop(currency="USD"), AssistantAccess.PUBLIC), LAMPS)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"max_price": "1000000"}, {TOMAN, RIAL}),
        ({"min_price": "1000000"}, {TOMAN, THOUSANDS}),
        ({"min_price": "0"}, {TOMAN, RIAL, THOUSANDS}),
        ({"max_price": "1000000", "attributes": {"سایز": ["42"]}}, {TOMAN, RIAL}),
        ({"attributes": {"Size": ["۴۳"]}}, {TOMAN, RIAL, THOUSANDS, DOLLAR}),
    ],
    ids=repr,
)
async def test_limits_are_in_the_currency_of_the_store(
    persian: Shop, fields: dict[str, Any], found: set[int]
) -> None:
    """Rial are converted to toman; dollars are not compared, and pass where no price is asked."""
    assert set(numbers_of(await answer_of(persian, **fields))) == found


async def test_an_order_by_price_is_in_the_currency_of_the_store(persian: Shop, english: Shop) -> None:
    """Prices that cannot be compared come last, on every page, and the facet leaves them out."""
    asked: dict[str, Any] = {"brands": ["نورا"], "facets": ["price", "attributes.سایز"], "limit": 2}
    for shop, sort, order in (
        (persian, "price", [RIAL, TOMAN, THOUSANDS, DOLLAR]),
        (persian, "-price", [THOUSANDS, TOMAN, RIAL, DOLLAR]),
        (english, "price", [DOLLAR, TOMAN, RIAL, THOUSANDS]),
    ):
        first = await answer_of(shop, **asked, sort=sort)
        second = await answer_of(shop, **asked, sort=sort, cursor=first["next"])
        assert numbers_of(first) + numbers_of(second) == order
    facets = (await answer_of(persian, **asked))["facets"]
    assert facets["price"] == {"min": "500000", "max": "2000000", "count": 3}
    assert [(one["min_price"], one["max_price"]) for one in facets["attributes.سایز"]] == [
        ("500000", "2000000")
    ]
    facets = (await answer_of(english, **asked))["facets"]
    assert facets["price"] == {"min": "300", "max": "300", "count": 1}


async def test_without_a_currency_of_the_store_each_price_counts_as_it_is(system: System) -> None:
    """Nothing says what the limit is in."""
    shop = await stocked(await system.shop(), LAMPS)
    assert set(numbers_of(await answer_of(shop, max_price="2000"))) == {THOUSANDS, DOLLAR}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"max_price": "1000000"}, {TOMAN, RIAL}),
        ({"price": {"min": 1_000_000_000}}, {TOMAN, THOUSANDS}),
        ({"min_price": "99999999999999999"}, set()),
        ({"max_price": "99999999999999999"}, {TOMAN, RIAL, THOUSANDS}),
    ],
    ids=repr,
)
async def test_a_lookup_compares_as_a_search_does(
    persian: Shop, filters: dict[str, Any], found: set[int]
) -> None:
    """A limit that no price can reach leaves nothing."""
    asked = {"ids": [f"woo_{lamp['id']}" for lamp in LAMPS], "filters": filters}
    for operation, body in (("lookup", asked), ("search", {"filters": filters})):
        answer = await persian.http.post(f"/ucp/{persian.store_id}/catalog/{operation}", json=body)
        products = answer.json()["products"]
        assert {int(one["id"].removeprefix("woo_")) for one in products} == found, operation


async def test_a_lookup_in_dollars_leaves_toman_out(english: Shop) -> None:
    """300 dollars are no 300 toman."""
    body = {"ids": ["woo_1", "woo_4"], "filters": {"price": {"max": 30_000}}}
    answer = await english.http.post(f"/ucp/{english.store_id}/catalog/lookup", json=body)
    assert [one["id"] for one in answer.json()["products"]] == ["woo_4"]
