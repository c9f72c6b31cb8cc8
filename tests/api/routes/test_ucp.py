"""UCP's catalogue over REST: searches, lookups and single products, as UCP's own models read them."""

from typing import Any

import httpx2
import pytest
import pytest_asyncio
from ucp_sdk.models.schemas.common.types.error_response import ErrorResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.catalog_lookup import GetProductResponse, LookupResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.catalog_search import SearchResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types

from api.assistants.ucp.requests import MOST_IDS, MOST_PRODUCTS
from contracts.stores import AssistantAccess
from tests.support.assistants import GIFT, SHOE, lamp, opened
from tests.support.search_catalogue import attribute, variation
from tests.support.shop import Shop
from tests.support.system import System

BOOT: dict[str, Any] = {
    "id": 960,
    "name": "پوتین چرمی",
    "price": "3000000",
    "brands": ["کوهستان"],
    "categories": ["کفش"],
    "sku": "BT-1",
    "stock_status": "outofstock",
}

SHAPES: dict[str, Any] = {
    "search": SearchResponse,
    "lookup": LookupResponse,
    "product": GetProductResponse,
}


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A public store with prices in toman."""
    shop = await opened(await system.shop(currency="IRT"), AssistantAccess.PUBLIC)
    for product in (SHOE, GIFT, BOOT):
        await shop.sync(product)
    return shop


async def post(shop: Shop, operation: str, body: Any) -> httpx2.Response:
    return await shop.http.post(f"/ucp/{shop.store_id}/catalog/{operation}", json=body)


async def ask(shop: Shop, operation: str, **body: Any) -> dict[str, Any]:
    """Returns a response with HTTP status 200, which UCP's own models accept."""
    response = await post(shop, operation, body)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    shape = SHAPES[operation] if content["ucp"]["status"] == "success" else ErrorResponse
    shape.model_validate(content)
    return content


def codes(content: dict[str, Any]) -> list[str]:
    return [message["code"] for message in content.get("messages", ())]


def ids(content: dict[str, Any]) -> list[str]:
    return [product["id"] for product in content["products"]]


def variants(product: dict[str, Any]) -> list[str]:
    return [variant["id"] for variant in product["variants"]]


async def test_a_search_finds_products_with_prices_in_minor_units_of_rial(store: Shop) -> None:
    """1,250,000 toman are 1,250,000,000 minor units of rial, and the shop's words say toman."""
    content = await ask(store, "search", query="کفش پیاده‌روی")
    product = content["products"][0]
    assert product["id"] == "woo_900"
    assert product["price_range"] == {
        "min": {"amount": 1_250_000_000, "currency": "IRR"},
        "max": {"amount": 1_400_000_000, "currency": "IRR"},
    }
    own = product["metadata"]["com.pilito"]
    assert own["price_text"] == "۱٬۲۵۰٬۰۰۰ تا ۱٬۴۰۰٬۰۰۰ تومان"
    assert own["currency"] == "IRT"
    assert 0 < own["score"] <= 1
    assert content["com.pilito"]["confidence"] == "high"
    assert content["ucp"] == {
        "version": "2026-08-25",
        "status": "success",
        "capabilities": {"dev.ucp.shopping.catalog.search": [{"version": "2026-08-25"}]},
    }


async def test_a_question_of_a_sign_lists_all_products(store: Shop) -> None:
    """The newest first; a product without a price is named in a message."""
    content = await ask(store, "search", query="*")
    assert ids(content) == ["woo_960", "woo_900"]
    assert content["pagination"] == {"has_next_page": False, "total_count": 3}
    [message] = content["messages"]
    assert (message["type"], message["code"]) == ("warning", "price_unavailable")
    assert "کارت هدیه" in message["content"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"categories": ["كفش"]}, ["woo_900", "woo_960"]),
        ({"brands": ["نورا"]}, ["woo_900"]),
        ({"categories": ["کفش"], "exclude": {"brands": ["نورا"]}}, ["woo_960"]),
        ({"categories": ["کفش"], "in_stock": True}, ["woo_900"]),
        ({"attributes": {"سایز": ["43"]}, "in_stock": True}, []),
        ({"attributes": {"سایز": ["42"], "رنگ": ["سفید"]}}, ["woo_900"]),
        ({"min_price": "2000000"}, ["woo_960"]),
        ({"max_price": "2000000"}, ["woo_900"]),
        ({"max_price": 1.1e-308}, []),
        ({"min_price": 1.1e-308}, ["woo_900", "woo_960"]),
        ({"price": {"max": 2_000_000_000}}, ["woo_900"]),
        ({"price": {"min": 1_300_000_000, "max": 2_999_999_999}}, ["woo_900"]),
        ({"price": {"max": 9_000_000_000}, "max_price": "2000000"}, ["woo_900"]),
    ],
    ids=repr,
)
async def test_filters_narrow_a_search(store: Shop, filters: dict[str, Any], found: list[str]) -> None:
    """UCP's `categories` and `price`, in rial, and our own, in the shop's currency; all of them count."""
    assert sorted(ids(await ask(store, "search", filters=filters))) == found


async def test_the_variants_that_are_asked_for_come_first(system: System) -> None:
    """A search for one size and colour of many shows it at its own price, not others."""
    shop = await opened(await system.shop(currency="IRT"), AssistantAccess.PUBLIC)
    sizes = {size: str(size).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) for size in range(36, 44)}
    boot = {
        **BOOT,
        "type": "variable",
        "stock_status": "instock",
        "attributes": [attribute("سایز", *sizes.values()), attribute("رنگ", "مشکی", "سفید")],
        "variations": [
            variation(2_000 + size, f"{size}00000", options={"سایز": text, "رنگ": colour})
            for (size, text), colour in zip(sizes.items(), ["مشکی"] * 7 + ["سفید"], strict=True)
        ],
    }
    assert await shop.sync(boot) == "succeeded"
    for attributes in ({"سایز": ["43"]}, {"رنگ": ["سفید"]}, {"سایز": ["۴۳"], "رنگ": ["سفید"]}):
        content = await ask(shop, "search", filters={"attributes": attributes})
        [product] = content["products"]
        first = product["variants"][0]
        assert (first["id"], first["price"]["amount"]) == ("woo_2043", 4_300_000_000), attributes
        assert len(product["variants"]) == 5


async def test_a_price_in_a_foreign_currency_is_no_filter(store: Shop) -> None:
    """A message says so; the store's own currency filters, in any case of letters."""
    foreign = {"price": {"max": 5}}
    content = await ask(store, "search", query="*", filters=foreign, context={"currency": "EUR"})
    assert len(ids(content)) == 2
    assert codes(content) == ["price_filter_ignored", "price_unavailable"]
    assert "IRR" in content["messages"][0]["content"]
    looked_up = await ask(store, "lookup", ids=["woo_900"], filters=foreign, context={"currency": "EUR"})
    assert (ids(looked_up), codes(looked_up)) == (["woo_900"], ["price_filter_ignored"])
    own = await ask(store, "search", query="*", filters=foreign, context={"currency": "irr"})
    assert (ids(own), codes(own)) == ([], [])


async def test_an_unknown_filter_is_named(store: Shop) -> None:
    """Nothing is filtered by it, and the reader is not left to believe that it was."""
    for operation, asked in (("search", {"query": "کفش"}), ("lookup", {"ids": ["woo_900"]})):
        content = await ask(store, operation, **asked, filters={"colour": ["red"]})
        assert "filter_ignored" in codes(content)
        assert "woo_900" in ids(content)


async def test_words_of_the_question_become_filters(store: Shop) -> None:
    """What was understood is said, and can be switched off; facets count the results."""
    content = await ask(store, "search", query="کفش زیر ۲ میلیون تومان", facets=["brand", "price"])
    assert ids(content) == ["woo_900"]
    own = content["com.pilito"]
    assert own["understood"] == {"max_price": "2000000"}
    assert own["facets"]["brand"] == [
        {"value": "نورا", "count": 1, "min_price": "1250000", "max_price": "1400000"}
    ]
    assert own["facets"]["price"]["count"] == 1
    literal = await ask(store, "search", query="کفش زیر ۲ میلیون تومان", understand=False)
    assert literal["com.pilito"]["understood"] == {}


async def test_a_value_that_no_product_has_is_reported(store: Shop) -> None:
    """With values that products have."""
    content = await ask(store, "search", query="کفش", filters={"brands": ["نوراا"]})
    assert ids(content) == []
    [report] = content["com.pilito"]["unmatched"]
    assert (report["field"], report["value"], report["known"][0]) == ("brands", "نوراا", "نورا")


async def test_pages_continue(system: System) -> None:
    """Each product is on one page; more than 20 products are never on one, and 10 without a limit."""
    shop = await opened(await system.shop(currency="USD"), AssistantAccess.PUBLIC)
    for event in [await shop.submit(lamp(number)) for number in range(1, 25)]:
        await shop.ended(event)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    sizes = []
    while True:
        content = await ask(shop, "search", query="desk lamp", pagination=cursor)
        sizes.append(len(content["products"]))
        seen += ids(content)
        assert content["pagination"]["total_count"] == 24
        if not content["pagination"]["has_next_page"]:
            break
        cursor = {"cursor": content["pagination"]["cursor"]}
    assert sizes == [10, 10, 4]
    assert len(set(seen)) == 24
    large = await ask(shop, "search", query="desk lamp", pagination={"limit": 10**6})
    assert len(large["products"]) == MOST_PRODUCTS
    foreign = await post(shop, "search", {"query": "another", "pagination": {"cursor": cursor["cursor"]}})
    assert foreign.status_code == 400
    cheapest = await ask(shop, "search", query="*", sort="price", pagination={"limit": 1})
    assert cheapest["products"][0]["price_range"]["min"] == {"amount": 150, "currency": "USD"}
    assert cheapest["products"][0]["metadata"]["com.pilito"]["price_text"] == "1.50 USD"


async def test_ids_mean_products_and_variants(store: Shop) -> None:
    """Each product once, with the variants that are meant, and for each of these the ids that mean it."""
    content = await ask(
        store, "lookup", ids=["woo_903", "woo_900", "woo_900", "sh 9 b42", "BT-1", "woo_1", "نیست"]
    )
    shoe, boot = content["products"]
    assert [(variant["id"], variant["inputs"]) for variant in shoe["variants"]] == [
        ("woo_901", [{"id": "woo_900", "match": "featured"}, {"id": "sh 9 b42", "match": "exact"}]),
        ("woo_903", [{"id": "woo_903", "match": "exact"}]),
    ]
    assert boot["variants"][0]["inputs"] == [{"id": "BT-1", "match": "exact"}]
    assert [(m["type"], m["code"], m["content"]) for m in content["messages"]] == [
        ("info", "not_found", "woo_1"),
        ("info", "not_found", "نیست"),
    ]


async def test_unknown_ids_are_no_error(store: Shop) -> None:
    """The list of products is empty, and a product without a price is not among them."""
    content = await ask(store, "lookup", ids=["nothing", "woo_950"])
    assert content["products"] == []
    assert codes(content) == ["price_unavailable", "not_found"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"price": {"max": 1_250_000_000}}, ["woo_901"]),
        ({"price": {"min": 1_350_000_000}}, ["woo_903"]),
        ({"min_price": "1400000"}, ["woo_903"]),
        ({"in_stock": False}, ["woo_902"]),
        ({"attributes": {"رنگ": ["سفيد"]}}, ["woo_903"]),
        ({"attributes": {"جنس": ["چرم"]}}, []),
        ({"price": {"max": 5}}, []),
        ({"categories": ["کیف"]}, []),
        ({"categories": ["کفش"], "brands": ["نورا"]}, ["woo_901"]),
        ({"exclude": {"brands": ["نورا"]}}, []),
    ],
    ids=repr,
)
async def test_filters_narrow_a_lookup(store: Shop, filters: dict[str, Any], found: list[str]) -> None:
    """The featured variant is the first one that passes; without one, the product is left out."""
    content = await ask(store, "lookup", ids=["woo_900"], filters=filters)
    assert [id_ for product in content["products"] for id_ in variants(product)] == found
    one = await ask(store, "product", id="woo_900", filters=filters)
    if found:
        assert variants(one["product"])[0] == found[0]
    else:
        assert (one["ucp"]["status"], codes(one)) == ("error", ["not_found"])


async def test_too_many_ids_are_refused(store: Shop) -> None:
    """With UCP's own code, as HTTP 400."""
    assert (await post(store, "lookup", {"ids": ["woo_900"] * MOST_IDS})).status_code == 200
    response = await post(store, "lookup", {"ids": [f"woo_{n}" for n in range(MOST_IDS + 1)]})
    assert response.status_code == 400
    ErrorResponse.model_validate(response.json())
    assert codes(response.json()) == ["request_too_large"]


async def test_a_product_has_all_its_variants(store: Shop) -> None:
    """The featured one first; its options are selected, and the values of options say what goes with them."""
    product = (await ask(store, "product", id="woo_900"))["product"]
    assert variants(product) == ["woo_901", "woo_903", "woo_902"]
    assert product["selected"] == [{"name": "رنگ", "label": "مشکی"}, {"name": "سایز", "label": "۴۲"}]
    assert product["options"] == [
        {
            "name": "رنگ",
            "values": [
                {"label": "مشکی", "available": True, "exists": True},
                {"label": "سفید", "available": True, "exists": True},
            ],
        },
        {
            "name": "سایز",
            "values": [
                {"label": "۴۲", "available": True, "exists": True},
                {"label": "۴۳", "available": False, "exists": True},
            ],
        },
    ]


async def test_a_variant_comes_first_and_decides_the_options(store: Shop) -> None:
    """Options that are selected besides do not matter."""
    content = await ask(store, "product", id="woo_903", selected=[{"name": "رنگ", "label": "مشکی"}])
    product = content["product"]
    assert variants(product) == ["woo_903"]
    assert product["selected"] == [{"name": "رنگ", "label": "سفید"}, {"name": "سایز", "label": "۴۲"}]
    assert product["options"][1]["values"][1] == {"label": "۴۳", "available": False, "exists": False}


@pytest.mark.parametrize(
    ("selected", "preferences", "effective", "found"),
    [
        ({"رنگ": "مشكي"}, [], {"رنگ": "مشکی"}, ["woo_901", "woo_902"]),
        ({"سایز": "42"}, [], {"سایز": "۴۲"}, ["woo_901", "woo_903"]),
        ({"سایز": "43", "رنگ": "سفید"}, ["رنگ", "سایز"], {"رنگ": "سفید"}, ["woo_903"]),
        ({"رنگ": "سفید", "سایز": "43"}, ["سایز", "رنگ"], {"سایز": "۴۳"}, ["woo_902"]),
        ({"رنگ": "سفید", "سایز": "43"}, ["سایز"], {"سایز": "۴۳"}, ["woo_902"]),
        ({"رنگ": "سفید", "سایز": "43"}, [], {"رنگ": "سفید"}, ["woo_903"]),
        ({"جنس": "چرم"}, [], {}, ["woo_901", "woo_903", "woo_902"]),
    ],
)
async def test_selected_options_choose_variants(
    store: Shop, selected: dict[str, str], preferences: list[str], effective: dict[str, str], found: list[str]
) -> None:
    """Where no variant has them all, the least preferred ones are dropped; names and values are tolerant."""
    asked = [{"name": name, "label": label} for name, label in selected.items()]
    content = await ask(store, "product", id="woo_900", selected=asked, preferences=preferences)
    product = content["product"]
    assert {one["name"]: one["label"] for one in product.get("selected", ())} == effective
    assert variants(product) == found


async def test_a_product_with_many_variants_shows_fifty(store: Shop) -> None:
    """The last one comes first if it is asked for, and every value of an option is named."""
    sizes = [str(size) for size in range(1, 121)]
    many = [variation(2_000 + n, f"{n}000", options={"Size": size}) for n, size in enumerate(sizes, 1)]
    await store.sync({**BOOT, "id": 980, "sku": "", "variations": many, "attributes": []})
    product = (await ask(store, "product", id="woo_980"))["product"]
    assert len(product["variants"]) == 50
    assert product["metadata"]["com.pilito"]["variants_total"] == 120
    assert product["price_range"]["max"]["amount"] == 120_000_000
    last = (await ask(store, "product", id="woo_2120"))["product"]
    assert variants(last) == ["woo_2120"]
    assert last["selected"] == [{"name": "Size", "label": "120"}]
    looked_up = await ask(store, "lookup", ids=["woo_2120", "woo_2001"])
    assert variants(looked_up["products"][0]) == ["woo_2001", "woo_2120"]
    await store.sync({"id": 980}, "product.deleted")


async def test_a_simple_product_has_itself_as_its_variant(store: Shop) -> None:
    """Under its own id and title, and without options."""
    product = (await ask(store, "product", id="woo_960"))["product"]
    assert variants(product) == ["woo_960"]
    assert product["variants"][0]["availability"] == {"available": False, "status": "out_of_stock"}
    assert {"selected", "options"}.isdisjoint(product)


@pytest.mark.parametrize(("id_", "code"), [("woo_1", "not_found"), ("woo_950", "price_unavailable")])
async def test_a_product_that_cannot_be_shown_is_an_error_with_http_200(
    store: Shop, id_: str, code: str
) -> None:
    """An unknown one, and one without a price."""
    content = await ask(store, "product", id=id_)
    assert (content["ucp"]["status"], codes(content)) == ("error", [code])
    assert content["messages"][0]["severity"] == "unrecoverable"
    assert "product" not in content


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        ("search", {}, "query"),
        ("search", {"query": " "}, "query"),
        ("search", {"filters": {}}, "query"),
        ("search", {"filters": {"colour": "red"}}, "query"),
        ("search", {"query": 5}, "query"),
        ("search", {"query": "a" * 2_001}, "query"),
        ("search", {"query": "a", "pagination": {"limit": 0}}, "pagination.limit"),
        ("search", {"query": "a", "pagination": {"cursor": "x"}}, "cursor"),
        ("search", {"query": "a", "filters": {"price": {"min": -1}}}, "filters.price.min"),
        ("search", {"query": "a", "filters": {"price": {"max": 1.5}}}, "filters.price.max"),
        ("search", {"query": "a", "filters": {"max_price": "many"}}, "filters.max_price"),
        ("search", {"query": "a", "filters": {"categories": ["a"] * 21}}, "filters.categories"),
        ("search", {"query": "a", "facets": ["colour"]}, "facets.0"),
        ("search", {"query": "a", "sort": "best"}, "sort"),
        ("lookup", {}, "ids"),
        ("lookup", {"ids": []}, "ids"),
        ("lookup", {"ids": [""]}, "ids.0"),
        ("lookup", {"ids": ["a\x00"]}, "ids.0"),
        ("lookup", {"ids": ["a" * 256]}, "ids.0"),
        ("product", {"id": 5}, "id"),
        ("product", {"id": "a", "selected": [{"name": "رنگ"}]}, "selected.0.label"),
        (
            "product",
            {"id": "a", "selected": [{"name": "رنگ", "label": "a"}, {"name": " رنگ", "label": "b"}]},
            "selected.1.name",
        ),
        ("product", {"id": "a", "preferences": "رنگ"}, "preferences"),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_a_request_that_cannot_be_read_names_its_field(
    store: Shop, operation: str, body: dict[str, Any], field: str
) -> None:
    """In UCP's envelope, with HTTP 400."""
    response = await post(store, operation, body)
    assert response.status_code == 400
    ErrorResponse.model_validate(response.json())
    [message] = response.json()["messages"]
    assert (message["code"], message["severity"]) == ("invalid_request", "recoverable")
    assert message["content"].startswith(f"{field}: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"query": NaN}', b"[" * 5000, b"\xff"])
async def test_a_body_that_is_no_json_object_is_refused(store: Shop, body: bytes) -> None:
    """In UCP's envelope too."""
    for operation in SHAPES:
        response = await store.http.post(f"/ucp/{store.store_id}/catalog/{operation}", content=body)
        assert response.status_code == 400
        ErrorResponse.model_validate(response.json())


async def test_a_request_needs_neither_accept_nor_a_content_type(store: Shop) -> None:
    """Members that are not known here are ignored, as UCP asks."""
    path = f"/ucp/{store.store_id}/catalog/search"
    body = b'{"query": "*", "signals": {"dev.ucp.x": 1}, "context": {"intent": "x", "address_country": "IR"}}'
    request = store.http.build_request("POST", path, content=body)
    del request.headers["accept"]
    response = await store.http.send(request)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"


async def test_an_id_has_at_most_255_characters(system: System) -> None:
    """As many as a shop of an own platform may send."""
    shop = await opened(await system.shop(), AssistantAccess.PUBLIC)
    long = "ش" * 255
    content = await ask(shop, "lookup", ids=[long])
    assert [one["content"] for one in content["messages"]] == [long]
    assert codes(await ask(shop, "product", id=long)) == ["not_found"]
