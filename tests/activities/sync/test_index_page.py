"""A page of products becomes known in one go, whatever happens meanwhile."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import openai
import pytest
from sqlalchemy import text

from activities.indexing import chunk_rows, chunks_of
from activities.sync.index_page import Spent
from contracts.catalog import Product
from database.chunks import bulk
from database.chunks.bulk import Vanished
from database.locks import embedding_locks
from embeddings.base import RequestLimits
from embeddings.openai import OpenAIEmbedder
from fakes.openai import EmbeddingServer, bad_request
from tests.support.pages import Page, shoe

pytestmark = pytest.mark.slow


def asked(embeddings: EmbeddingServer) -> Sequence[int]:
    return [len(request.inputs) for request in embeddings.requests]


async def test_a_page_is_one_request_however_many_products_it_has(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """Its chunks are written with their vectors, and found at once; a product without text is known, too."""
    products = [shoe(number, "نخست", "سپس") for number in range(5)]
    spent = await page.take(*products, Product(external_id="woo_9", title=""))
    assert spent == Spent(embedded=10, reused=0, tokens=embeddings.tokens)
    assert asked(embeddings) == [10]
    assert sorted(set(await page.live())) == [f"woo_{number}" for number in range(5)]
    empty = await page.shop.product(9)
    assert empty is not None
    assert empty["knowledge_hash"] == empty["content_hash"]
    assert await page.shop.found("کفش 3", limit=1) == ["woo_3"]


async def test_an_edited_text_asks_only_for_what_is_new(page: Page, embeddings: EmbeddingServer) -> None:
    """The other chunks take over the vectors their product has, and the former text is found no more."""
    await page.take(shoe(1, "نخست", "سپس", "آخر"))
    spent = await page.take(shoe(1, "نخست", "دیگر", "آخر"))
    assert (spent.embedded, spent.reused) == (1, 2)
    assert await page.live() == ["woo_1"] * 3
    spent = await page.take(shoe(1, "نخست", "سپس", "آخر"))
    assert (spent.embedded, spent.reused) == (0, 3)
    assert await page.live() == ["woo_1"] * 3
    assert max(embeddings.texts.values()) == 1


async def test_what_was_paid_for_is_kept_when_a_later_request_fails(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that is only partly embedded is not found; the next attempt asks for the rest alone."""
    monkeypatch.setattr(OpenAIEmbedder, "limits", RequestLimits(tokens=300_000, texts=2))
    products = [shoe(1, "نخست", "سپس", "آخر"), shoe(2, "نخست", "سپس", "آخر")]
    saved = await page.save(*products)
    answered = embeddings.answer
    monkeypatch.setattr(
        embeddings,
        "answer",
        lambda *request: bad_request() if len(embeddings.requests) == 2 else answered(*request),
    )
    with pytest.raises(openai.BadRequestError):
        await page.pages.make_known(saved)
    assert set(await page.live()) == {"woo_1"}
    monkeypatch.setattr(embeddings, "answer", answered)
    spent = await page.take(*products)
    assert (spent.embedded, spent.reused) == (2, 1)
    assert await page.live() == ["woo_1"] * 3 + ["woo_2"] * 3
    assert max(embeddings.texts.values()) == 1


async def test_a_text_somebody_else_embeds_is_left_to_whoever_looks_for_lost_ones(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """Nothing is paid for twice, and nothing stays unknown: nobody has taken the text any more."""
    saved = await page.save(shoe(1, "نخست"), shoe(2, "نخست"))
    one = await page.shop.product(1)
    assert one is not None
    async with embedding_locks(page.system.database, [one["id"]]):
        spent = await page.pages.make_known(saved)
    assert spent.embedded == 1
    assert await page.live() == ["woo_2"]
    left = await page.shop.product(1)
    assert left is not None
    assert left["claimed_hash"] is None


async def test_a_text_that_is_outdated_meanwhile_is_not_found(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vectors are kept for when it returns."""
    await page.take(shoe(1, "نخست"))
    saved = await page.save(shoe(1, "سپس"))
    lay = bulk.lay

    async def changed_first(*arguments: Any, **more: Any) -> None:
        monkeypatch.undo()
        await page.save(shoe(1, "نخست"))
        await lay(*arguments, **more)

    monkeypatch.setattr(bulk, "lay", changed_first)
    await page.pages.make_known(saved)
    assert await page.live() == ["woo_1"]
    assert (await page.take(shoe(1, "سپس"))).embedded == 0
    assert max(embeddings.texts.values()) == 1


async def test_a_vector_that_vanishes_is_not_taken_for_one(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written then; another look finds what is missing."""
    await page.take(shoe(1, "نخست"))
    saved = await page.save(shoe(1, "نخست", "سپس"))
    (product,) = [version.product_id for version in saved.unknown]

    async def believed(*_: object) -> dict[int, set[str]]:
        return {product: {chunk.text_hash for chunk in made}}

    ((version, content),) = saved.unknown.items()
    made = chunk_rows(version, chunks_of(content))
    monkeypatch.setattr(bulk, "known", believed)
    with pytest.raises(Vanished):
        await page.pages.make_known(saved)
    assert len(await page.shop.rows("SELECT FROM tenant_knowledge WHERE store_id = :store")) == 1
    monkeypatch.undo()
    await page.take(shoe(1, "نخست", "سپس"))
    assert await page.live() == ["woo_1"] * 2


async def test_texts_of_two_stores_are_kept_apart(page: Page) -> None:
    """The same product in another store is another one, with chunks of its own."""
    other = await page.system.shop()
    await replace(page, shop=other).take(shoe(1, "نخست"))
    await page.take(shoe(1, "نخست"))
    async with page.system.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT DISTINCT store_id FROM tenant_knowledge WHERE store_id = ANY(:stores)"),
            {"stores": [page.shop.store_id, other.store_id]},
        )
    assert len(rows.all()) == 2
