"""Products of which we hold nothing are written once, with their vectors, whatever happens meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

import openai
import pytest

from activities.sync import new_products as module
from activities.sync.index_page import Spent
from contracts.catalog import Attribute, Facts, Product, Variation
from database.locks import embedding_locks, newcomer_locks
from fakes.openai import EmbeddingServer, bad_request
from tests.support.pages import Page, shoe

pytestmark = pytest.mark.slow

HIDDEN = replace(shoe(9, "نخست"), visible=False, status="draft")


async def writes(page: Page) -> int:
    """How many transactions wrote what the store has of products and chunks."""
    rows = await page.shop.rows(
        "SELECT xmin::text FROM products WHERE store_id = :store"
        " UNION SELECT xmin::text FROM tenant_knowledge WHERE store_id = :store"
    )
    return len(rows)


async def test_new_products_are_written_with_their_vectors_in_one_transaction(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """They are found at once; one without a text is known too, and one nobody may see is not embedded."""
    products = [shoe(number, "نخست", "سپس") for number in range(3)]
    spent, saved = await page.take_new(*products, Product(external_id="woo_8", title=""), HIDDEN)
    assert spent == Spent(embedded=6, tokens=embeddings.tokens)
    assert (len(saved.new), saved.unknown) == (5, {})
    assert len(embeddings.requests) == await writes(page) == 1
    assert sorted(set(await page.live())) == [f"woo_{number}" for number in range(3)]
    assert await page.shop.found("کفش 2", limit=1) == ["woo_2"]
    rows = await page.shop.rows(
        "SELECT external_id FROM products WHERE store_id = :store"
        " AND (knowledge_hash = content_hash AND knowledge_at IS NOT NULL) <> (external_id <> 'woo_9')"
    )
    assert rows == []


async def test_what_is_known_already_is_not_embedded_again(page: Page, embeddings: EmbeddingServer) -> None:
    """As after a worker that died before it could tell that the page was done."""
    await page.take_new(shoe(1, "نخست"))
    spent, saved = await page.take_new(shoe(1, "نخست"), shoe(2, "نخست"))
    assert (spent.embedded, len(saved.new), saved.unknown) == (1, 1, {})
    assert max(embeddings.texts.values()) == 1
    assert await page.live() == ["woo_1", "woo_2"]


async def test_products_are_saved_though_embedding_fails(page: Page, embeddings: EmbeddingServer) -> None:
    """The failure is raised after that; the next attempt pays for each text once."""
    embeddings.fail_next(bad_request())
    with pytest.raises(openai.BadRequestError):
        await page.take_new(shoe(1, "نخست"), shoe(2, "نخست"))
    assert len(await page.shop.rows("SELECT FROM products WHERE store_id = :store")) == 2
    assert await page.live() == []
    spent, saved = await page.take_new(shoe(1, "نخست"), shoe(2, "نخست"))
    assert spent == Spent()
    assert (await page.pages.make_known(saved)).embedded == 2
    assert await page.live() == ["woo_1", "woo_2"]


@pytest.mark.parametrize("later", [False, True], ids=["before the page was read", "after it was read"])
async def test_a_product_that_comes_by_an_event_meanwhile_gets_the_vectors_paid_for(
    page: Page, embeddings: EmbeddingServer, *, later: bool
) -> None:
    """The event cannot embed the same text at that time, and has nothing left to embed afterwards."""
    read_at = datetime.now(UTC) if later else None
    async with page.foresight.of(page.shop.store_id, [shoe(1, "نخست"), shoe(2, "نخست")]) as newcomers:
        other = await page.save(shoe(1, "نخست"))
        assert await page.pages.make_known(other) == Spent()
        saved = await page.save(shoe(1, "نخست"), shoe(2, "نخست"), newcomers=newcomers, read_at=read_at)
    assert (len(saved.new), saved.unknown) == (1, {})
    assert await page.live() == ["woo_1", "woo_2"]
    assert await page.pages.make_known(other) == Spent(reused=1)
    assert max(embeddings.texts.values()) == 1


async def test_a_newer_text_that_comes_meanwhile_stays(page: Page) -> None:
    """What the page said of it is not written, and so neither are its chunks."""
    newer = replace(shoe(1, "سپس"), version=datetime(2026, 11, 2, tzinfo=UTC))
    async with page.foresight.of(page.shop.store_id, [shoe(1, "نخست")]) as newcomers:
        other = await page.save(newer)
        saved = await page.save(shoe(1, "نخست"), newcomers=newcomers)
    assert (len(saved.new), saved.unknown) == (0, {})
    await page.pages.make_known(other)
    assert await page.live() == ["woo_1"]
    assert len(await page.shop.rows("SELECT FROM tenant_knowledge WHERE store_id = :store")) == 1


async def test_what_somebody_else_embeds_is_left_to_them(page: Page, embeddings: EmbeddingServer) -> None:
    """Also where it has no row yet; the locks of a row and of a name are the same."""
    store_id = page.shop.store_id
    async with newcomer_locks(page.system.database, store_id, ["woo_1"]) as theirs:
        assert theirs == {"woo_1"}
        spent, saved = await page.take_new(shoe(1, "نخست"), shoe(2, "نخست"))
        assert (spent.embedded, len(saved.new), len(saved.unknown)) == (1, 2, 1)
        rows = [version.product_id for version in saved.unknown]
        async with embedding_locks(page.system.database, [*rows, 2**62]) as alone:
            assert alone.products == {2**62}
    async with embedding_locks(page.system.database, rows) as alone:
        assert alone.products == set(rows)
        async with newcomer_locks(page.system.database, store_id, ["woo_1", "woo_3"]) as ours:
            assert ours == {"woo_3"}


async def test_more_than_one_request_takes_is_left_to_the_next_step(
    page: Page, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whatever was paid for is written before more is asked for."""
    monkeypatch.setattr(module, "MAX_INPUTS_PER_REQUEST", 5)
    products = [shoe(number, "نخست", "سپس") for number in range(3)]
    spent, saved = await page.take_new(*products)
    assert (spent.embedded, len(saved.new), len(saved.unknown)) == (4, 3, 1)
    assert set(await page.live()) == {"woo_0", "woo_1"}
    assert (await page.pages.make_known(saved)).embedded == 2
    assert set(await page.live()) == {"woo_0", "woo_1", "woo_2"}


def boot(size: str, *, version: datetime) -> Variation:
    return Variation(
        external_id=f"woo_{size}",
        parent="woo_1",
        options=(Attribute(name="اندازه", options=(size,)),),
        facts=Facts(),
        visible=True,
        version=version,
    )


async def test_a_variation_that_changed_later_counts_in_the_text(
    page: Page, embeddings: EmbeddingServer
) -> None:
    """The product's text then differs from the one that was embedded, which is not taken for it."""
    then, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)

    def with_boot(number: int, size: str, version: datetime) -> Product:
        variation = replace(boot("40", version=version), options=boot(size, version=version).options)
        return replace(shoe(number, "نخست"), variations=(variation,), variation_ids=("woo_40",))

    async with page.foresight.of(page.shop.store_id, [with_boot(1, "چهل", then)]) as newcomers:
        await page.save(with_boot(1, "چهل و یک", later))
        await page.shop.rows("DELETE FROM products WHERE store_id = :store RETURNING id")
        saved = await page.save(with_boot(1, "چهل", then), newcomers=newcomers)
    assert (len(saved.new), len(saved.unknown)) == (1, 1)
    assert await page.live() == []
    assert (await page.pages.make_known(saved)).embedded == 1
    assert await page.live() == ["woo_1"]
    rows = await page.shop.rows("SELECT text FROM tenant_knowledge WHERE store_id = :store")
    assert "چهل و یک" in rows[0]["text"]
