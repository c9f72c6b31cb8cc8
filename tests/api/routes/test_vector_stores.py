"""`POST /v1/vector_stores/{id}/search`, asked by OpenAI's own client."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest
import pytest_asyncio
from openai.types import VectorStoreSearchResponse

from api.schemas.vector_filters import DEEPEST, MOST_COMPARISONS, MOST_VALUES
from contracts.stores import AssistantAccess
from database.search.conditions.fields import FIELDS
from knowledge.chunks import estimate_tokens
from tests.support.assistants import GIFT, SHOE, lamp, opened
from tests.support.search_catalogue import CATALOGUE, PHONE, SHIRT, stocked
from tests.support.shop import Shop
from tests.support.system import System


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store of Persian and English products."""
    return await stocked(await system.shop(currency="IRT"), [*CATALOGUE, SHOE, GIFT])


@pytest_asyncio.fixture(scope="module")
async def client(system: System, store: Shop) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(system, store.secret) as opened_client:
        yield opened_client


def client_of(system: System, token: str) -> openai.AsyncOpenAI:
    """Returns OpenAI's client, which only knows another base URL and the token of a store."""
    return openai.AsyncOpenAI(
        base_url=f"{str(system.http.base_url).rstrip('/')}/v1", api_key=token, max_retries=0
    )


async def found(
    client: openai.AsyncOpenAI, shop: Shop, query: Any = "محصول", **asked: Any
) -> list[VectorStoreSearchResponse]:
    """Returns the results of a search, in their order."""
    page = await client.vector_stores.search(str(shop.store_id), query=query, max_num_results=50, **asked)
    return list(page.data)


def numbers(results: list[VectorStoreSearchResponse]) -> list[int]:
    return sorted(int(one.file_id.removeprefix("woo_")) for one in results)


async def test_a_result_is_a_product_as_a_file(client: openai.AsyncOpenAI, store: Shop) -> None:
    """Its attributes have the price as a number of the shop's own currency; its text says it in words."""
    page = await client.vector_stores.search(str(store.store_id), query="کفش پیاده‌روی نورا")
    assert page.object == "vector_store.search_results.page"
    best = page.data[0]
    assert (best.file_id, best.filename) == ("woo_900", "کفش پیاده‌روی نورا")
    assert 0 < best.score <= 1
    attributes = best.attributes
    assert attributes
    times = {name: attributes.pop(name) for name in ("facts_at", "known_at")}
    assert all(str(time).endswith("Z") for time in times.values())
    assert attributes == {
        "product_id": "woo_900",
        "title": "کفش پیاده‌روی نورا",
        "price": 1_250_000,
        "max_price": 1_400_000,
        "regular_price": 1_500_000,
        "currency": "IRT",
        "in_stock": True,
        "availability": "in_stock",
        "brand": "نورا",
        "category": "کفش",
        "sku": "SH-9",
        "url": "https://shop.example/p/900",
        "image": "https://shop.example/i/900.jpg",
    }
    assert best.content[0].type == "text"
    assert best.content[0].text.startswith("کفش پیاده‌روی نورا")
    assert best.content[0].text.endswith("۱٬۲۵۰٬۰۰۰ تا ۱٬۴۰۰٬۰۰۰ تومان — موجود")


async def test_the_answer_has_every_field_of_openai(store: Shop) -> None:
    """`search_query`, `has_more` and `next_page` too."""
    answer = await post(store, {"query": "کفش", "max_num_results": 1})
    content = answer.json()
    assert content["search_query"] == ["کفش"]
    assert content["has_more"] is True
    more = (await post(store, {"query": "کفش", "max_num_results": 1, "page": content["next_page"]})).json()
    assert more["data"][0]["file_id"] != content["data"][0]["file_id"]


async def test_several_questions_give_one_list(client: openai.AsyncOpenAI, store: Shop) -> None:
    """Each product once, with its best score."""
    results = await found(client, store, ["کفش پیاده‌روی نورا", "Adidas boot", "کفش پیاده‌روی نورا"])
    assert len(numbers(results)) == len(set(numbers(results)))
    assert {"woo_900", "woo_4"} <= {one.file_id for one in results[:2]}
    assert [one.score for one in results] == sorted((one.score for one in results), reverse=True)


@pytest.mark.parametrize("query", ["زرافه صورتی", "pink giraffe", ["pink giraffe", "زرافه صورتی"]])
async def test_what_the_store_has_not_is_not_found(store: Shop, query: Any) -> None:
    """Nothing is returned, and nothing follows."""
    content = (await post(store, {"query": query, "max_num_results": 1})).json()
    assert (content["data"], content["has_more"], content["next_page"]) == ([], False, None)


async def test_a_whole_price_is_an_integer(store: Shop) -> None:
    """`1250000` and not `1250000.0`."""
    answer = await post(store, {"query": "کفش پیاده‌روی نورا", "max_num_results": 1})
    assert '"price":1250000,' in answer.text


async def test_a_threshold_leaves_out_low_scores(client: openai.AsyncOpenAI, store: Shop) -> None:
    """Scores are between 0 and 1."""
    all_found = await found(client, store, "لپ‌تاپ یا گوشی")
    least = all_found[0].score
    assert len(await found(client, store, "لپ‌تاپ یا گوشی", ranking_options={"score_threshold": least})) == 1
    assert len(all_found) > 1


async def test_a_rewritten_question_understands_prices(client: openai.AsyncOpenAI, store: Shop) -> None:
    """Only if the client asks for it, as OpenAI's default is."""
    query = "کفش زیر ۲ میلیون تومان"
    assert 4 in numbers(await found(client, store, query))
    assert numbers(await found(client, store, query, rewrite_query=True)) == [900]


def eq(key: str, value: Any, kind: str = "eq") -> dict[str, Any]:
    return {"type": kind, "key": key, "value": value}


def both(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "and", "filters": [*filters]}


def either(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "or", "filters": [*filters]}


ALL = [1, 2, 3, 4, 5, 6, 7, 900, 950]


def without(*left_out: int) -> list[int]:
    return [number for number in ALL if number not in left_out]


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    (eq("in_stock", value=False), [2]),
    (eq("in_stock", "true"), without(2)),
    (eq("in_stock", value=True, kind="ne"), [2]),
    (eq("price", 9_000_000), [1]),
    (eq("price", "9,000,000"), [1]),
    (eq("price", "۹٬۰۰۰٬۰۰۰"), [1]),
    (eq("price", 9_000_000, "ne"), without(1)),
    (eq("price", 9_000_000, "gt"), [5]),
    (eq("price", 9_000_000, "gte"), [1, 5]),
    (eq("price", 150_000, "lt"), []),
    (eq("price", 150_000, "lte"), [2]),
    (eq("price", [150_000, 800_000], "in"), [2, 6]),
    (eq("price", [150_000, 800_000], "nin"), without(2, 6)),
    (eq("max_price", 1_400_000), [900]),
    (eq("regular_price", 1_000_000, "gt"), [900]),
    (eq("brand", "نايك"), [3, 6]),
    (eq("brand", "NIKE"), [3, 6]),
    (eq("brand", "NIKE", "ne"), without(3, 6)),
    (eq("brand", ["nike", "سامسونگ"], "in"), [1, 3, 6]),
    (eq("brand", ["nike", "سامسونگ"], "nin"), without(1, 3, 6)),
    (eq("brand", "nobody"), []),
    (eq("brand", "nobody", "ne"), ALL),
    (eq("category", "كفش"), [3, 4, 900]),
    (eq("category", "موبایل"), [1]),
    (eq("sku", "sm a155f"), [1]),
    (eq("sku", "PEG-42-W"), [3]),
    (eq("sku", ["SH9", "SM-A155F"], "in"), [1, 900]),
    (eq("title", "پیراهن مردانه"), [6]),
    (eq("title", "پیراهن"), []),
    (eq("product_id", "woo_4"), [4]),
    (eq("product_id", ["woo_4", "woo_5"], "in"), [4, 5]),
    (eq("currency", "IRT"), ALL),
    (eq("availability", "out_of_stock"), [2]),
    (eq("url", "https://shop.example/p/900"), [900]),
    (eq("url", "https://shop.example/%00"), []),
    (eq("attributes.رنگ", "آبی"), [1, 2]),
    (eq("attributes.size", "45"), [4]),
    (eq("attributes.size", ["42", "45"], "in"), [3, 4]),
    (eq("attributes.size", 45), [4]),
    (eq("attributes.سایز", "۴۲"), [900]),
    (eq("attributes.size", "44", "ne"), without(3)),
    (eq("known_at", "2020-01-01T00:00:00Z", "gt"), ALL),
    (eq("facts_at", "2020-01-01T00:00:00Z", "lt"), []),
    (both(eq("category", "کفش"), eq("brand", "Nike", "ne")), [4, 900]),
    (both(eq("in_stock", value=True), either(eq("brand", "nike"), eq("price", 40_000_000, "gt"))), [3, 5, 6]),
    (
        either(eq("product_id", "woo_1"), both(eq("in_stock", value=False), eq("category", "قاب گوشی"))),
        [1, 2],
    ),
    (both(either(both(either(eq("sku", "SM-A155F"))))), [1]),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=repr)
async def test_filters_compare_attributes(
    client: openai.AsyncOpenAI, store: Shop, filters: dict[str, Any], expected: list[int]
) -> None:
    """Names, codes and attributes tolerantly, as every other filter; prices as numbers, times as times."""
    assert numbers(await found(client, store, "*", filters=filters)) == expected


async def test_what_is_shown_can_be_filtered_by(system: System) -> None:
    """The address in ASCII, whether the shop wrote letters or escapes, and times in whole seconds."""
    shop = await system.shop(currency="IRT")
    links = (
        "https://shop.example/محصول/كفش‌ها",
        "https://shop.example/%D9%85%D8%AD%D8%B5%D9%88%D9%84",
        "https://فروشگاه.example/چراغ?a=%20b",
    )
    await stocked(shop, [lamp(number, permalink=link) for number, link in enumerate(links, 1)])
    results = (await post(shop, {"query": "*"})).json()["data"]
    assert len(results) == len(links)
    for result in results:
        for key in ("url", "facts_at", "known_at"):
            value = result["attributes"][key]
            asked = both(eq("product_id", result["file_id"]), eq(key, value))
            again = (await post(shop, {"query": "*", "filters": asked})).json()["data"]
            assert [one["file_id"] for one in again] == [result["file_id"]], (key, value)


async def test_a_condition_joins_the_other_filters(store: Shop) -> None:
    """Words of a rewritten question filter too."""
    content = await post(
        store,
        {"query": "گوشی یا پیراهن زیر ۱ میلیون", "rewrite_query": True, "filters": eq("brand", "nike")},
    )
    assert [one["file_id"] for one in content.json()["data"]] == [f"woo_{SHIRT}"]


async def post(shop: Shop, body: Any) -> httpx2.Response:
    return await shop.http.post(f"/v1/vector_stores/{shop.store_id}/search", json=body, headers=shop.headers)


def nested(levels: int) -> dict[str, Any]:
    """Returns a filter with so many levels."""
    filter_ = eq("in_stock", value=True)
    for _ in range(levels - 1):
        filter_ = both(filter_)
    return filter_


async def test_deep_and_long_filters_have_limits(store: Shop) -> None:
    """What is just below them is answered."""
    many = [eq("price", n, "ne") for n in range(MOST_COMPARISONS)]
    for allowed in (nested(DEEPEST), both(*many), eq("price", [*range(MOST_VALUES)], "in")):
        assert (await post(store, {"query": "کفش", "filters": allowed})).status_code == 200
    for refused in (
        nested(DEEPEST + 1),
        nested(100),
        both(*many, eq("price", 1)),
        both(both(*many), eq("price", 1)),
        eq("price", [*range(MOST_VALUES + 1)], "in"),
    ):
        answer = await post(store, {"query": "کفش", "filters": refused})
        assert answer.status_code == 400
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": 5}, "query"),
        ({"query": []}, "query"),
        ({"query": ["a"] * 6}, "query"),
        ({"query": ["a", 5]}, "query"),
        ({"query": "a", "max_num_results": 0}, "max_num_results"),
        ({"query": "a", "max_num_results": 51}, "max_num_results"),
        ({"query": "a", "colour": "red"}, "colour"),
        ({"query": "a", "page": "x"}, "page"),
        ({"query": ["a", "b"], "page": "x"}, "page"),
        ({"query": "a", "ranking_options": {"score_threshold": 2}}, "ranking_options.score_threshold"),
        ({"query": "a", "filters": 5}, "filters"),
        ({"query": "a", "filters": {}}, "filters.type"),
        ({"query": "a", "filters": eq("colour", "red")}, "filters.key"),
        ({"query": "a", "filters": eq("attributes.", "red")}, "filters.key"),
        ({"query": "a", "filters": eq("brand", "red", "gt")}, "filters.type"),
        ({"query": "a", "filters": eq("brand", "red", "in")}, "filters.value"),
        ({"query": "a", "filters": eq("brand", ["red"])}, "filters.value"),
        ({"query": "a", "filters": eq("brand", [], "in")}, "filters.value"),
        ({"query": "a", "filters": eq("brand", None)}, "filters.value"),
        ({"query": "a", "filters": eq("brand", {"a": 1})}, "filters.value"),
        ({"query": "a", "filters": eq("brand", value=True)}, "filters.value"),
        ({"query": "a", "filters": eq("brand", "a\x00")}, "filters.value"),
        ({"query": "a", "filters": eq("price", "many")}, "filters.value"),
        ({"query": "a", "filters": eq("price", value=True)}, "filters.value"),
        ({"query": "a", "filters": eq("price", 1e300)}, "filters.value"),
        ({"query": "a", "filters": eq("in_stock", "maybe")}, "filters.value"),
        ({"query": "a", "filters": eq("in_stock", 1)}, "filters.value"),
        ({"query": "a", "filters": eq("known_at", "today")}, "filters.value"),
        ({"query": "a", "filters": eq("known_at", 5)}, "filters.value"),
        ({"query": "a", "filters": both(eq("price", 1), eq("x", 1))}, "filters.filters.1.key"),
        ({"query": "a", "filters": both()}, "filters.filters"),
    ],
    ids=lambda value: repr(value)[:80],
)
async def test_a_wrong_parameter_is_named(store: Shop, body: dict[str, Any], param: str) -> None:
    """In OpenAI's shape, with HTTP 400."""
    answer = await post(store, body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_value")
    assert error["param"] == param
    assert error["message"].startswith(f"{param}: ")


async def test_an_unknown_key_names_the_known_ones(client: openai.AsyncOpenAI, store: Shop) -> None:
    """So that an assistant can ask again."""
    with pytest.raises(openai.BadRequestError) as refused:
        await found(client, store, filters=eq("colour", "red"))
    assert refused.value.param == "filters.key"
    for key in FIELDS:
        assert key in refused.value.message


async def test_the_client_raises_its_own_errors(system: System, store: Shop) -> None:
    """For an unknown token, for another store, for a closed store, and for too many requests."""
    async with client_of(system, "wc_sk_live_unknown") as stranger:
        with pytest.raises(openai.AuthenticationError) as unknown:
            await found(stranger, store)
        assert unknown.value.code == "invalid_api_key"
    other = await system.shop()
    async with client_of(system, other.secret) as client:
        with pytest.raises(openai.NotFoundError):
            await found(client, store)
        await opened(other, AssistantAccess.OFF)
        with pytest.raises(openai.PermissionDeniedError):
            await found(client, other)


async def test_the_body_of_an_error_without_json_has_the_shape(store: Shop) -> None:
    """A broken body, and a large one."""
    path = f"/v1/vector_stores/{store.store_id}/search"
    for body in (b"", b"{", b"[]", b"\xff", b'{"query": NaN}', b"[" * 5000):
        answer = await store.http.post(path, content=body, headers=store.headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"
    large = await store.http.post(path, content=b" " * 70_000, headers=store.headers)
    assert large.status_code == 413
    assert large.json()["error"]["message"] == "Payload too large"


async def test_what_is_not_there_is_said_in_the_same_shape(system: System, store: Shop) -> None:
    """Other routes of OpenAI, and ids of vector stores that are no ids."""
    async with client_of(system, store.secret) as client:
        for call in (client.models.list, client.vector_stores.list):
            with pytest.raises(openai.NotFoundError) as missing:
                await call()
            assert missing.value.code == "not_found"
        with pytest.raises(openai.NotFoundError) as unknown:
            await client.vector_stores.search("vs_abc", query="کفش")
        assert unknown.value.type == "invalid_request_error"


async def test_the_largest_answer_is_bounded(system: System) -> None:
    """50 products with long texts and links stay below 20,000 tokens, and the attributes OpenAI's limits."""
    shop = await system.shop(currency="IRT")
    long = {
        "description": f"<p>{'چراغ رومیزی با نور گرم و ملایم ' * 25}</p>",
        "permalink": f"https://shop.example/{'چراغ-' * 200}",
        "image": f"https://shop.example/{'a' * 400}.jpg",
        "brands": ["ب" * 600],
        "categories": ["د" * 600],
        "sku": "S" * 200,
    }
    events = [await shop.submit(lamp(n, name=f"چراغ {n} " + "ن" * 500, **long)) for n in range(1, 52)]
    for event in events:
        await shop.ended(event)
    answer = await post(shop, {"query": "چراغ رومیزی", "max_num_results": 50})
    assert len(answer.json()["data"]) == 50
    assert estimate_tokens(answer.text) < 20_000
    for each in (answer, await post(shop, {"query": "چراغ رومیزی", "max_num_results": 1})):
        for result in each.json()["data"]:
            assert len(result["attributes"]) <= 16
            assert all(len(str(value)) <= 512 for value in result["attributes"].values())


async def test_the_phone_is_found_by_its_code(client: openai.AsyncOpenAI, store: Shop) -> None:
    """A code in the question finds its product first."""
    results = await found(client, store, "SM-A155F")
    assert results[0].file_id == f"woo_{PHONE}"
