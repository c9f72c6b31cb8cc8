"""Search in few statements, with other names of values."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import event

from contracts.ids import embedding_label
from contracts.search import Filters, Found, Question, Sort
from database.search.find import find
from knowledge.search.synonyms import Synonyms
from tests.support.environment import DIMENSIONS
from tests.support.search_catalogue import BOOT, LAPTOP, PHONE, SHIRT, SHOE, stocked
from tests.support.shop import Shop
from tests.support.system import System

FACETS = ("brand", "category", "price", "attributes.رنگ")


@pytest_asyncio.fixture(scope="module")
async def store(system: System) -> Shop:
    """A store with the catalogue; tests do not change it."""
    return await stocked(await system.shop())


async def found(shop: Shop, query: str = "", synonyms: Synonyms | None = None, **asked: Any) -> Found:
    question = Question(
        user_id=shop.user_id,
        store_id=shop.store_id,
        text=query,
        vector=[1.0] * DIMENSIONS if query else None,
        **asked,
    )
    async with shop.database.transaction() as connection:
        return await find(
            connection,
            question,
            synonyms or Synonyms(()),
            label=embedding_label("text-embedding-3-small", DIMENSIONS),
            dimensions=DIMENSIONS,
        )


def numbers(answer: Found) -> set[int]:
    return {int(hit.product.external_id.removeprefix("woo_")) for hit in answer.hits}


@contextmanager
def counted(shop: Shop) -> Iterator[list[str]]:
    """Yields the statements that are sent."""
    sent: list[str] = []

    def note(*execution: Any) -> None:
        sent.append(execution[2])

    engine = shop.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("query", "filters", "statements"),
    [
        ("", Filters(in_stock=True), 1),
        ("", Filters(brands=["nike"], attributes={"size": ["43"]}), 2),
        ("", Filters(brands=["هیچ"]), 1),
        ("کفش", Filters(), 2),
        ("کفش nike", Filters(), 3),
        ("کفش", Filters(in_stock=True, min_price=Decimal(5)), 3),
        ("کفش", Filters(categories=["کفشها"], exclude_brands=["هیچ"]), 4),
        ("کفش", Filters(brands=["nike"], attributes={"size": ["43"]}, in_stock=True), 4),
    ],
)
async def test_few_statements(store: Shop, query: str, filters: Filters, statements: int) -> None:
    """Page, total and facets are one. A question has one before; values, filters and words add one."""
    with counted(store) as sent:
        answer = await found(store, query, filters=filters, facets=FACETS, sort=Sort.CHEAPEST)
    assert len(sent) == statements
    assert set(answer.facets) == set(FACETS)


async def test_other_names_of_values_count_as_well(store: Shop) -> None:
    """Synonyms of each kind of value; they widen only the values that have them."""
    synonyms = Synonyms(
        [("samsung", "سامسونگ"), ("laptop", "لپ تاپ", "نوت‌بوک"), ("shoes", "کفش"), ("black", "مشکی")]
    )
    for filters, expected in (
        (Filters(brands=["samsung"]), {PHONE}),
        (Filters(brands=["samsung", "nike"]), {PHONE, SHOE, SHIRT}),
        (Filters(category="laptop"), {LAPTOP}),
        (Filters(categories=["shoes"]), {SHOE, BOOT}),
        (Filters(attributes={"رنگ": ["black"]}), {PHONE, SHOE}),
        (Filters(in_stock=True, exclude_brands=["samsung"], categories=["laptop"]), {LAPTOP}),
    ):
        answer = await found(store, filters=filters, synonyms=synonyms)
        assert (numbers(answer), answer.unmatched) == (expected, [])
    assert (await found(store, filters=Filters(brands=["samsung"]))).unmatched
