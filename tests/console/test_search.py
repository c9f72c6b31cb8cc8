"""The search playground: why each result is where it is, and the same question from a program."""

import re
import shlex
from collections.abc import AsyncIterator
from html import unescape

import orjson
import pytest
import pytest_asyncio

from api.console.asking import tool_call
from api.schemas.search import SearchRequest
from fakes.openai import EmbeddingServer, server_error
from tests.console.browser import Browser, open_browser
from tests.support.shop import Shop
from tests.support.system import System

SEARCH = "/console/search/"


@pytest_asyncio.fixture
async def owner(system: System, shop: Shop) -> AsyncIterator[Browser]:
    async with open_browser(system, shop.user_id) as browser:
        yield browser


@pytest_asyncio.fixture
async def stocked(shop: Shop) -> Shop:
    """A store with two lamps and a vase."""
    brand = [{"id": 1, "name": "نورا"}]
    picture = [{"src": "https://shop.example/1.jpg"}]
    await shop.sync(
        {
            "id": 1,
            "name": "چراغ مطالعه",
            "price": "1250000",
            "brands": brand,
            "images": picture,
            "stock_quantity": 3,
        }
    )
    await shop.sync({"id": 2, "name": "چراغ خواب", "price": "3000000", "stock_status": "outofstock"})
    await shop.sync({"id": 3, "name": "گلدان سفالی", "price": "5"})
    return shop


def block(page: str, name: str) -> str:
    """Returns the text of a field that is copied."""
    found = re.search(rf'<textarea id="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


async def test_the_form_asks_nothing(shop: Shop, owner: Browser) -> None:
    """Also for a question without a letter."""
    for query in ("", "  ", "\u200f"):
        assert "Ask as a customer would" in await owner.page(SEARCH, store=shop.store_id, q=query)


async def test_a_result_shows_why_it_is_there(stocked: Shop, owner: Browser) -> None:
    """Picture, price, stock, similarity, words found and missing, score, the chunk, and the times."""
    page = await owner.page(SEARCH, store=stocked.store_id, q="چراغ مطالعه قرمز")
    first = page.split('<article class="result">')[1]
    for shown in (
        'src="https://shop.example/1.jpg"',
        "1,250,000 toman",
        "3 left",
        "<dt>Found</dt><dd><bdi>چراغ</bdi>, <bdi>مطالعه</bdi>",
        "<dt>Missing</dt><dd><bdi>قرمز</bdi>",
        "<dt>Similarity</dt><dd>",
        '<pre class="text" dir="auto">چراغ مطالعه',
    ):
        assert shown in first, shown
    assert re.search(r"embedding \d+ ms, database \d+ ms", page)
    assert "Searched for" in page


async def test_the_filters_of_the_address_count(stocked: Shop, owner: Browser) -> None:
    """Prices also in Persian digits, with separators."""
    for filters, expected in (
        ({"max_price": "۲٬۰۰۰٬۰۰۰"}, {"چراغ مطالعه", "گلدان سفالی"}),
        ({"min_price": "1,000,000", "stock": "in"}, {"چراغ مطالعه"}),
        ({"stock": "out"}, {"چراغ خواب"}),
        ({"brand": "نورا"}, {"چراغ مطالعه"}),
        ({"q": "چراغ", "sort": "-price"}, {"چراغ خواب", "چراغ مطالعه"}),
    ):
        page = await owner.page(SEARCH, store=stocked.store_id, **filters)
        titles = re.findall(r'<h2><a href="/console/products/\d+/"><bdi>(.*?)</bdi>', page)
        assert set(titles) == expected, filters


async def test_words_that_became_filters_are_named(stocked: Shop, owner: Browser) -> None:
    """And stay words where the question is taken literally."""
    page = await owner.page(SEARCH, store=stocked.store_id, q="چراغ زیر ۲ میلیون")
    assert "Price up to 2,000,000" in page
    page = await owner.page(SEARCH, store=stocked.store_id, q="چراغ زیر ۲ میلیون", literal="1")
    assert "Price up to 2,000,000" not in page


async def test_an_unknown_value_leads_to_known_ones(stocked: Shop, owner: Browser) -> None:
    """The values that products have are links."""
    page = await owner.page(SEARCH, store=stocked.store_id, q="چراغ", brand="نورانی")
    assert "No product has" in page
    assert "Probably nothing in this store answers the question." in page


async def test_confidence_and_a_silent_embedding_service_are_in_words(
    stocked: Shop, owner: Browser, embeddings: EmbeddingServer
) -> None:
    """Search goes on by words, and the page says so."""
    embeddings.fail_always(server_error())
    page = await owner.page(SEARCH, store=stocked.store_id, q="گلدان بی‌همتا")
    assert "found by words alone" in page


async def test_the_curl_line_and_the_tool_call_ask_the_same(stocked: Shop, owner: Browser) -> None:
    """The line survives quotes, and is one that the API answers."""
    query = """it's "$HOME" `id` چراغ"""
    page = (await owner.get(SEARCH, store=stocked.store_id, q=query, max_price="2000000", brand="نورا")).text
    words = shlex.split(block(page, "curl"))
    body = orjson.loads(words[words.index("-d") + 1])
    assert body == {"query": query, "max_price": "2000000", "brands": ["نورا"]}
    assert words[2].endswith("/api/v1/knowledge/search/")
    answer = await stocked.http.post(words[2], json=body, headers=stocked.headers)
    assert answer.status_code == 200
    call = orjson.loads(block(page, "tool-call"))
    assert call["params"] == {
        "name": "search_catalog",
        "arguments": {"catalog": {"query": query, "filters": {"max_price": "2000000", "brands": ["نورا"]}}},
    }


def test_the_tool_call_keeps_what_is_false() -> None:
    """A question taken literally stays one, and products out of stock stay the ones asked for."""
    asked = SearchRequest(query="چراغ زیر ۲ میلیون", understand=False, in_stock=False)
    assert orjson.loads(tool_call(asked))["params"]["arguments"]["catalog"] == {
        "query": "چراغ زیر ۲ میلیون",
        "understand": False,
        "filters": {"in_stock": False},
    }


async def test_results_continue_on_further_pages(shop: Shop, owner: Browser) -> None:
    """Each result once."""
    for number in range(1, 13):
        await shop.sync({"id": number, "name": f"چراغ شماره {number}"})
    page = await owner.page(SEARCH, store=shop.store_id, q="چراغ")
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    both = page + await owner.page(following[1])
    titles = re.findall(r'<h2><a href="(/console/products/\d+/)">', both)
    assert len(titles) == len(set(titles)) == 12


async def test_searches_of_the_playground_are_not_counted(stocked: Shop, owner: Browser) -> None:
    """A search of the API after them is, so its write shows that they were left out."""
    await owner.page(SEARCH, store=stocked.store_id, q="from the console")
    assert await stocked.rows("SELECT * FROM questions WHERE store_id = :store") == []


async def test_a_store_of_another_owner_is_not_searched(
    system: System, stocked: Shop, owner: Browser
) -> None:
    """A 404, as for no store at all."""
    other = await system.shop()
    assert (await owner.get(SEARCH, store=other.store_id, q="چراغ")).status_code == 404


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_a_hostile_question_stays_text(system: System, stocked: Shop, language: str) -> None:
    """In the field, in the heading of its words, and in both copies."""
    attack = '</textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>\u202e'
    async with open_browser(system, stocked.user_id, language=language) as browser:
        answer = await browser.get(SEARCH, store=stocked.store_id, q=attack)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text


async def test_wrong_filters_are_named(stocked: Shop, owner: Browser) -> None:
    """A 400 with the field, never a 500."""
    for wrong in (
        {"min_price": "cheap"},
        {"max_price": "-1"},
        {"sort": "best"},
        {"stock": "some"},
        {"q": "x" * 2_001},
        {"cursor": "zz", "q": "x"},
        {"store": "first"},
    ):
        answer = await owner.get(SEARCH, **{"store": stocked.store_id, **wrong})
        assert answer.status_code == 400, wrong
        assert next(iter(wrong)) in answer.text
