"""A page of products becomes known in one go, whatever happens meanwhile."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import openai
import pytest
import pytest_asyncio
from sqlalchemy import text

from activities import embedding
from activities.embedding import Embedding
from activities.page_texts import PageTexts, Spent
from activities.pages import Pages, ReadPage, ReadProduct, SavedPage
from activities.totals import Totals
from connectors.embeddings import create_embedder
from contracts.catalog import Product
from contracts.stores import StoreType
from database import knowledge, page_knowledge
from database.page_knowledge import Vanished
from database.shops import SealedAccess
from tests.servers import EmbeddingServer, bad_request
from tests.system import Shop, System

pytestmark = pytest.mark.slow

SENTENCE = " چرم طبیعی است و زیره‌ی نرم دارد. "


def shoe(number: int, *paragraphs: str) -> Product:
    """A product; every paragraph is a chunk of its own."""
    return Product(
        external_id=f"woo_{number}",
        title=f"کفش {number}",
        description="".join(f"<p>{(word + SENTENCE) * 14}</p>" for word in paragraphs),
        version=datetime(2026, 11, 1, tzinfo=UTC),
    )


@dataclass
class Page:
    """A page of a store."""

    system: System
    shop: Shop
    pages: Pages

    async def save(self, *products: Product) -> SavedPage:
        terms = SealedAccess(
            user_id=self.shop.user_id,
            type=StoreType.WOOCOMMERCE,
            base_url="",
            currency="IRT",
            credentials=None,
        )
        page = ReadPage(
            store_id=self.shop.store_id,
            terms=terms,
            read_at=datetime.now(UTC),
            products=[ReadProduct(product=product, listed_hash=None) for product in products],
        )
        async with self.system.database.transaction() as connection:
            return await self.pages.save(connection, page)

    async def take(self, *products: Product) -> Spent:
        return await self.pages.make_known(await self.save(*products))

    async def live(self) -> list[str]:
        """The products search may find, each as often as it has chunks that are found."""
        rows = await self.shop.rows(
            "SELECT external_id FROM products p JOIN tenant_knowledge k ON k.product_id = p.id"
            " WHERE p.store_id = :store AND p.is_active AND k.is_live AND k.embedding IS NOT NULL"
            " AND k.content_hash = p.content_hash AND p.knowledge_hash = p.content_hash ORDER BY p.id"
        )
        return [row["external_id"] for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def page(system: System, shop: Shop, embeddings: EmbeddingServer) -> AsyncIterator[Page]:
    embedder, totals = create_embedder(system.settings), Totals(system.database)
    texts = PageTexts(system.database, Embedding(embedder, totals), totals)
    yield Page(system, shop, Pages(texts))
    await embedder.close()


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
    monkeypatch.setattr(embedding, "MAX_INPUTS_PER_REQUEST", 2)
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
    async with knowledge.embedding_locks(page.system.database, [one["id"]]):
        spent = await page.pages.make_known(saved)
    assert spent.embedded == 1
    assert await page.live() == ["woo_2"]
    left = await page.shop.product(1)
    assert left is not None
    assert left["taken_hash"] is None


async def test_a_text_that_is_outdated_meanwhile_is_not_found(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vectors are kept for when it returns."""
    await page.take(shoe(1, "نخست"))
    saved = await page.save(shoe(1, "سپس"))
    lay = page_knowledge.lay

    async def changed_first(*arguments: Any, **more: Any) -> None:
        monkeypatch.undo()
        await page.save(shoe(1, "نخست"))
        await lay(*arguments, **more)

    monkeypatch.setattr(page_knowledge, "lay", changed_first)
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

    made = embedding.chunk_rows(*next(iter(saved.unknown.items())))
    monkeypatch.setattr(page_knowledge, "known", believed)
    with pytest.raises(Vanished):
        await page.pages.make_known(saved)
    assert len(await page.shop.rows("SELECT FROM tenant_knowledge WHERE store_id = :store")) == 1
    monkeypatch.undo()
    await page.take(shoe(1, "نخست", "سپس"))
    assert await page.live() == ["woo_1"] * 2


async def test_texts_of_two_stores_are_kept_apart(page: Page) -> None:
    """The same product in another store is another one, with chunks of its own."""
    other = await page.system.shop()
    await Page(page.system, other, page.pages).take(shoe(1, "نخست"))
    await page.take(shoe(1, "نخست"))
    async with page.system.database.reading() as connection:
        rows = await connection.execute(
            text("SELECT DISTINCT store_id FROM tenant_knowledge WHERE store_id = ANY(:stores)"),
            {"stores": [page.shop.store_id, other.store_id]},
        )
    assert len(rows.all()) == 2
