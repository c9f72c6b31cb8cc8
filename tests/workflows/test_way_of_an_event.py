"""One event from delivery to search, on real servers."""

from fakes.openai import EmbeddingServer
from tests.support.shop import Shop

LAPTOP = {
    "id": 777,
    "name": "لپ‌تاپ ایسوس ROG",
    "description": "<p>لپ‌تاپ گیمینگ با کارت گرافیک قدرتمند</p>",
    "price": "45000000",
    "stock_quantity": 5,
    "stock_status": "instock",
    "date_modified_gmt": "2026-11-20T10:00:00",
}


async def test_an_event_becomes_searchable(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Search finds a product by meaning once its event has succeeded."""
    event = await shop.ended(await shop.submit(LAPTOP))
    assert event["status"] == "succeeded", event
    [hit] = await shop.search("لپتاپ گیمینگ")
    assert hit["product"]["external_id"] == "woo_777"
    assert hit["product"]["price"] == "45000000"
    assert len(await shop.chunks(777)) == 1
    assert sum(embeddings.texts.values()) == 2, "one chunk and one question"
