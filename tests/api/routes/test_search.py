"""`POST /api/v1/knowledge/search/`: its body, its authentication and its results."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from api.app import SEARCH_BYTES
from api.schemas.search import MAX_QUERY_CHARACTERS
from embedded.ports import free_ports
from fakes.openai import EmbeddingServer, Fault, insufficient_quota, invalid_api_key, server_error
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.system import System, serving

SEARCH = "/api/v1/knowledge/search/"

CATALOGUE: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "لپ‌تاپ گیمینگ ایسوس",
        "description": "<p>پردازندهٔ قدرتمند و صفحه‌نمایش ۱۵٫۶ اینچ با ۱۶ گیگابایت حافظه.</p>",
        "price": "45000000",
        "regular_price": "48000000",
        "sale_price": "45000000",
        "on_sale": True,
        "sku": "ROG-1",
        "global_unique_id": "4711081234567",
        "brands": ["ایسوس"],
        "attributes": [{"name": "رنگ", "options": ["مشکی"]}],
        "stock_quantity": 5,
        "stock_status": "instock",
        "categories": ["لپ‌تاپ", "Gaming"],
        "permalink": "https://shop.example/p/1",
        "image": "https://shop.example/i/1.jpg",
        "currency": "IRT",
    },
    {
        "id": 2,
        "name": "لپ‌تاپ سبک لنوو",
        "description": "<p>باتری بادوام برای کار روزانه.</p>",
        "price": "30000000",
        "stock_status": "outofstock",
        "categories": ["لپ‌تاپ"],
    },
    {
        "id": 3,
        "name": "کیف لپ‌تاپ چرمی",
        "description": "<p>چرم طبیعی، کیفیت دوخت بالا.</p>",
        "price": "2750000",
        "stock_status": "instock",
        "categories": ["کیف"],
    },
    {"id": 4, "name": "کارت هدیه", "description": "<p>بدون قیمت.</p>", "price": "", "categories": ["هدیه"]},
]


def as_utc(moment: datetime) -> str:
    """Returns a time as responses have it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def stocked(shop: Shop) -> Shop:
    for event_id in [await shop.submit(product) for product in CATALOGUE]:
        assert (await shop.ended(event_id))["status"] == "succeeded"
    return shop


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with the catalogue; tests do not change it."""
    return await stocked(await system.shop())


async def ask(shop: Shop, **fields: Any) -> httpx2.Response:
    return await shop.http.post(SEARCH, json=fields, headers=shop.headers)


@pytest_asyncio.fixture(scope="module")
async def deaf(configure: Configure) -> AsyncIterator[httpx2.AsyncClient]:
    """An API with an embedding service that is down."""
    (closed,) = free_ports(1)
    async with serving(configure(OPENAI_BASE_URL=f"http://127.0.0.1:{closed}/v1")) as http:
        yield http


async def by_words(shop: Shop, deaf: httpx2.AsyncClient, query: str) -> list[str]:
    """Returns the results of the search by words alone."""
    answer = await ask(replace(shop, http=deaf), query=query)
    assert (answer.status_code, answer.json()["mode"]) == (200, "words")
    return [hit["product"]["external_id"] for hit in answer.json()["results"]]


async def test_a_hit_has_a_chunk_and_the_current_product(store: Shop, embeddings: EmbeddingServer) -> None:
    """In the shape of the contract; prices are strings, so that no digit is lost."""
    answer = await ask(store, query="لپ‌تاپ گیمینگ با حافظهٔ زیاد", limit=1)
    assert answer.status_code == 200
    content = answer.json()
    assert content["mode"] == "hybrid"
    (hit,) = content["results"]
    assert hit["score"] > 0
    assert "حافظه" in hit["text"]
    row = await store.product(1)
    assert row
    assert hit["product"] == {
        "id": row["id"],
        "external_id": "woo_1",
        "title": "لپ‌تاپ گیمینگ ایسوس",
        "price": "45000000",
        "min_price": "45000000",
        "max_price": "45000000",
        "regular_price": "48000000",
        "on_sale": True,
        "currency": "IRT",
        "in_stock": True,
        "availability": "in_stock",
        "stock_quantity": "5",
        "sku": "ROG-1",
        "gtin": "4711081234567",
        "brands": ["ایسوس"],
        "categories": ["لپ‌تاپ", "Gaming"],
        "attributes": [{"name": "رنگ", "options": ["مشکی"]}],
        "variations": [],
        "variations_total": 0,
        "details": {},
        "link": "https://shop.example/p/1",
        "image": "https://shop.example/i/1.jpg",
        "facts_at": as_utc(row["received_at"]),
        "known_at": as_utc(row["knowledge_at"]),
    }
    assert content == {
        "mode": "hybrid",
        "confidence": "high",
        "total": content["total"],
        "next": content["next"],
        "understood": {},
        "unmatched": [],
        "results": [hit],
        "facets": {},
    }
    assert set(hit) == {"score", "similarity", "matched", "text", "product"}
    assert 2 <= content["total"] <= 4
    assert 0 < hit["score"] <= 1
    assert 0 < hit["similarity"] <= 1
    assert sum(embeddings.texts.values()) == 1


async def test_hits_come_best_first(store: Shop) -> None:
    """Scores decrease, and the product in question is first."""
    hits = await store.search("کیف چرمی زیبا")
    assert hits[0]["product"]["external_id"] == "woo_3"
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


async def test_a_question_is_embedded_once(store: Shop, embeddings: EmbeddingServer) -> None:
    """The same question again, also in another spelling, costs no embedding."""
    for query in ("هدفون بی‌سیم", "هدفون  بي‌سيم ", "هدفون بی‌سیم"):
        assert (await ask(store, query=query)).status_code == 200
    assert sum(embeddings.texts.values()) == 1


@pytest.mark.parametrize("path", [SEARCH, SEARCH.removesuffix("/")])
async def test_with_and_without_slash(store: Shop, path: str) -> None:
    """No redirect."""
    answer = await store.http.post(path, json={"query": "کیف"}, headers=store.headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("authorization", [None, "Bearer wc_sk_live_unknown", "Basic eDp5"])
async def test_a_token_is_needed(store: Shop, authorization: str | None) -> None:
    """A 401 without one."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await store.http.post(SEARCH, json={"query": "کیف"}, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"query": None}, "query"),
        ({"query": ""}, "query"),
        ({"query": "   "}, "query"),
        ({"query": "\x00\u200c"}, "query"),
        ({"query": ["کیف"]}, "query"),
        ({"query": 5}, "query"),
        ({"query": "ک" * (MAX_QUERY_CHARACTERS + 1)}, "query"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": None}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"store": "mine"}, "store"),
        ({"in_stock": "perhaps"}, "in_stock"),
        ({"min_price": -1}, "min_price"),
        ({"min_price": "cheap"}, "min_price"),
        ({"min_price": "NaN"}, "min_price"),
        ({"max_price": "Infinity"}, "max_price"),
        ({"max_price": [1]}, "max_price"),
        ({"max_price": "1" * 40}, "max_price"),
        ({"category": 5}, "category"),
        ({"category": "ک" * 201}, "category"),
        ({"categories": "کیف"}, "categories"),
        ({"categories": ["کیف", 5]}, "categories.1"),
        ({"categories": [""]}, "categories.0"),
        ({"brands": ["ک"] * 21}, "brands"),
        ({"brands": ["ک" * 201]}, "brands.0"),
        ({"exclude": ["سامسونگ"]}, "exclude"),
        ({"exclude": {"colours": ["red"]}}, "exclude.colours"),
        ({"exclude": {"brands": [None]}}, "exclude.brands.0"),
        ({"attributes": ["رنگ"]}, "attributes"),
        ({"attributes": {"رنگ": "مشکی"}}, "attributes.رنگ"),
        ({"attributes": {"رنگ": []}}, "attributes.رنگ"),
        ({"attributes": {str(n): ["1"] for n in range(11)}}, "attributes"),
        ({"sort": "cheapest"}, "sort"),
        ({"facets": ["colour"]}, "facets.0"),
        ({"facets": ["attributes."]}, "facets.0"),
        ({"facets": ["attributes.\x00"]}, "facets.0"),
        ({"facets": ["brand"] * 11}, "facets"),
        ({"understand": "no"}, "understand"),
        ({"cursor": 5}, "cursor"),
        ({"cursor": "c" * 401}, "cursor"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:40],
)
async def test_a_wrong_field_is_named(store: Shop, changes: dict[str, Any], field: str) -> None:
    """A 400 names it; unknown fields are errors too, so that a typing error does not widen a search."""
    answer = await ask(store, **{"query": "کیف", **changes})
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert answer.json()["error"].startswith(f"{field}: ")


async def test_a_question_or_a_filter_is_required(store: Shop) -> None:
    """An object without either is refused, and a body that is not an object too."""
    for nothing in (
        {"limit": 5},
        {"store": store.store_id},
        {"query": " \u200c", "categories": [], "exclude": {}, "attributes": {}},
        {"category": "", "sort": "price", "facets": ["brand"]},
    ):
        answer = await ask(store, **nothing)
        assert (answer.status_code, answer.json()["field"]) == (400, "query")
    for content, status in ((b"", 400), (b"[]", 400), (b"{", 400), (b" " * (SEARCH_BYTES + 1), 413)):
        answer = await store.http.post(SEARCH, content=content, headers=store.headers)
        assert answer.status_code == status
        assert "error" in answer.json()


@pytest.mark.parametrize(
    "content",
    [
        '{"query": "کیف", "attributes": ' + '{"a":' * 5_000 + "1" + "}" * 5_001,
        '{"query": ' + "[" * 10_000 + "]" * 10_000 + "}",
        '{"query": "کیف", "min_price": 1e400}',
        '{"query": "کیف", "max_price": ' + "9" * 5_000 + "}",
        '{"query": "کیف", "limit": ' + "9" * 5_000 + "}",
        '{"query": "کیف", "min_price": NaN}',
        '{"query": "\\ud800"}',
        '{"query": "' + "ک" * 10_000 + '"}',
        '{"categories": ' + str(["ک" * 200] * 50).replace("'", '"') + "}",
    ],
    ids=range(9),
)
async def test_a_hostile_body_is_refused(store: Shop, content: str) -> None:
    """Depth, numbers and lengths that no question needs are a 400."""
    answer = await store.http.post(SEARCH, content=content.encode(), headers=store.headers)
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {1, 2, 3}),
        ({"in_stock": True}, {1, 3}),
        ({"in_stock": False}, {2}),
        ({"min_price": 30_000_000}, {1, 2}),
        ({"min_price": "30000000.01"}, {1}),
        ({"max_price": 2_750_000}, {3}),
        ({"max_price": "30000000"}, {2, 3}),
        ({"min_price": 2_750_001, "max_price": 44_999_999}, {2}),
        ({"min_price": 5, "max_price": 4}, set()),
        ({"min_price": 0}, {1, 2, 3}),
        ({"category": "لپ‌تاپ"}, {1, 2}),
        ({"category": "gaming"}, {1}),
        ({"category": "GAMING"}, {1}),
        ({"category": "کفش"}, set()),
        ({"category": "%"}, set()),
        ({"category": "\x00"}, set()),
        ({"category": "لپ‌تاپ", "in_stock": True, "max_price": 50_000_000}, {1}),
    ],
    ids=repr,
)
async def test_answers_satisfy_every_filter(store: Shop, fields: dict[str, Any], found: set[int]) -> None:
    """Stock, inclusive price limits and categories in any case; products without a price match no limit."""
    hits = await store.search("لپ‌تاپ", **fields)
    assert {hit["product"]["external_id"] for hit in hits} == {f"woo_{number}" for number in found}


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (3, 3), (100, 4)])
async def test_the_limit_is_kept(store: Shop, limit: int, count: int) -> None:
    """The response has at most that many hits, the best ones."""
    everything = await store.found("لپ‌تاپ سبک")
    assert await store.found("لپ‌تاپ سبک", limit=limit) == everything[:count]


async def test_price_and_stock_are_current(shop: Shop) -> None:
    """Results and filters use the present values, also if they changed after the text was embedded."""
    assert await shop.sync(CATALOGUE[0]) == "succeeded"
    cheaper = {**CATALOGUE[0], "price": "39999999.5", "stock_status": "outofstock", "stock_quantity": 0}
    assert await shop.sync(cheaper) == "unchanged"
    (hit,) = await shop.search("لپ‌تاپ", in_stock=False, max_price="39999999.50")
    assert Decimal(hit["product"]["price"]) == Decimal("39999999.5")
    assert (hit["product"]["in_stock"], hit["product"]["stock_quantity"]) == (False, "0")
    assert await shop.found("لپ‌تاپ", in_stock=True) == []


async def test_products_of_other_tenants_are_not_found(
    store: Shop, shop: Shop, deaf: httpx2.AsyncClient
) -> None:
    """Neither by vectors nor by words; an empty store has no results."""
    for query in ("لپ‌تاپ گیمینگ ایسوس", "کیف لپ‌تاپ چرمی"):
        assert await shop.found(query) == []
    own = {"id": 1, "name": "لپ‌تاپ گیمینگ ایسوس", "price": "1"}
    assert await shop.sync(own) == "succeeded"
    (hit,) = await shop.search("لپ‌تاپ گیمینگ ایسوس")
    assert hit["product"]["price"] == "1"
    assert await by_words(shop, deaf, "چرم طبیعی گاو") == []
    assert await by_words(shop, deaf, f"store={store.store_id} user={store.user_id} چرم") == []


async def test_a_token_searches_its_store_only(system: System, store: Shop) -> None:
    """Another store of the same owner is a 404, like an unknown one; its own store may be named."""
    second = await system.second_shop(store.user_id)
    assert await second.found("لپ‌تاپ") == []
    for number in (store.store_id, 0, -1, 2**70):
        answer = await ask(second, query="لپ‌تاپ", store=number)
        assert answer.status_code == 404
        assert answer.json()["field"] == "store"
    assert len(await store.found("لپ‌تاپ", store=store.store_id)) == 3


@pytest.mark.parametrize(
    ("fault", "query"),
    [
        (server_error(), "کیف چرمی قهوه‌ای"),
        (insufficient_quota(), "کیف چرمی مشکی"),
        (invalid_api_key(), "کیف چرمی سفید"),
        ("reset", "کیف چرمی سبز"),
    ],
    ids=["500", "quota", "key", "reset"],
)
async def test_search_uses_words_while_embedding_fails(
    store: Shop, embeddings: EmbeddingServer, fault: Fault, query: str
) -> None:
    """Search responds for every failure of the embedding service, says so in `mode`, and recovers."""
    embeddings.fail_always(fault)
    answer = await ask(store, query=query)
    assert answer.status_code == 200
    assert answer.json()["mode"] == "words"
    assert answer.json()["results"][0]["product"]["external_id"] == "woo_3"
    embeddings.fail_always(None)
    assert (await ask(store, query=query)).json()["mode"] == "hybrid"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("لپ‌تاپ", {1, 2, 3}),
        ("لپتاپ", {1, 2, 3}),
        ("لپ تاپ", {1, 2, 3}),
        ("گيمينگ", {1}),
        ("كيف", {3}),
        ("15.6 اینچ", {1}),
        ("۱۵٫۶", {1}),
        ("١٥٫٦", {1}),
        ("16 گیگابايت", {1}),
        ("پردازنده", {1}),
        ("بادوام؟!", {2}),
        ("روزانه‌ی", {2}),
        ("gaming", {1}),
        ("کفش", set()),
    ],
)
async def test_spelling_does_not_hide_a_product(
    store: Shop, deaf: httpx2.AsyncClient, query: str, found: set[int]
) -> None:
    """Arabic and Persian letters and digits, half-spaces, spaces and none, by words alone."""
    assert set(await by_words(store, deaf, query)) == {f"woo_{number}" for number in found}


async def test_a_product_is_one_hit(shop: Shop, deaf: httpx2.AsyncClient) -> None:
    """If several chunks match, the hit shows one of them."""
    sentences = " ".join(f"این میز چوبی مدل {n} از چوب گردو ساخته شده است." for n in range(400))
    assert await shop.sync({"id": 9, "name": "میز گردو", "description": f"<p>{sentences}</p>"}) == "succeeded"
    assert len(await shop.chunks(9)) > 3
    assert await shop.found("میز چوبی گردو") == ["woo_9"]
    assert await by_words(shop, deaf, "چوب گردو میز") == ["woo_9"]


@pytest.mark.parametrize(
    "query",
    [
        "'; DROP TABLE products; --",
        "' OR '1'='1",
        'کیف" OR "x',
        "کیف\\",
        "\\' کیف",
        "کیف & | ! ( ) <-> :*",
        "!کیف",
        "کیف:ABCD*",
        "کیف\x00چرمی",
        "%(vector)s :vector {} {0} %s",
        "$1 $$ کیف $$",
        "\u202eکیف\u202c \ufeff",
        "!!! ؟؟",
        "😀",
        "ک" * MAX_QUERY_CHARACTERS,
        "a " * (MAX_QUERY_CHARACTERS // 2),
        "<script>alert(1)</script>",
    ],
    ids=range(17),
)
async def test_a_hostile_question_is_only_a_question(
    store: Shop, deaf: httpx2.AsyncClient, query: str
) -> None:
    """Quotes, backslashes, operators and NULs are text, with vectors and without."""
    for shop in (store, replace(store, http=deaf)):
        answer = await ask(shop, query=query)
        assert answer.status_code == 200, answer.text
        assert all(hit["product"]["external_id"].startswith("woo_") for hit in answer.json()["results"])
    assert len(await store.rows("SELECT id FROM products WHERE store_id = :store")) == len(CATALOGUE)
