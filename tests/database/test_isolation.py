"""Search never finds products of another owner."""

import pytest

from contracts.ids import embedding_label
from contracts.search import Question
from database.search.find import find
from knowledge.search.builtin import builtin
from tests.support.environment import DIMENSIONS
from tests.support.shop import Shop
from tests.support.system import System

MODEL = "text-embedding-3-small"


async def found(system: System, question: Question) -> list[str]:
    async with system.database.transaction() as connection:
        answer = await find(
            connection,
            question,
            builtin(),
            label=embedding_label(MODEL, DIMENSIONS),
            dimensions=DIMENSIONS,
        )
    return [hit.product.external_id for hit in answer.hits]


@pytest.mark.parametrize("vector", [None, [1.0] * DIMENSIONS], ids=["words", "hybrid"])
async def test_the_owner_alone_decides_what_can_be_found(
    system: System, shop: Shop, vector: list[float] | None
) -> None:
    """A question with the id of another owner's store finds nothing."""
    other = await system.shop()
    await other.sync({"id": 1, "name": "zanzibar clove"})

    def ask(user_id: int, store_id: int | None) -> Question:
        return Question(user_id=user_id, store_id=store_id, text="zanzibar", vector=vector)

    assert await found(system, ask(other.user_id, None)) == ["woo_1"]
    assert await found(system, ask(other.user_id, other.store_id)) == ["woo_1"]
    assert await found(system, ask(shop.user_id, other.store_id)) == []
    assert await found(system, ask(shop.user_id, None)) == []
