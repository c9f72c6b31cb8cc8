"""A page of products is indexed in one request, and nothing is paid for twice."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import openai
import pytest
from sqlalchemy import text

from activities.indexing import chunk_rows
from contracts.catalog import Product
from contracts.metrics import Usage
from contracts.syncs import SyncCounts
from database.chunks import bulk
from database.chunks.bulk import Vanished
from database.leases import for_embedding, lease
from fakes.openai import EmbeddingServer, invalid_api_key
from tests.support.sync.pages import Page, shoe
from tests.support.usage import limit, used


def asked(embeddings: EmbeddingServer) -> Sequence[int]:
    return [len(request.inputs) for request in embeddings.requests]


async def test_a_page_is_one_request_however_many_products_it_has(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """Its chunks are searchable at once; a product without text counts as indexed, too."""
    products = [shoe(number, "نخست", "سپس") for number in range(5)]
    spent = await page.apply(*products, Product(external_id="woo_9", title=""))
    assert spent == SyncCounts(embedded=10, tokens_spent=embeddings.tokens)
    assert asked(embeddings) == [10]
    assert sorted(set(await page.live())) == [f"woo_{number}" for number in range(5)]
    empty = await page.shop.product(9)
    assert empty is not None
    assert empty["knowledge_hash"] == empty["content_hash"]
    assert await page.shop.found("کفش 3", limit=1) == ["woo_3"]


async def test_an_edited_text_asks_only_for_what_is_new(page: Page, embeddings: EmbeddingServer) -> None:
    """Other chunks reuse the vectors of their product, and the former text is no longer searchable."""
    await page.apply(shoe(1, "نخست", "سپس", "آخر"))
    spent = await page.apply(shoe(1, "نخست", "دیگر", "آخر"))
    assert (spent.embedded, spent.reused) == (1, 2)
    assert await page.live() == ["woo_1"] * 3
    spent = await page.apply(shoe(1, "نخست", "سپس", "آخر"))
    assert (spent.embedded, spent.reused) == (0, 3)
    assert await page.live() == ["woo_1"] * 3
    assert max(embeddings.texts.values()) == 1


async def test_the_ledger_has_what_a_page_cost_and_saved(page: Page, embeddings: EmbeddingServer) -> None:
    """A request counts with the vectors that it brought; chunks that stayed as they were are saved."""
    await page.apply(shoe(1, "نخست", "سپس", "آخر"))
    await page.apply(shoe(1, "نخست", "دیگر", "آخر"))
    tokens = {row["position"]: row["tokens"] for row in await page.shop.chunks(1)}
    await page.counters.write()
    assert await used(page.shop) == {
        "sync": Usage(
            calls=2,
            texts=4,
            tokens=embeddings.tokens,
            saved_texts=2,
            saved_tokens=tokens[0] + tokens[2],
        )
    }


async def test_texts_over_the_budget_are_left_to_the_recovery(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """A text with vectors is published all the same, and the others are once there is a new budget."""
    await page.apply(shoe(1, "نخست"))
    await page.apply(shoe(1, "سپس"))
    await limit(page.shop, month=0)
    spent = await page.apply(shoe(1, "نخست"), shoe(2, "نخست"))
    assert (spent.embedded, spent.reused, len(embeddings.requests)) == (0, 1, 2)
    assert await page.live() == ["woo_1"]
    left = await page.shop.product(2)
    assert left is not None
    assert left["claimed_hash"] is None
    await limit(page.shop)
    await page.apply(shoe(2, "نخست"))
    assert await page.live() == ["woo_1", "woo_2"]


async def test_what_was_paid_for_is_kept_when_a_later_request_fails(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partly embedded text is not searchable; the next attempt embeds only the rest."""
    page.embedder.limits.refused_texts(4)
    products = [shoe(1, "نخست", "سپس", "آخر"), shoe(2, "نخست", "سپس", "آخر")]
    saved = await page.save(*products)
    answered = embeddings.answer
    monkeypatch.setattr(
        embeddings,
        "answer",
        lambda *request: invalid_api_key() if len(embeddings.requests) == 2 else answered(*request),
    )
    with pytest.raises(openai.AuthenticationError):
        await page.indexer.index(page.shop.store_id, saved.unindexed)
    assert set(await page.live()) == {"woo_1"}
    monkeypatch.setattr(embeddings, "answer", answered)
    spent = await page.apply(*products)
    assert (spent.embedded, spent.reused) == (2, 1)
    assert await page.live() == ["woo_1"] * 3 + ["woo_2"] * 3
    assert max(embeddings.texts.values()) == 1


async def test_a_text_that_another_process_embeds_is_left_to_the_recovery(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """Nothing is paid for twice, and nothing stays unindexed: the claim on the text is released."""
    saved = await page.save(shoe(1, "نخست"), shoe(2, "نخست"))
    one = await page.shop.product(1)
    assert one is not None
    async with lease(page.system.database, for_embedding([one["id"]])):
        spent = (await page.indexer.index(page.shop.store_id, saved.unindexed)).counts
    assert spent.embedded == 1
    assert await page.live() == ["woo_2"]
    left = await page.shop.product(1)
    assert left is not None
    assert left["claimed_hash"] is None


async def test_a_text_that_becomes_outdated_is_not_searchable(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vectors are kept in case the text returns."""
    await page.apply(shoe(1, "نخست"))
    saved = await page.save(shoe(1, "سپس"))
    upsert_chunks = bulk.upsert_chunks

    async def changed_first(*arguments: Any, **more: Any) -> None:
        monkeypatch.undo()
        await page.save(shoe(1, "نخست"))
        await upsert_chunks(*arguments, **more)

    monkeypatch.setattr(bulk, "upsert_chunks", changed_first)
    await page.indexer.index(page.shop.store_id, saved.unindexed)
    assert await page.live() == ["woo_1"]
    assert (await page.apply(shoe(1, "سپس"))).embedded == 0
    assert max(embeddings.texts.values()) == 1


async def test_a_vector_that_vanishes_is_not_reused(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written; another attempt embeds what is missing."""
    await page.apply(shoe(1, "نخست"))
    saved = await page.save(shoe(1, "نخست", "سپس"))
    (product,) = [version.product_id for version in saved.unindexed]

    async def found(*_: object) -> dict[int, set[str]]:
        return {product: {chunk.text_hash for chunk in made}}

    ((version, content),) = saved.unindexed.items()
    made = chunk_rows(version, content)
    monkeypatch.setattr(bulk, "embedded_texts", found)
    with pytest.raises(Vanished):
        await page.indexer.index(page.shop.store_id, saved.unindexed)
    assert len(await page.shop.rows("SELECT FROM tenant_knowledge WHERE store_id = :store")) == 1
    monkeypatch.undo()
    await page.apply(shoe(1, "نخست", "سپس"))
    assert await page.live() == ["woo_1"] * 2


async def test_texts_of_two_stores_are_kept_apart(page: Page) -> None:
    """A product with the same id in another store has chunks of its own."""
    other = await page.system.shop()
    await replace(page, shop=other).apply(shoe(1, "نخست"))
    await page.apply(shoe(1, "نخست"))
    async with page.system.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT DISTINCT store_id FROM tenant_knowledge WHERE store_id = ANY(:stores)"),
            {"stores": [page.shop.store_id, other.store_id]},
        )
    assert len(rows.all()) == 2
