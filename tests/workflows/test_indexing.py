"""Indexing: what is embedded, when, and what search finds until then."""

from typing import Any

import pytest

from fakes.openai import EmbeddingServer
from tests.support.shop import Shop

PARAGRAPHS = [
    f"<p>بخش {n}: " + " ".join(f"واژه{n}{k} درباره ویژگی شماره {k} این محصول." for k in range(24)) + "</p>"
    for n in range(10)
]


def product(**changes: Any) -> dict[str, Any]:
    return {
        "id": 9,
        "name": "قهوه‌ساز خانگی",
        "description": "".join(PARAGRAPHS),
        "price": "100",
        "stock_quantity": 4,
        "stock_status": "instock",
        "permalink": "https://shop.example/9",
        "categories": ["آشپزخانه"],
        **changes,
    }


@pytest.mark.parametrize(
    "facts",
    [
        {"price": "150", "sale_price": "150", "on_sale": True},
        {"stock_quantity": 0, "stock_status": "outofstock"},
        {"permalink": "https://shop.example/nine"},
        {"image": "https://shop.example/9.jpg", "gallery": ["https://shop.example/9b.jpg"]},
        {"sku": "N-9"},
    ],
)
async def test_facts_change_without_an_embedding(
    shop: Shop, embeddings: EmbeddingServer, facts: dict[str, Any]
) -> None:
    """Price, stock, link and images are visible in search at once, and no embedding call is made."""
    await shop.sync(product())
    requests = len(embeddings.requests)
    assert await shop.sync(product(**facts)) == "unchanged"
    assert len(embeddings.requests) == requests
    [hit] = await shop.search("قهوه")
    seen = hit["product"]
    assert (seen["price"], seen["in_stock"], seen["link"], seen["image"]) == (
        facts.get("price", "100"),
        facts.get("stock_status") != "outofstock",
        facts.get("permalink", "https://shop.example/9"),
        facts.get("image", ""),
    )


async def test_one_changed_paragraph_embeds_at_most_two_chunks(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Chunks with unchanged text keep their vectors."""
    await shop.sync(product())
    before = await shop.chunks(9)
    assert len(before) >= 10
    for at in (0, 4, 9):
        embeddings.reset()
        edited = list(PARAGRAPHS)
        edited[at] = edited[at].replace("واژه", "کلمه", 3)
        assert await shop.sync(product(description="".join(edited))) == "succeeded"
        assert 1 <= sum(embeddings.texts.values()) <= 2
        kept = {chunk["text_hash"] for chunk in before} & {c["text_hash"] for c in await shop.chunks(9)}
        assert len(kept) >= len(before) - 2


async def test_going_back_to_an_earlier_text_costs_nothing(shop: Shop, embeddings: EmbeddingServer) -> None:
    """The vectors of the last few texts are kept."""
    await shop.sync(product())
    await shop.sync(product(description="<p>چیز دیگر</p>"))
    embeddings.reset()
    assert await shop.sync(product()) == "succeeded"
    assert not embeddings.requests
    assert len(await shop.chunks(9)) >= 10


@pytest.mark.parametrize(
    ("hidden", "event_type"),
    [
        ({"status": "draft"}, "product.updated"),
        ({"status": "private"}, "product.updated"),
        ({"status": "trash"}, "product.updated"),
        ({"status": "future"}, "product.updated"),
        ({"catalog_visibility": "hidden"}, "product.updated"),
        ({"post_password": "secret"}, "product.updated"),
        ({}, "product.deleted"),
    ],
)
async def test_hidden_products_are_gone_at_once_and_come_back_for_nothing(
    shop: Shop, embeddings: EmbeddingServer, hidden: dict[str, Any], event_type: str
) -> None:
    """Search finds only active products; restoring unchanged content costs no embedding."""
    await shop.sync(product())
    embeddings.reset()
    gone = {"id": 9} if event_type == "product.deleted" else product(**hidden)
    assert await shop.sync(gone, event_type) == "succeeded"
    assert await shop.found("قهوه‌ساز") == []
    assert await shop.sync(product(), "product.restored") == "unchanged"
    assert await shop.found("قهوه‌ساز") == ["woo_9"]
    assert {seen.inputs for seen in embeddings.requests} <= {("قهوه‌ساز",)}, "only the question"


async def test_a_draft_is_not_embedded_until_it_is_published(shop: Shop, embeddings: EmbeddingServer) -> None:
    """An inactive product is not embedded."""
    assert await shop.sync(product(status="draft")) == "succeeded"
    assert not embeddings.requests
    assert await shop.sync(product(status="publish")) == "succeeded"
    assert await shop.found("قهوه‌ساز") == ["woo_9"]


async def test_a_deletion_of_something_unknown_is_ignored(shop: Shop) -> None:
    """WooCommerce also sends the deletions of blog posts."""
    assert await shop.sync({"id": 26}, "product.deleted") == "ignored"
    assert await shop.product(26) is None


async def test_a_product_without_any_text_is_indexed_without_chunks(
    shop: Shop, embeddings: EmbeddingServer
) -> None:
    """A shop may publish a product without name and description."""
    assert await shop.sync({"id": 17, "name": "", "description": "", "price": ""}) == "succeeded"
    assert not embeddings.requests


async def test_two_stores_may_have_the_same_product_and_event_id(shop: Shop, system: Any) -> None:
    """External ids are scoped to their store, even among stores of one owner."""
    other = await system.second_shop(shop.user_id)
    assert await shop.sync(product(name="اولی"), event_id="abc") == "succeeded"
    assert await other.sync(product(name="دومی"), event_id="abc") == "succeeded"
    assert [hit["product"]["title"] for hit in await shop.search("اولی دومی")] == ["اولی"]
    assert [hit["product"]["title"] for hit in await other.search("اولی دومی")] == ["دومی"]


async def test_a_variation_event_changes_its_product(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Its product's text and lowest price change without an event of the product."""
    await shop.sync(product(variations=[91], description="<p>کوتاه</p>"))
    variation = {"id": 91, "type": "variation", "parent_id": 9, "price": "80", "stock_status": "instock"}
    red = {**variation, "attributes": [{"name": "رنگ", "option": "زرشکی"}]}
    assert await shop.sync(red) == "succeeded"
    assert "زرشکی" in (await shop.chunks(9))[0]["text"]
    embeddings.reset()
    assert await shop.sync({**red, "price": "70"}) == "unchanged"
    assert not embeddings.requests
    [hit] = await shop.search("زرشکی")
    assert hit["product"]["price"] == "70"
    assert await shop.sync({"id": 91}, "product.deleted") == "succeeded"
    assert "زرشکی" not in (await shop.chunks(9))[0]["text"]


async def test_a_variation_may_arrive_before_its_product(shop: Shop) -> None:
    """The variation is stored, and its text is included when the product arrives."""
    options = [{"name": "رنگ", "option": "فیروزه‌ای"}]
    early = {"id": 92, "type": "variation", "parent_id": 9, "price": "80", "attributes": options}
    assert await shop.sync(early) == "succeeded"
    assert await shop.sync(product(variations=[92], description="<p>کوتاه</p>")) == "succeeded"
    assert "فیروزه" in (await shop.chunks(9))[0]["text"]


async def test_variations_sent_inside_the_product_are_the_whole_set(shop: Shop) -> None:
    """The text of a variation that the product no longer lists is removed."""

    def variation(number: int, size: str) -> dict[str, Any]:
        return {"id": number, "price": "10", "attributes": [{"name": "سایز", "option": size}]}

    both = [variation(93, "کوچک‌ترین"), variation(94, "بزرگ‌ترین")]
    await shop.sync(product(description="", variations=both))
    assert "بزرگ‌ترین" in (await shop.chunks(9))[0]["text"]
    await shop.sync(product(description="", variations=both[:1]))
    assert "بزرگ‌ترین" not in (await shop.chunks(9))[0]["text"]
