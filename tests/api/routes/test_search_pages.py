"""Pages of search: the order, the total, and a cursor that continues one question only."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from api.errors import ApiError
from api.schemas.search_cursor import Cursor, Mode, read_cursor, write_cursor
from contracts.search import Position, Sort
from fakes.openai import EmbeddingServer, server_error
from tests.support.search_catalogue import (
    BOOT,
    CASE,
    GIFT,
    LAPTOP,
    PHONE,
    SEARCH,
    SHIRT,
    SHOE,
    answer_of,
    numbers_of,
    stocked,
)
from tests.support.shop import Shop
from tests.support.system import System

ANY = {"exclude": {"brands": ["هیچ"]}}
"""A filter that every product passes."""


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with the catalogue; tests do not change it."""
    return await stocked(await system.shop())


async def pages(shop: Shop, *, limit: int, **fields: Any) -> list[list[int]]:
    """Returns the products of all pages; every page has the same total."""
    found: list[list[int]] = []
    totals, cursor = set(), None
    while not found or cursor:
        answer = await answer_of(shop, limit=limit, cursor=cursor, **fields)
        found.append(numbers_of(answer))
        totals.add(answer["total"])
        cursor = answer["next"]
    assert totals == {sum(map(len, found))}
    return found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("price", [CASE, SHIRT, SHOE, BOOT, PHONE, LAPTOP, GIFT]),
        ("-price", [LAPTOP, PHONE, BOOT, SHOE, SHIRT, CASE, GIFT]),
        ("newest", [GIFT, SHIRT, LAPTOP, BOOT, SHOE, CASE, PHONE]),
    ],
)
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_list_in_an_order(store: Shop, sort: str, order: list[int], limit: int) -> None:
    """By the lowest or the highest price of a product, those without a price last; or the latest first."""
    found = await pages(store, limit=limit, sort=sort, **ANY)
    assert [number for page in found for number in page] == order
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)


@pytest.mark.parametrize("sort", ["relevance", "price", "-price", "newest"])
@pytest.mark.parametrize("question", [{"query": "گوشی و کفش nike"}, ANY], ids=["question", "list"])
async def test_pages_have_every_result_once(store: Shop, sort: str, question: dict[str, Any]) -> None:
    """In the order of one large page."""
    (everything,) = await pages(store, limit=100, sort=sort, **question)
    assert len(everything) == len(set(everything)) >= 4
    for limit in (1, 2, len(everything)):
        found = await pages(store, limit=limit, sort=sort, **question)
        assert [number for page in found for number in page] == everything


async def test_equal_prices_are_paged(shop: Shop) -> None:
    """By the order of their ids, also those without a price."""
    await stocked(shop, [{"id": n, "name": f"P{n}", "price": "5" if n < 4 else ""} for n in range(1, 7)])
    for sort in ("price", "-price"):
        assert await pages(shop, limit=2, sort=sort, **ANY) == [[1, 2], [3, 4], [5, 6]]
    assert await pages(shop, limit=2, sort="newest", **ANY) == [[6, 5], [4, 3], [2, 1]]


async def test_a_new_product_does_not_move_a_page(shop: Shop) -> None:
    """The cursor is a place in the order, not a number of results."""
    await stocked(shop, [{"id": n, "name": f"P{n}", "price": str(10 * n)} for n in range(1, 5)])
    first = await answer_of(shop, sort="price", limit=2, **ANY)
    await stocked(shop, [{"id": 9, "name": "P9", "price": "5"}])
    second = await answer_of(shop, sort="price", limit=2, cursor=first["next"], **ANY)
    assert (numbers_of(first), numbers_of(second)) == ([1, 2], [3, 4])
    assert (second["total"], second["next"]) == (5, None)


def forged(cursor: str, **parts: Any) -> str:
    """Returns a cursor with other parts."""
    question, mode, value, product_id = json.loads(base64.urlsafe_b64decode(cursor))
    content = {"question": question, "mode": mode, "value": value, "product_id": product_id, **parts}
    return base64.urlsafe_b64encode(json.dumps(list(content.values())).encode()).decode()


async def test_a_cursor_belongs_to_its_question(store: Shop, system: System) -> None:
    """Another question, filter, order or owner is refused; the limit and the facets may change."""
    asked = {"query": "کفش", "min_price": 0, "sort": "price"}
    cursor = (await answer_of(store, limit=1, **asked))["next"]
    answer = await answer_of(store, limit=3, facets=["brand"], cursor=cursor, **asked)
    assert answer["results"]
    other = await stocked(await system.second_shop(store.user_id), [{"id": 1, "name": "کفش"}])
    changes: list[dict[str, Any]] = [
        {"query": "کیف"},
        {"query": None},
        {"min_price": 1},
        {"in_stock": True},
        {"brands": ["Nike"]},
        {"attributes": {"size": ["43"]}},
        {"sort": "-price"},
        {"sort": "relevance"},
        {"understand": False},
    ]
    for shop, change in [(store, change) for change in changes] + [(other, {})]:
        body = {**asked, "cursor": cursor, **change}
        refused = await shop.http.post(SEARCH, json=body, headers=shop.headers)
        assert (refused.status_code, refused.json()["field"]) == (400, "cursor"), change


async def test_a_forged_cursor_is_refused_or_only_a_place(store: Shop) -> None:
    """Never an error of the server, and never a product of another store."""
    for sort in ("relevance", "price", "newest"):
        asked = {"query": "کفش", "sort": sort}
        cursor = (await answer_of(store, limit=1, **asked))["next"]
        for text in (
            "x",
            "چ",
            "====",
            cursor[:-3],
            cursor + "\n",
            base64.urlsafe_b64encode(b"[" * 200).decode(),
            base64.urlsafe_b64encode(b"[1,2,3]").decode(),
            forged(cursor, question="x"),
            forged(cursor, mode="words"),
            forged(cursor, mode="vectors"),
            forged(cursor, value="NaN"),
            forged(cursor, value=[]),
            forged(cursor, value="9" * 90),
            forged(cursor, value="0001-01-01T00:00:00+00:00") if sort == "newest" else "-",
            forged(cursor, product_id=-1),
            forged(cursor, product_id=2**63),
            forged(cursor, product_id="1 OR 1=1"),
        ):
            body = {**asked, "cursor": text}
            refused = await store.http.post(SEARCH, json=body, headers=store.headers)
            assert (refused.status_code, refused.json()["field"]) == (400, "cursor"), text
        answer = await answer_of(store, cursor=forged(cursor, product_id=2**63 - 1), **asked)
        assert answer["total"] == (await answer_of(store, **asked))["total"]


async def test_a_page_by_words_does_not_continue_one_by_vectors(
    store: Shop, embeddings: EmbeddingServer
) -> None:
    """The order of the other mode is another one, so the search begins again."""
    embeddings.fail_always(server_error())
    first = await answer_of(store, query="کفش چرمی nike", limit=1)
    assert (first["mode"], bool(first["next"])) == ("words", True)
    second = await answer_of(store, query="کفش چرمی nike", limit=1, cursor=first["next"])
    assert not set(numbers_of(first)) & set(numbers_of(second))
    embeddings.fail_always(None)
    body = {"query": "کفش چرمی nike", "limit": 1, "cursor": first["next"]}
    refused = await store.http.post(SEARCH, json=body, headers=store.headers)
    assert (refused.status_code, refused.json()["field"]) == (400, "cursor")


async def test_a_refused_cursor_costs_no_embedding(store: Shop, embeddings: EmbeddingServer) -> None:
    """Neither one of another form, nor one of another question."""
    cursor = (await answer_of(store, query="کفش", limit=1))["next"]
    for number, text in enumerate(("x", cursor, forged(cursor, question="0" * 16))):
        body = {"query": f"کفش تازه {number}", "cursor": text}
        refused = await store.http.post(SEARCH, json=body, headers=store.headers)
        assert (refused.status_code, refused.json()["field"]) == (400, "cursor"), text
    assert not [text for seen in embeddings.requests for text in seen.inputs if "کفش تازه" in text]


@given(st.text(), st.binary(), st.sampled_from(Sort))
def test_no_text_breaks_the_reader_of_cursors(text: str, content: bytes, sort: Sort) -> None:
    """It is refused with a 400, or is no cursor at all."""
    for cursor in (text, base64.urlsafe_b64encode(content).decode()):
        if cursor:
            with pytest.raises(ApiError) as refused:
                read_cursor(cursor, "question", sort)
            assert refused.value.status_code == 400
    assert read_cursor("", "question", sort) is None


@given(
    st.one_of(
        st.tuples(st.just(Sort.RELEVANCE), st.floats(0, 1)),
        st.tuples(
            st.sampled_from([Sort.CHEAPEST, Sort.DEAREST]), st.none() | st.decimals(0, 10**17, places=2)
        ),
        st.tuples(
            st.just(Sort.NEWEST),
            st.datetimes(datetime(2020, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)),
        ),
    ),
    st.integers(1, 2**63 - 1),
)
def test_a_cursor_is_read_as_it_was_written(order: tuple[Sort, Any], product_id: int) -> None:
    """Scores, prices and times keep every digit."""
    sort, value = order
    position = Position(value=value, product_id=product_id)
    for mode in get_args(Mode):
        cursor = read_cursor(write_cursor(position, "q", mode), "q", sort)
        assert cursor is not None
        assert cursor == Cursor(position, mode)
        assert cursor.place(mode) == position


async def test_an_empty_cursor_is_the_first_page(store: Shop) -> None:
    """As no cursor."""
    assert await answer_of(store, cursor="", **ANY) == await answer_of(store, **ANY)
