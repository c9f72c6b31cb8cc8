"""How close vectors are, in stores of any size and of any history of ids and models."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from contracts.ids import embedding_label
from contracts.search import Found, Hit, Question
from database.search.find import find
from knowledge.search.synonyms import Synonyms
from tests.support.shop import Shop
from tests.support.system import System

LABEL = embedding_label("model", 8)

FILL = text("""
    WITH made AS (
        INSERT INTO products (user_id, store_id, external_source, external_id, title, currency, status,
                              is_active, received_at, content_hash, claimed_hash)
        SELECT :user, :store, 'custom', CAST(:first + n AS text), 'x', 'IRT', 'publish', true, now(), 'hash',
               'hash'
        FROM generate_series(1, cardinality(CAST(:vectors AS text[]))) AS n
        RETURNING id, CAST(external_id AS int) - :first AS n
    )
    INSERT INTO tenant_knowledge (user_id, store_id, product_id, content_hash, model, position, text,
                                  text_hash, tokens, words, embedding, is_live)
    SELECT :user, :store, id, 'hash', :model, 0, 'x', 'x', 1,
           array_to_tsvector(ARRAY['user=' || :user, 'store=' || :store, 'lamp']),
           CAST((CAST(:vectors AS text[]))[n] AS halfvec), true
    FROM made
""")


def vector(angle: float, dimensions: int = 8) -> list[float]:
    return [1.0, angle] + [0.0] * (dimensions - 2)


async def fill(
    shop: Shop, angles: Sequence[float], *, first: int = 0, model: str = LABEL, dimensions: int = 8
) -> None:
    """Create products first + 1, …; the vector of each has an angle to the question's."""
    values = {
        "user": shop.user_id,
        "store": shop.store_id,
        "first": first,
        "model": model,
        "vectors": [str(vector(angle, dimensions)) for angle in angles],
    }
    async with shop.database.transaction() as connection:
        await connection.execute(FILL, values)


async def ask(shop: Shop, *, words: str = "?", everywhere: bool = False, **fields: Any) -> Found:
    question = Question(
        user_id=shop.user_id,
        store_id=None if everywhere else shop.store_id,
        text=words,
        vector=vector(0.0),
        **fields,
    )
    async with shop.database.transaction() as connection:
        return await find(connection, question, Synonyms(()), label=LABEL, dimensions=8)


def numbers(hits: Sequence[Hit]) -> list[int]:
    return [int(hit.product.external_id) for hit in hits]


SPREAD = [0.5 + (n * 7 % 50) / 100 for n in range(60)]


async def test_ids_with_gaps_are_sampled_fairly(shop: Shop) -> None:
    """The sample does not depend on the numbers of products, which other stores use as well."""
    await fill(shop, [*SPREAD, 0.0])
    async with shop.database.transaction() as connection:
        sequence = "pg_get_serial_sequence('products', 'id')"
        await connection.execute(text(f"SELECT setval({sequence}, nextval({sequence}) + 1000000)"))
    await fill(shop, [0.9], first=100)
    found = await ask(shop)
    assert numbers(found.hits)[0] == 61


async def test_empty_stores_of_a_user_change_nothing(system: System, shop: Shop) -> None:
    """Only stores with vectors are sampled."""
    await fill(shop, [*SPREAD, 0.0])
    before = await ask(shop, everywhere=True)
    for _ in range(20):
        await system.second_shop(shop.user_id)
    after = await ask(shop, everywhere=True)
    assert numbers(before.hits) == numbers(after.hits)
    assert [hit.score for hit in before.hits] == [hit.score for hit in after.hits]


@pytest.mark.parametrize(("model", "dimensions"), [("other@16", 16), ("other@8", 8)])
async def test_vectors_of_another_model_are_not_compared(shop: Shop, model: str, dimensions: int) -> None:
    """Their chunks are found by words until they are embedded again, in other dimensions as in the same."""
    await fill(shop, [0.0] * 3, model=model, dimensions=dimensions)
    assert [hit.similarity for hit in (await ask(shop, words="lamp")).hits] == [None] * 3
    await fill(shop, SPREAD, first=10)
    found = {
        hit.product.external_id: hit.similarity for hit in (await ask(shop, words="lamp", limit=100)).hits
    }
    assert [found[str(number)] for number in (1, 2, 3)] == [None] * 3


@pytest.mark.parametrize("count", [1, 2, 3, 5, 29, 200])
async def test_the_closest_comes_first_in_a_store_of_any_size(shop: Shop, count: int) -> None:
    """Also where there is nothing to compare with, and where all others are alike."""
    await fill(shop, [1.0] * (count - 1) + [0.1])
    found = await ask(shop)
    assert numbers(found.hits)[0] == count
    assert all(0 <= hit.score <= 1 for hit in found.hits)


async def test_equal_vectors_are_equally_close(shop: Shop) -> None:
    """Without any deviation, no result stands out."""
    await fill(shop, [0.5] * 40)
    assert len({hit.score for hit in (await ask(shop)).hits}) == 1


async def test_a_far_chunk_among_few_is_no_error(shop: Shop) -> None:
    """However many deviations it is away."""
    await fill(shop, [1e-3 * (1 + n / 1e4) for n in range(28)] + [-90.0])
    assert (await ask(shop)).hits
    assert len((await ask(shop, words="lamp", limit=100)).hits) >= 28


async def test_a_vector_of_zeros_is_similar_to_nothing(shop: Shop) -> None:
    """Among the nearest and among chunks with the words."""
    values = {
        "user": shop.user_id,
        "store": shop.store_id,
        "first": 0,
        "model": LABEL,
        "vectors": [str([0.0] * 8), str(vector(0.2))],
    }
    async with shop.database.transaction() as connection:
        await connection.execute(FILL, values)
    similar = {hit.product.external_id: hit.similarity for hit in (await ask(shop, words="lamp")).hits}
    assert similar["1"] == 0
    assert similar["2"] is not None
