"""Each tool, in Persian and English, by the official client in both eras of the protocol."""

import json
from dataclasses import replace
from typing import Any

import pytest
from ucp_sdk.models.schemas.shopping.catalog_lookup import GetProductResponse, LookupResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types
from ucp_sdk.models.schemas.shopping.catalog_search import SearchResponse  # type: ignore[import-untyped]  # ucp-sdk ships no types

from api.assistants.mcp.chatgpt import _named
from api.assistants.mcp.definitions import TOOLS
from knowledge.chunks import estimate_tokens
from tests.assistants.mcp.clients import ERAS, call, connected, text_of
from tests.catalogue.stored import PHONE
from tests.support.search_catalogue import answer_of
from tests.support.shop import Shop

LANGUAGES = {
    "persian": {
        "query": "چراغ برای کتاب خواندن",
        "title": "چراغ مطالعه رومیزی",
        "amount": 1_250_000_000,
        "list": 1_500_000_000,
        "currency": "IRR",
        "text": "۱٬۲۵۰٬۰۰۰ تومان",
        "url": "https://chap.example/p/1",
        "size": "سایز",
        "43": "۴۳",
        "colour": "رنگ",
        "white": "سفید",
        "sku": "PG-42-W",
        "23": "۵٬۰۰۰٬۰۰۰ تومان",
        "newest": "تازه‌ترین‌ها نخست",
    },
    "english": {
        "query": "lamp for reading",
        "title": "Reading lamp",
        "amount": 1999,
        "list": 2499,
        "currency": "USD",
        "text": "19.99",
        "url": "https://shop.example/p/1",
        "size": "Size",
        "43": "43",
        "colour": "Colour",
        "white": "White",
        "sku": "PEG-42-W",
        "23": "130 USD",
        "newest": "the newest first",
    },
}

both_languages = pytest.mark.parametrize("language", LANGUAGES)
both_eras = pytest.mark.parametrize("era", ERAS)


@pytest.fixture
def shop(language: str, persian: Shop, english: Shop) -> Shop:
    return {"persian": persian, "english": english}[language]


@pytest.fixture
def said(language: str) -> dict[str, Any]:
    """What the shop of the language says of the same products."""
    return LANGUAGES[language]


@both_eras
async def test_the_client_and_the_server_agree_on_a_version(english: Shop, era: str) -> None:
    """The newest of each era, and the tools are the same."""
    async with connected(english, era) as client:
        assert client.protocol_version == ERAS[era]
        listed = (await client.list_tools()).tools
    assert [tool.name for tool in listed] == [
        "search_catalog",
        "lookup_catalog",
        "get_product",
        "search",
        "fetch",
    ]
    for tool in listed:
        assert tool.title
        assert tool.description
        assert tool.output_schema
        assert tool.annotations
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert tool.annotations.open_world_hint is False


def test_the_list_of_tools_is_short() -> None:
    """Every conversation of every assistant begins with it."""
    listed = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in TOOLS.values()]
    assert estimate_tokens(json.dumps(listed, ensure_ascii=False)) < 3_000


@both_eras
@both_languages
async def test_search_catalog(shop: Shop, said: dict[str, Any], era: str) -> None:
    """Gives UCP's response: the likeliest product first, its price in minor units and in the shop's words."""
    async with connected(shop, era) as client:
        result = await client.call_tool("search_catalog", {"catalog": {"query": said["query"]}})
    found = result.structured_content
    SearchResponse.model_validate(found)
    first = found["products"][0]
    assert (first["id"], first["title"], first["url"]) == ("woo_1", said["title"], said["url"])
    [variant] = first["variants"]
    assert variant["price"] == {"amount": said["amount"], "currency": said["currency"]}
    assert variant["list_price"]["amount"] == said["list"]
    assert said["text"] in first["metadata"]["com.pilito"]["price_text"]
    assert found["com.pilito"]["confidence"] in ("high", "low")
    text = text_of(result)
    assert said["title"] in text
    assert said["text"] in text
    assert "{" not in text, "no JSON twice"
    assert len(text) < 2_000


@both_languages
async def test_search_is_that_of_the_api(shop: Shop, said: dict[str, Any]) -> None:
    """The same products in the same order, with the same scores and facets."""
    asked = {"query": said["query"], "facets": ["brand", "price"], "in_stock": True}
    direct = await answer_of(shop, **asked)
    async with connected(shop) as client:
        catalog = {"query": said["query"], "facets": ["brand", "price"], "filters": {"in_stock": True}}
        found = await call(client, "search_catalog", catalog=catalog)
    known = {
        hit["product"]["external_id"]: hit["score"] for hit in direct["results"] if hit["product"]["price"]
    }
    shown = {one["id"]: one["metadata"]["com.pilito"]["score"] for one in found["products"]}
    assert shown == pytest.approx({id_: known[id_] for id_ in shown}, abs=1e-3)
    assert "woo_1" in shown
    about = found["com.pilito"]
    assert about["confidence"] == direct["confidence"]
    assert about["facets"]["price"]["count"] == direct["facets"]["price"]["count"]
    assert [one["value"] for one in about["facets"]["brand"]] == [
        one["value"] for one in direct["facets"]["brand"]
    ]


@both_languages
async def test_pages_are_continued_by_their_cursor(shop: Shop, said: dict[str, Any]) -> None:
    """Each product is on one page."""
    seen: list[str] = []
    async with connected(shop) as client:
        catalog: dict[str, Any] = {"query": "*", "pagination": {"limit": 1}}
        while True:
            found = await call(client, "search_catalog", catalog=catalog)
            seen += [one["id"] for one in found["products"]]
            if not found["pagination"]["has_next_page"]:
                break
            catalog["pagination"]["cursor"] = found["pagination"]["cursor"]
    assert len(seen) == len(set(seen)) == found["com.pilito"]["total"] - 1, "one has no price"


@both_languages
async def test_filters_narrow_a_search(shop: Shop, said: dict[str, Any]) -> None:
    """UCP's price in minor units, ours in the shop's currency, attributes of one variant."""
    async with connected(shop) as client:

        async def ids(**filters: Any) -> set[str]:
            found = await call(client, "search_catalog", catalog={"filters": filters})
            return {one["id"] for one in found["products"]}

        assert await ids(price={"max": said["amount"]}) == {"woo_1"}
        assert await ids(min_price="1000", max_price="5") == set()
        assert "woo_2" not in await ids(exclude={"brands": ["nike", "نایکی"]})
        options = {said["size"]: [said["43"]], said["colour"]: [said["white"]]}
        assert await ids(attributes=options, in_stock=True) == {"woo_2"}


async def test_a_value_that_no_product_has_is_named(english: Shop) -> None:
    """With values that exist; a foreign currency is ignored with a message."""
    async with connected(english) as client:
        found = await call(client, "search_catalog", catalog={"filters": {"brands": ["Adidas"]}})
        assert found["products"] == []
        [unmatched] = found["com.pilito"]["unmatched"]
        assert (unmatched["field"], unmatched["value"]) == ("brands", "Adidas")
        assert "Nike" in unmatched["known"]
        filters = {"price": {"max": 1}, "in_stock": True}
        found = await call(
            client, "search_catalog", catalog={"filters": filters, "context": {"currency": "EUR"}}
        )
        assert found["products"]
        assert found["messages"][0]["code"] == "price_filter_ignored"


@both_languages
async def test_a_product_without_a_price_is_no_product_of_ucp(shop: Shop, said: dict[str, Any]) -> None:
    """A message names it; the text, `search` and `fetch` show it."""
    async with connected(shop) as client:
        result = await client.call_tool("search_catalog", {"catalog": {"query": "کارت هدیه gift card"}})
        found = result.structured_content
        assert "woo_3" not in {one["id"] for one in found["products"]}
        [message] = [one for one in found["messages"] if one["code"] == "price_unavailable"]
        assert "woo_3" in message["content"]
        assert "woo_3" in text_of(result)
        named = await call(client, "search", query="کارت هدیه gift card")
        assert "woo_3" in {one["id"] for one in named["results"]}
        assert (await call(client, "fetch", id="woo_3"))["metadata"]["price"] == ""


@both_eras
@both_languages
async def test_lookup_catalog(shop: Shop, said: dict[str, Any], era: str) -> None:
    """Products by id, SKU and variant, each once; unknown ids are named."""
    ids = ["woo_1", said["sku"], "woo_23", "woo_23", "nothing"]
    async with connected(shop, era) as client:
        result = await client.call_tool("lookup_catalog", {"catalog": {"ids": ids}})
    found = result.structured_content
    LookupResponse.model_validate(found)
    assert [one["id"] for one in found["products"]] == ["woo_1", "woo_2"]
    inputs = {one["id"]: one["inputs"] for one in found["products"][1]["variants"]}
    assert inputs == {
        "woo_21": [{"id": said["sku"], "match": "exact"}],
        "woo_23": [{"id": "woo_23", "match": "exact"}],
    }
    assert [one["content"] for one in found["messages"]] == ["nothing"]
    text = text_of(result)
    assert "not_found: nothing" in text
    assert [id_ for id_ in ("woo_21", "woo_22", "woo_23") if f": {id_}" in text] == ["woo_21", "woo_23"]
    assert said["23"] in text


@both_eras
@both_languages
async def test_get_product(shop: Shop, said: dict[str, Any], era: str) -> None:
    """Gives the variant that was chosen first, and which options can be had with it."""
    selected = [
        {"name": said["size"], "label": said["43"]},
        {"name": said["colour"], "label": said["white"]},
    ]
    async with connected(shop, era) as client:
        result = await client.call_tool("get_product", {"catalog": {"id": "woo_2", "selected": selected}})
    found = result.structured_content
    GetProductResponse.model_validate(found)
    product = found["product"]
    assert product["selected"] == selected
    assert product["variants"][0]["id"] == "woo_23"
    assert said["size"] in {one["name"] for one in product["options"]}
    text = text_of(result)
    assert f"{said['23']} — " in text
    assert [id_ for id_ in ("woo_21", "woo_22", "woo_23") if f": {id_}" in text] == ["woo_23"]


@both_languages
async def test_the_text_of_a_search_names_the_variant_that_was_asked_for(
    shop: Shop, said: dict[str, Any]
) -> None:
    """And the order that was asked for."""
    options = {said["size"]: [said["43"]], said["colour"]: [said["white"]]}
    async with connected(shop) as client:
        catalog = {"filters": {"attributes": options}, "sort": "price"}
        result = await client.call_tool("search_catalog", {"catalog": catalog})
        assert result.structured_content["products"][0]["variants"][0]["id"] == "woo_23"
        text = text_of(result)
        assert f"{said['23']} — " in text
        assert ": woo_21" not in text
        listed = text_of(await client.call_tool("search_catalog", {"catalog": {"query": "*"}}))
        assert said["newest"] in listed


@both_languages
async def test_an_unknown_product_is_an_outcome_and_no_error(shop: Shop, said: dict[str, Any]) -> None:
    """UCP's envelope says so; the call itself succeeds."""
    async with connected(shop) as client:
        result = await client.call_tool("get_product", {"catalog": {"id": "woo_999"}})
    assert not result.is_error
    assert result.structured_content["ucp"]["status"] == "error"
    assert result.structured_content["messages"][0]["code"] == "not_found"
    assert "woo_999" in text_of(result)


@both_eras
@both_languages
async def test_search_and_fetch_have_the_shape_of_chatgpt(shop: Shop, said: dict[str, Any], era: str) -> None:
    """One text with JSON, of exactly these fields; an id of the one is an argument of the other."""
    async with connected(shop, era) as client:
        result = await client.call_tool("search", {"query": said["query"]})
        found = json.loads(text_of(result))
        assert found == result.structured_content
        first = found["results"][0]
        assert first == {"id": "woo_1", "title": said["title"], "url": said["url"]}
        result = await client.call_tool("fetch", {"id": first["id"]})
        document = json.loads(text_of(result))
        assert document == result.structured_content
    assert set(document) == {"id", "title", "text", "url", "metadata"}
    assert (document["id"], document["title"], document["url"]) == tuple(first.values())
    assert said["text"] in document["text"]
    assert said["text"] in document["metadata"]["price"]


@pytest.mark.parametrize(("query", "count"), [("زرافه صورتی", 0), ("pink giraffe", 0), ("*", 4), ("lamp", 1)])
async def test_search_says_that_there_is_none(english: Shop, query: str, count: int) -> None:
    """An empty list; a question of a sign lists all products."""
    async with connected(english) as client:
        found = (await call(client, "search", query=query))["results"]
    assert len(found) >= count
    assert bool(found) == bool(count)


@pytest.mark.parametrize("length", [300, 301])
def test_a_long_address_is_left_out_of_a_list(length: int) -> None:
    """Ten of them would be half of an answer."""
    link = "https://shop.example/".ljust(length, "p")
    assert _named(replace(PHONE, link=link))["url"] == (link if length == 300 else "")
