"""What search understands of a question, and how sure its answer is."""

from typing import Any

import pytest
import pytest_asyncio

from contracts.search import Question
from database.search.understood import understood
from knowledge.search.builtin import builtin
from tests.support.shop import Shop
from tests.support.system import System

SEARCH = "/api/v1/knowledge/search/"

PHONES: list[dict[str, Any]] = [
    {"id": 1, "name": "گوشی سامسونگ Galaxy A15", "price": "7800000", "brands": ["سامسونگ"]},
    {"id": 2, "name": "گوشی نوکیا ساده", "price": "1150000", "brands": ["نوکیا"]},
    {"id": 3, "name": "گوشی اپل iPhone 15", "price": "95000000", "brands": ["Apple"]},
    {"id": 4, "name": "پایه نگهدارنده چوبی", "price": "340000", "categories": ["لوازم جانبی"]},
    {"id": 5, "name": "شال مشکی", "price": "400000", "categories": ["پوشاک"]},
    {"id": 6, "name": "شال سبز", "price": "450000", "categories": ["پوشاک"]},
]


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with some phones; tests do not change it."""
    shop = await system.shop()
    for product in PHONES:
        fields = {"description": "<p>کالای اصل</p>", "currency": "IRT", **product}
        assert await shop.sync(fields) == "succeeded"
    return shop


async def ask(shop: Shop, query: str, **fields: Any) -> dict[str, Any]:
    answer = await shop.http.post(SEARCH, json={"query": query, **fields}, headers=shop.headers)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def numbers(answer: dict[str, Any]) -> list[int]:
    return [int(hit["product"]["external_id"].removeprefix("woo_")) for hit in answer["results"]]


@pytest.mark.parametrize(
    ("query", "shown", "first", "never"),
    [
        ("گوشی زیر ۲ میلیون", {"max_price": "2000000"}, [2], {1, 3}),
        ("phone over 50 million toman", {"min_price": "50000000"}, [3], {1, 2, 4, 5, 6}),
        ("گوشی بین ۵ تا ۱۰ میلیون تومن", {"min_price": "5000000", "max_price": "10000000"}, [1], {2, 3}),
        ("گوشی از ۲ میلیون کمتر", {"max_price": "2000000"}, [2], {1, 3}),
        ("phone not over 2 million toman", {"max_price": "2000000"}, [2], {1, 3}),
        ("گوشی زیر ۹.۵ میلیون", {"max_price": "9500000"}, [], {3}),
        ("ارزان‌ترین گوشی", {"sort": "price"}, [2, 1, 3], set()),
        ("گران‌ترین گوشی", {"sort": "-price"}, [3, 1, 2], set()),
        ("ارزان‌ترین شال", {"sort": "price"}, [5, 6], set()),
        ("ارزان‌ترین پوشاک لطفا", {"sort": "price", "categories": ["پوشاک"]}, [5, 6], {1, 2, 3, 4}),
        ("جدیدترین پوشاک", {"sort": "newest", "categories": ["پوشاک"]}, [6, 5], {1, 2, 3, 4}),
        ("cheapest clothes", {"sort": "price", "categories": ["clothes"]}, [5, 6], {1, 2, 3, 4}),
        ("not the cheapest phone", {}, [], set()),
        ("گوشی غیر از سامسونگ و اپل", {"exclude": {"brands": ["سامسونگ", "اپل"]}}, [2], {1, 3}),
        ("phone except samsung", {"exclude": {"brands": ["samsung"]}}, [], {1}),
        ("شال به جز مشکی", {"exclude": {"words": ["مشکی"]}}, [6], {5}),
        ("گوشی غیر از برند سامسونگ", {"exclude": {"brands": ["سامسونگ"]}}, [2], {1}),
        ("گوشی غیر از گوشی سامسونگ", {"exclude": {"brands": ["سامسونگ"]}}, [2], {1}),
        ("phone, not a Samsung phone", {"exclude": {"brands": ["Samsung"]}}, [], {1}),
        ("phone, not those made by samsung", {"exclude": {"brands": ["samsung"]}}, [], {1}),
        ("I don't want samsung", {"exclude": {"brands": ["samsung"]}}, [], {1}),
        ("سامسونگ و اپل نباشه", {"exclude": {"brands": ["سامسونگ", "اپل"]}}, [], {1, 3}),
        ("گوشی سامسونگ و اپل نمی خوام", {"exclude": {"brands": ["سامسونگ", "اپل"]}}, [2], {1, 3}),
        ("شال غیر مشکی", {"exclude": {"words": ["مشکی"]}}, [6], {5}),
        ("شال به جز رنگ مشکی", {"exclude": {"words": ["مشکی"]}}, [6], {5}),
        ("شال غیر از شیائومی", {"exclude": {"words": ["شیائومی"]}}, [], set()),
        ("گوشی غیر ساده", {"exclude": {"words": ["ساده"]}}, [], {2}),
        ("مداد رنگی غیر سمی", {}, [], set()),
        ("shoes that do not hurt", {}, [], set()),
        ("I am not sure, maybe a phone", {}, [], set()),
        ("چوبی لوازم جانبی نباشه", {"exclude": {"categories": ["لوازم جانبی"]}}, [], {4}),
        ("شال غیر از لوازم جانبی", {"exclude": {"categories": ["لوازم جانبی"]}}, [], {4}),
        ("گوشی", {}, [], set()),
    ],
)
async def test_words_become_filters(
    store: Shop, query: str, shown: dict[str, Any], first: list[int], never: set[int]
) -> None:
    """Prices, orders and exclusions, in both languages; a brand is found in the other one as well."""
    answer = await ask(store, query)
    found = numbers(answer)
    assert answer["understood"] == shown
    assert found[: len(first)] == first
    assert not never.intersection(found)


@pytest.mark.parametrize("query", ["زیر ۴۵۰ هزار تومان", "سلام، چی زیر ۴۵۰ هزار تومن دارین؟"])
async def test_a_question_of_nothing_but_filters_is_a_list(store: Shop, query: str) -> None:
    """It has no words left to rank by, or polite ones only."""
    answer = await ask(store, query)
    assert answer["understood"] == {"max_price": "450000"}
    assert set(numbers(answer)) == {4, 5, 6}
    assert answer["confidence"] == "high"


async def test_understanding_can_be_turned_off(store: Shop) -> None:
    """All words are searched for then."""
    answer = await ask(store, "گوشی زیر ۲ میلیون", understand=False)
    assert answer["understood"] == {}
    assert {1, 2, 3} <= set(numbers(answer))


async def test_a_filter_of_the_request_wins(store: Shop) -> None:
    """The same for prices and the order; what else is understood counts on top."""
    answer = await ask(store, "ارزان‌ترین گوشی زیر ۲ میلیون غیر از اپل", max_price="10000000", sort="-price")
    assert answer["understood"] == {"exclude": {"brands": ["اپل"]}}
    assert numbers(answer) == [1, 2]


async def test_money_of_other_countries_stays_words(store: Shop) -> None:
    """A price in dollars says nothing about tomans."""
    assert (await ask(store, "phone under $50"))["understood"] == {}


async def test_prices_are_understood_in_rials(system: System) -> None:
    """In a store that counts in rials, people still say tomans."""
    shop = await system.shop(currency="IRR")
    await shop.sync({"id": 1, "name": "گوشی ساده", "price": "15000000"})
    await shop.sync({"id": 2, "name": "گوشی هوشمند", "price": "80000000"})
    answer = await ask(shop, "گوشی زیر ۲ میلیون")
    assert answer["understood"] == {"max_price": "20000000"}
    assert numbers(answer) == [1]


@pytest.mark.parametrize("name", ["مداد رنگی غیر سمی", "ارزان‌ترین مداد به جز مشکی", "forget me not earrings"])
async def test_the_name_of_a_product_is_not_understood(system: System, name: str) -> None:
    """All its words are searched for, and it is found first."""
    shop = await system.shop()
    await shop.sync({"id": 1, "name": "مداد رنگی earrings", "categories": ["earrings"]})
    await shop.sync({"id": 2, "name": name, "categories": ["earrings"]})
    answer = await ask(shop, name)
    assert (answer["understood"], numbers(answer)[0]) == ({}, 2)


async def test_a_bare_negation_is_part_of_names(system: System) -> None:
    """What names say with a negation is none, and a kind that names of the same thing have is."""
    shop = await system.shop()
    await shop.sync({"id": 1, "name": "مداد غیر سمی"})
    await shop.sync({"id": 2, "name": "مداد سمی"})
    await shop.sync({"id": 3, "name": "مودم همراه جیبی"})
    await shop.sync({"id": 4, "name": "مودم خانگی"})
    assert (await ask(shop, "مداد رنگی غیر سمی"))["understood"] == {}
    pockets = await ask(shop, "مودم غیر جیبی برای خانه")
    assert pockets["understood"] == {"exclude": {"words": ["جیبی"]}}
    assert numbers(pockets) == [4]


async def test_what_follows_an_unknown_value_is_not_asked(store: Shop) -> None:
    """Words after a brand are; a word that the store does not know takes what follows with it."""
    unknown = await ask(store, "شال به جز ابریشمی گوشی")
    assert unknown["understood"] == {"exclude": {"words": ["ابریشمی"]}}
    assert set(numbers(unknown)[:2]) == {5, 6}
    known = await ask(store, "گوشی غیر از سامسونگ ساده")
    assert numbers(known)[0] == 2


async def test_a_limit_that_contradicts_the_request_is_left_out(store: Shop) -> None:
    """The lowest price is never above the highest."""
    answer = await ask(store, "گوشی زیر ۲ میلیون", min_price="5000000")
    assert answer["understood"] == {}
    assert set(numbers(answer)) == {1, 3}


async def test_prices_stay_words_with_several_currencies(system: System) -> None:
    """A number would be another price in each store of the user; one store has one."""
    tomans = await system.shop(currency="IRT")
    await system.second_shop(tomans.user_id, currency="USD")
    for store_id, shown in ((None, {}), (tomans.store_id, {"max_price": 2_000_000})):
        question = Question(
            user_id=tomans.user_id, store_id=store_id, text="گوشی زیر ۲ میلیون تومان", vector=None
        )
        async with system.database.transaction() as connection:
            read = await understood(connection, question, builtin(), understand=True)
        assert read.shown == shown


async def test_pages_of_an_understood_question_follow_each_other(store: Shop) -> None:
    """The order that was understood is the order of all pages."""
    first = await ask(store, "ارزان‌ترین گوشی", limit=2)
    second = await ask(store, "ارزان‌ترین گوشی", limit=2, cursor=first["next"])
    assert (numbers(first), numbers(second), second["next"]) == ([2, 1], [3], None)


@pytest.mark.parametrize("query", ["گوشی سامسونگ", "galaxy a15", "شال سبز"])
async def test_an_answer_is_sure_of_what_the_store_has(store: Shop, query: str) -> None:
    """The best result has all words."""
    answer = await ask(store, query)
    assert answer["confidence"] == "high"
    assert answer["results"][0]["matched"] == {"share": 1.0, "missing": []}


@pytest.mark.parametrize("query", ["بلیط هواپیما", "violin strings", "سمعک"])
async def test_an_answer_is_unsure_of_what_the_store_lacks(store: Shop, query: str) -> None:
    """It names the words that the best result does not have."""
    answer = await ask(store, query)
    assert answer["confidence"] == "low"
    assert all(hit["matched"]["missing"] for hit in answer["results"])


async def test_a_code_is_sure(store: Shop) -> None:
    """Its product scores at least .95, and no other one does."""
    await store.sync({"id": 7, "name": "کابل", "sku": "CB-99/x", "price": "5"})
    answer = await ask(store, "cb99x")
    assert (numbers(answer)[0], answer["confidence"]) == (7, "high")
    assert [hit["score"] >= 0.95 for hit in answer["results"]][:2] in ([True], [True, False])
    await store.sync({"id": 7}, "product.deleted")
