"""Every product body of a real shop, in the order of sending."""

import json
from pathlib import Path
from typing import Any

from fakes.openai import EmbeddingServer
from tests.support.shop import Shop

RECORDINGS = Path(__file__).parent / "fixtures" / "woocommerce"
INDEX: list[dict[str, Any]] = [
    entry for entry in json.loads((RECORDINGS / "index.json").read_text()) if entry["kind"] != "ping"
]
FOUND_AT_THE_END = {11, 12, 13, 14, 15, 16, 21, 34, 35, 36, 54}
GONE_AT_THE_END = {17: "deleted", 18: "future", 19: "private", 20: "publish", 37: "draft"}


def body(file: str) -> dict[str, Any]:
    recorded = json.loads((RECORDINGS / file).read_text())
    found: dict[str, Any] = json.loads(recorded["body"])
    return found


async def replay(shop: Shop) -> list[str]:
    """Sends all recordings one by one; returns their final statuses."""
    return [await shop.sync(body(entry["file"]), entry["topic"]) for entry in INDEX]


async def test_every_recorded_body_has_the_right_result(shop: Shop, embeddings: EmbeddingServer) -> None:
    """Search finds published products, but no drafts, private, hidden, scheduled and trashed ones."""
    statuses = await replay(shop)
    assert set(statuses) <= {"succeeded", "unchanged", "ignored"}, statuses
    rows = await shop.rows("SELECT external_id, is_active, status FROM products WHERE store_id = :store")
    active = {row["external_id"] for row in rows if row["is_active"]}
    assert active == {f"woo_{number}" for number in FOUND_AT_THE_END}
    gone = {row["external_id"]: row["status"] for row in rows if not row["is_active"]}
    assert gone == {f"woo_{number}": status for number, status in GONE_AT_THE_END.items()}
    assert "woo_11" in await shop.found("لپ‌تاپ ایسوس VivoBook")
    assert max(embeddings.texts.values()) == 1, "nothing is embedded twice"


async def test_recorded_variations_are_part_of_their_parent(shop: Shop) -> None:
    """Variation 23 was trashed and restored with its parent: both live ones are in the parent's text."""
    await replay(shop)
    rows = await shop.rows(
        "SELECT external_id, is_active FROM product_variations WHERE store_id = :store ORDER BY external_id"
    )
    assert {row["external_id"] for row in rows if row["is_active"]} >= {"woo_22", "woo_23"}
    text = "\n".join(chunk["text"] for chunk in await shop.chunks(21))
    assert "قرمز" in text
    assert await shop.product(22) is None, "a variation is not a product"


async def test_the_whole_catalogue_sent_again_costs_nothing(shop: Shop, embeddings: EmbeddingServer) -> None:
    """The last body of each product, sent again, makes no embedding request."""
    await replay(shop)
    embeddings.reset()
    last = {entry["id"]: entry for entry in INDEX if entry["kind"] not in ("id_only", "variation")}
    statuses = {
        number: await shop.sync(body(entry["file"]), "product.updated")
        for number, entry in last.items()
        if number in FOUND_AT_THE_END
    }
    assert set(statuses.values()) == {"unchanged"}, statuses
    assert not embeddings.requests
