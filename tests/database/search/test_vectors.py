"""The nearest chunks of a question: the right ones, of its owner, filters and model only."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text

from database.search import vectors
from database.search.vectors import COMPACT, Space
from tests.support.shop import Shop
from tests.support.system import System

WHOLE, LONG = 48, 4 * COMPACT
"""Dimensions of vectors that are compared whole, and of longer ones."""

FILL = text("""
    WITH made AS (
        INSERT INTO products (user_id, store_id, external_source, external_id, title, currency, price, status,
                              is_active, received_at, content_hash, claimed_hash)
        SELECT :user, :store, 'custom', :prefix || n, 'x', 'IRT', n, 'publish', true, now(), 'hash', 'hash'
        FROM generate_series(1, CAST(:count AS int)) AS n
        RETURNING id, price::int AS n
    )
    INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position, text,
                                  text_hash, tokens, words, embedding, is_live)
    SELECT :user, :store, id, 'hash', :model, 0, 'x', 'x', 1, ''::tsvector,
           (CAST(:vectors AS halfvec[]))[n], true
    FROM made RETURNING id
""")

Floats = NDArray[np.float32]


def drawn(count: int, dimensions: int, *, seed: int = 5) -> Floats:
    """Returns unit vectors that have much in common, as vectors of real models do."""
    random = np.random.default_rng(seed)
    points = random.standard_normal((count, dimensions)) + 2 * random.standard_normal(dimensions)
    found: Floats = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype("f4")
    return found


def similarities_of(embeddings: Floats, question: Floats) -> NDArray[np.float64]:
    """Returns the cosines of vectors and a question, in the half precision in which they are stored."""
    stored, asked = embeddings.astype("f2").astype("f8"), question.astype("f2").astype("f8")
    found: NDArray[np.float64] = stored @ asked / np.linalg.norm(stored, axis=1) / np.linalg.norm(asked)
    return found


async def fill(system: System, shop: Shop, embeddings: Floats, *, model: str = "model") -> list[int]:
    """Add a product with one chunk for each vector, at the prices 1, 2, …; returns the ids of the chunks."""
    values = {
        "user": shop.user_id,
        "store": shop.store_id,
        "prefix": model,
        "count": len(embeddings),
        "model": model,
        "vectors": [str(each.tolist()) for each in embeddings],
    }
    async with system.database.transaction() as connection:
        return list((await connection.execute(FILL, values)).scalars())


def space(dimensions: int, *, filters: str = "", one_store: bool = True, label: str = "model") -> Space:
    return Space(one_store=one_store, first="", filters=filters, label=label, dimensions=dimensions)


async def near(
    system: System,
    shop: Shop,
    where: Space,
    question: Floats,
    *,
    owner: int | None = None,
    exact: bool = True,
) -> list[Any]:
    """Returns the rows of `near`, nearest first."""
    statement = f"WITH {vectors.near(where, exact=exact)} SELECT * FROM near ORDER BY similarity DESC"
    values = {
        "user_id": owner or shop.user_id,
        "store_id": shop.store_id,
        "vector": vectors.parameter(question.tolist()),
    }
    async with system.database.transaction() as connection:
        return list((await connection.execute(text(statement), values)).all())


@pytest.mark.parametrize("dimensions", [WHOLE, LONG])
async def test_the_nearest_are_those_of_a_comparison_of_all(
    system: System, shop: Shop, dimensions: int
) -> None:
    """Their similarity is 1 minus the cosine distance of the whole vectors, however they are found."""
    embeddings = drawn(600, dimensions)
    ids = await fill(system, shop, embeddings)
    question = embeddings[17] + drawn(1, dimensions, seed=6)[0] / 4
    similarities = similarities_of(embeddings, question)
    best = np.argsort(-similarities)[: vectors.NEAREST]
    rows = await near(system, shop, space(dimensions), question)
    assert [row.id for row in rows[:10]] == [ids[at] for at in best[:10]]
    assert len(rows) == vectors.NEAREST
    assert [row.similarity for row in rows[:10]] == pytest.approx(similarities[best[:10]], abs=1e-4)


@pytest.mark.parametrize("dimensions", [WHOLE, LONG])
async def test_only_what_is_found_takes_a_place(
    system: System, shop: Shop, dimensions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearer chunks of hidden products, of other models and outside the filters are not in the way."""
    monkeypatch.setattr(vectors, "NEAREST", 5)
    monkeypatch.setattr(vectors, "COMPARED_AGAIN", 33)
    embeddings = drawn(40, dimensions)
    ids = await fill(system, shop, embeddings)
    await fill(system, shop, embeddings[:20], model="former")
    nearest = np.argsort(-similarities_of(embeddings, embeddings[0])).tolist()
    async with system.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE products SET is_active = false"
                " WHERE id IN (SELECT product_id FROM tenant_knowledge WHERE id = ANY(:ids))"
            ),
            {"ids": [ids[at] for at in nearest[:7]]},
        )
    rows = await near(system, shop, space(dimensions), embeddings[0])
    assert [row.id for row in rows] == [ids[at] for at in nearest[7:12]]
    rows = await near(system, shop, space(dimensions, filters="p.price > 10 AND p.in_stock"), embeddings[0])
    assert [row.id for row in rows] == [ids[at] for at in nearest[7:] if at >= 10][:5]


async def test_a_user_finds_all_own_stores_and_no_other(system: System, shop: Shop) -> None:
    """With the id of a store of another user nothing is compared."""
    second, other = await system.second_shop(shop.user_id), await system.shop()
    embeddings = drawn(30, WHOLE)
    own = [
        await fill(system, each, part)
        for each, part in ((shop, embeddings[:10]), (second, embeddings[10:20]))
    ]
    await fill(system, other, embeddings[20:])
    rows = await near(system, shop, space(WHOLE, one_store=False), embeddings[25])
    assert {row.id for row in rows} == {*own[0], *own[1]}
    rows = await near(system, shop, space(WHOLE), embeddings[25])
    assert {row.id for row in rows} == set(own[0])
    for filters in ("", "p.price > 0"):
        assert (
            await near(system, shop, space(WHOLE, filters=filters), embeddings[0], owner=other.user_id) == []
        )


async def test_a_vector_of_zeros_is_similar_to_nothing(system: System, shop: Shop) -> None:
    """Its similarity is 0 and not NaN, which would be the greatest number."""
    embeddings = drawn(3, WHOLE)
    embeddings[1] = 0
    ids = await fill(system, shop, embeddings)
    rows = await near(system, shop, space(WHOLE), embeddings[2])
    assert (rows[-1].id, rows[-1].similarity) == (ids[1], 0)


@pytest.mark.parametrize("dimensions", [WHOLE, LONG])
async def test_the_spread_is_that_of_the_whole_store(system: System, shop: Shop, dimensions: int) -> None:
    """Mean and deviation of a part of the chunks are near the values of all chunks of this store."""
    embeddings = drawn(600, dimensions)
    await fill(system, shop, embeddings)
    await fill(system, await system.shop(), drawn(50, dimensions, seed=9))
    where = space(dimensions, filters="p.price < 5")
    statement = f"WITH {vectors.near(where, exact=True)}, {vectors.spread(where)} SELECT * FROM spread"
    question = drawn(1, dimensions, seed=6)[0]
    values: dict[str, Any] = {"user_id": shop.user_id, "store_id": shop.store_id}
    values["vector"] = vectors.parameter(question.tolist())
    async with system.database.transaction() as connection:
        found = (await connection.execute(text(statement), values)).one()
        values["user_id"] += 1
        other = (await connection.execute(text(statement), values)).one()
    similarities = embeddings @ question
    deviation = float(similarities.std())
    assert 0 < found.chunks <= vectors.SAMPLED
    assert found.mean == pytest.approx(float(similarities.mean()), abs=deviation / 3)
    assert found.deviation == pytest.approx(deviation, rel=0.3)
    assert (other.mean, other.deviation, other.chunks) == (None, None, 0), "the store is another user's"


async def test_the_database_makes_compact_vectors_of_the_length_that_searches_expect(system: System) -> None:
    """Vectors of `COMPACT` numbers stay whole, and longer ones do not."""
    async with system.database.reading() as connection:
        for dimensions, length in ((COMPACT, COMPACT), (COMPACT + 1, COMPACT // 2 + 1)):
            statement = text("SELECT vector_dims(compact_vector(CAST(:vector AS halfvec)))")
            found = await connection.execute(statement, {"vector": str([1.0] * dimensions)})
            assert found.scalar_one() == length
