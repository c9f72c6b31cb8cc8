"""Values of filters are compared without holding the event loop."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from contracts.search import Filters, Question
from database.search import values
from database.search.values import FEW, Resolved, resolve, unwidened
from knowledge.search.meanings import Asked, compare
from tests.support.shop import Shop


async def resolved(shop: Shop, filters: Filters) -> Resolved:
    question = Question(user_id=shop.user_id, store_id=shop.store_id, text="", vector=None, filters=filters)
    async with shop.database.reading() as connection:
        return await resolve(connection, question, unwidened)


async def test_many_values_are_compared_in_a_thread(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many of the question or of the store; equal values are not compared at all."""
    brands = [f"چرم {number}" for number in range(FEW)]
    await shop.sync({"id": 1, "name": "کیف", "brands": brands, "categories": ["چرمی"]})
    threads = []

    def noted(asked: Mapping[int, Asked], known: Sequence[tuple[str, str, str]]) -> Any:
        threads.append(threading.current_thread())
        return compare(asked, known)

    monkeypatch.setattr(values, "compare", noted)
    equal = await resolved(shop, Filters(brands=brands[:20]))
    assert len(equal.fields["brands"].keys) == 20
    assert threads == []
    assert (await resolved(shop, Filters(category="کیفها"))).is_impossible
    assert threads.pop() is threading.current_thread()
    found = await resolved(shop, Filters(brands=["چرم", "ملی"]))
    assert len(found.fields["brands"].keys) == FEW
    assert [(report.field, report.value) for report in found.unmatched] == [("brands", "ملی")]
    assert threads.pop() is not threading.current_thread()
    assert (
        await resolved(shop, Filters(attributes={str(number): ["هیچ"] for number in range(101)}))
    ).unmatched
    assert threads.pop() is not threading.current_thread()
