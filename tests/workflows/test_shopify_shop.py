"""A Shopify shop: its webhooks, and reading it through GraphQL."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from contracts.syncs import FindingKind, SyncStatus
from fakes.openai import EmbeddingServer
from fakes.shopify import TOKEN, ShopifyServer
from tests.connectors.test_shopify_catalogue import variant, webhook
from tests.support import deliveries
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced
from tests.support.system import System, running

SIGNED = "a-secret-of-letters"


@pytest_asyncio.fixture(scope="module")
async def reading(configure: Configure) -> AsyncIterator[System]:
    settings = configure(
        task_queue="reading-shopify", allow_private_shops=True, shop_requests_per_minute=1_000_000
    )
    async with running(settings) as system:
        yield system


@pytest.fixture
def server() -> Iterator[ShopifyServer]:
    with ShopifyServer(most=10_000_000) as opened:
        yield opened


@pytest_asyncio.fixture
async def store(reading: System, server: ShopifyServer, embeddings: EmbeddingServer) -> Shop:
    return await reading.shop(
        store_type="shopify",
        webhook_secret=SIGNED,
        base_url=server.base_url,
        credentials={"access_token": TOKEN},
    )


def shirt(id_: int, count: int, **changed: Any) -> dict[str, Any]:
    return webhook(
        id_, *(variant(id_ * 1_000 + n, option1=f"Size {n}") for n in range(1, count + 1)), **changed
    )


async def test_variants_beyond_the_hundredth_are_read(store: Shop, server: ShopifyServer) -> None:
    """A delivery contains a hundred variants and lists all; the rest are read from the shop."""
    whole = shirt(7, 120, title="Shirt")
    server.load(whole)
    named = [{"admin_graphql_api_id": f"gid://shopify/ProductVariant/{v['id']}"} for v in whole["variants"]]
    delivered = {**whole, "variants": whole["variants"][:100], "variant_gids": named}
    answer = await store.deliver(deliveries.shopify(delivered, SIGNED), "shopify")
    assert answer.status_code == 202, answer.text
    event = await store.ended(answer.json()["event_id"])
    assert event["status"] == "succeeded"
    assert event["pulled_at"] is not None
    rows = await store.rows("SELECT FROM product_variations WHERE store_id = :store AND is_active")
    assert len(rows) == 120


async def test_a_resync_knows_what_the_shop_has(
    reading: System, store: Shop, server: ShopifyServer, embeddings: EmbeddingServer
) -> None:
    """An import, a sync without changes, a changed product and a deleted one."""
    synced = Synced(reading, store, server)  # type: ignore[arg-type]  # its shop is only for WooCommerce's tests
    for id_ in range(1, 61):
        server.load(shirt(id_, 3, title=f"Shirt {id_}"))
    sync = await synced.sync()
    assert (sync.status, sync.counts.new, sync.counts.failed) == (SyncStatus.SUCCEEDED, 60, 0)
    assert len(await synced.indexed()) == 60
    calls = len(embeddings.requests)
    sync = await synced.sync()
    assert (sync.counts.unchanged, len(embeddings.requests)) == (60, calls)
    server.load(shirt(5, 3, title="Coat", updated_at="2026-03-06T15:15:10Z"))
    server.products.pop(9)
    sync = await synced.sync()
    found = {finding.external_id: finding.kind for finding in await synced.findings(sync)}
    assert found == {
        "shopify_5": FindingKind.MISSED_EVENT,
        "shopify_9": FindingKind.SILENT_DELETE,
    }
    known = await synced.indexed()
    assert known["shopify_5"] == "Coat"
    assert "shopify_9" not in known
    rows = await store.rows(
        "SELECT metadata ->> 'gtin' AS gtin, keys FROM product_variations"
        " WHERE store_id = :store AND external_id = 'shopify_5001'"
    )
    assert rows == [
        {
            "gtin": "6260005001",
            "keys": [
                f"{store.store_id}/{key}"
                for key in ("attribute/size/size1", "code/6260005001", "code/ts5001")
            ],
        }
    ]
