"""Search by vectors: as many results as asked for, and the right ones, next to larger stores."""

from typing import Any

import pytest
from sqlalchemy import text

from contracts.ids import embedding_label
from contracts.search import Question
from database.search import vectors
from database.search.find import find
from database.search.vector_index import INDEXED_DIMENSIONS
from knowledge.search.builtin import builtin
from tests.support.environment import DIMENSIONS
from tests.support.shop import Shop
from tests.support.system import System

MODEL = "text-embedding-3-small"

FILL = text("""
    WITH made AS (
        INSERT INTO products (user_id, store_id, external_source, external_id, title, currency, status,
                              is_active, received_at, content_hash, claimed_hash)
        SELECT :user, :store, 'custom', n::text, 'x', 'IRT', 'publish', true, now(), 'hash', 'hash'
        FROM generate_series(1, CAST(:count AS int)) AS n
        RETURNING id, external_id::int AS n
    )
    INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position, text,
                                  text_hash, tokens, words, embedding, is_live)
    SELECT :user, :store, id, 'hash', :model, 0, 'x', 'x', 1, ''::tsvector,
           CAST(ARRAY[CAST(:nearness AS real) + n * 0.001, 1 - CAST(:nearness AS real)]
                || ARRAY(SELECT CAST(random() * 0.004 + n * 0 AS real)
                         FROM generate_series(3, CAST(:dimensions AS int))) AS halfvec), true
    FROM made
""")
"""Products with one chunk each; those with higher numbers are nearer to the first axis."""


async def fill(
    system: System, shop: Shop, *, count: int, nearness: float, dimensions: int = DIMENSIONS
) -> None:
    async with system.database.transaction() as connection:
        values = {"user": shop.user_id, "store": shop.store_id, "count": count, "nearness": nearness}
        label = embedding_label(MODEL, dimensions)
        await connection.execute(FILL, {**values, "model": label, "dimensions": dimensions})


async def nearest(system: System, shop: Shop, *, limit: int, dimensions: int = DIMENSIONS) -> list[str]:
    """Returns the products nearest to the first axis; Postgres uses the vector index if it can."""
    question = Question(
        user_id=shop.user_id,
        store_id=shop.store_id,
        text="?",
        vector=[1.0] + [0.0] * (dimensions - 1),
        limit=limit,
    )
    async with system.database.transaction() as connection:
        for plan in ("seqscan", "bitmapscan", "sort"):
            await connection.execute(text(f"SET LOCAL enable_{plan} = off"))
        found = await find(
            connection,
            question,
            builtin(),
            label=embedding_label(MODEL, dimensions),
            dimensions=dimensions,
        )
    return [hit.product.external_id for hit in found.hits]


@pytest.fixture
def exactness(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each statement compared all vectors of the store, with limits as for a large installation."""
    seen: list[bool] = []
    near = vectors.near

    def noted(space: vectors.Space, **how: Any) -> Any:
        seen.append(how["exact"])
        return near(space, **how)

    monkeypatch.setattr(vectors, "near", noted)
    monkeypatch.setattr(vectors, "EXACT_CHUNKS", 100)
    monkeypatch.setattr(vectors, "EXACT_SHARE", 0)
    monkeypatch.setattr(vectors, "SCANNED", 500)
    return seen


async def test_a_store_next_to_a_larger_one_gets_all_its_nearest(
    system: System, shop: Shop, exactness: list[bool]
) -> None:
    """The index gives up among the chunks of the other store; then all of this one are compared."""
    larger = await system.shop()
    await fill(system, larger, count=2_000, nearness=0.9)
    await fill(system, shop, count=300, nearness=0.1)
    assert await nearest(system, shop, limit=50) == [str(300 - at) for at in range(50)]
    assert exactness == [False, True]
    exactness.clear()
    assert len(await nearest(system, larger, limit=50)) == 50
    assert exactness == [False], "what the index finds is enough"


async def test_a_small_share_of_the_index_is_searched_exactly_at_once(
    system: System, shop: Shop, exactness: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres knows about how many chunks the index has."""
    monkeypatch.setattr(vectors, "EXACT_SHARE", 1_000)
    larger = await system.shop()
    await fill(system, larger, count=1_500, nearness=0.9)
    await fill(system, shop, count=300, nearness=0.1)
    async with system.database.transaction() as connection:
        await connection.execute(text("ANALYZE tenant_knowledge"))
    assert await nearest(system, shop, limit=50) == [str(300 - at) for at in range(50)]
    assert exactness == [True]
    exactness.clear()
    assert len(await nearest(system, larger, limit=50)) == 50
    assert exactness == [False]


async def test_vectors_above_the_index_are_compared_one_by_one(
    system: System, shop: Shop, exactness: list[bool]
) -> None:
    """pgvector has no index for so many numbers, but stores them."""
    dimensions = INDEXED_DIMENSIONS + 96
    await fill(system, shop, count=150, nearness=0.1, dimensions=dimensions)
    assert await nearest(system, shop, limit=3, dimensions=dimensions) == ["150", "149", "148"]
    assert exactness == [True]
