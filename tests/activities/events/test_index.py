"""The indexing activities, called directly."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.events.index import IndexingActivities
from activities.indexing import Indexer
from activities.metrics import Counters
from compute import Compute
from contracts.events import TextVersion
from database.products import upsert as products
from embeddings.registry import create_embedder
from tests.support.shop import Shop
from tests.support.system import System


async def test_chunks_are_never_of_another_text_than_their_hash(
    system: System, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a product changes just before its older text is staged, that text gets no chunks."""
    await shop.sync({"id": 5, "name": "نخست"})
    known = await shop.product(5)
    assert known is not None
    read = products.read

    async def change_first(*of: Any) -> object:
        monkeypatch.undo()
        assert await shop.sync({"id": 5, "name": "سپس"}) == "succeeded"
        return await read(*of)

    version = TextVersion(event_row=0, product_id=known["id"], content_hash=known["content_hash"])
    embedder, totals = create_embedder(system.settings), Counters(system.database)
    activities = IndexingActivities(
        system.database, Indexer(embedder, Compute(), totals), totals, retry_deadline=timedelta(hours=1)
    )
    monkeypatch.setattr(products, "read", change_first)
    assert await ActivityEnvironment().run(activities.stage_chunks, version) is None
    await embedder.close()
