"""Indexing at once, called directly: what is stored where something happens during the embedding call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from contracts.events import EventText, TriedAtOnce
from contracts.retry import ROW_GONE
from fakes.openai import EmbeddingServer
from tests.activities.events.steps import Steps
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PARAGRAPHS = "".join(f"<p>بند {n}: " + f"جمله‌ای درباره ویژگی {n} این کالا. " * 12 + "</p>" for n in range(3))


@pytest_asyncio.fixture(loop_scope="session")
async def steps(system: System, shop: Shop) -> AsyncIterator[Steps]:
    made = Steps(system, shop)
    yield made
    await made.close()


async def requests(embeddings: EmbeddingServer) -> int:
    return len(embeddings.requests)


@asynccontextmanager
async def during_the_call(
    steps: Steps, embeddings: EmbeddingServer, indexed: EventText
) -> AsyncIterator[asyncio.Task[TriedAtOnce]]:
    """Index a text; the block runs while its embedding call waits for the answer."""
    embeddings.fail_next("hang")
    task = asyncio.create_task(steps.index(indexed))
    await eventually(partial(requests, embeddings), bool, what="the call")
    yield task
    embeddings.release()
    await asyncio.wait([task])


async def change(shop: Shop, sql: str) -> None:
    async with shop.database.single() as connection:
        await connection.execute(text(sql), {"store": shop.store_id})


async def stored(shop: Shop) -> dict[str, Any]:
    """What of a store's texts is live, has vectors and was paid for."""
    row = await shop.one(
        """
        SELECT count(*) AS chunks, count(*) FILTER (WHERE is_live) AS live, count(embedding) AS vectors,
               (SELECT coalesce(sum(texts), 0) FROM embedding_usage WHERE store_id = :store) AS paid,
               (SELECT count(*) FROM leases WHERE key IN (
                   SELECT 'embedding/' || id FROM products WHERE store_id = :store)) AS leases
        FROM tenant_knowledge WHERE store_id = :store
        """
    )
    assert row is not None
    return dict(row)


async def test_a_text_is_stored_published_and_ended_together(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """With its vectors and its cost; the lease is given back."""
    indexed = await steps.saved(steps.change("دوچرخه", at=NOON, description=PARAGRAPHS))
    async with during_the_call(steps, embeddings, indexed) as trying:
        waiting = await stored(shop)
        assert (waiting["live"], waiting["vectors"], waiting["paid"], waiting["leases"]) == (0, 0, 0, 1)
    tried = await trying
    assert tried.outcome is not None
    count = tried.missing
    assert count is not None
    assert count > 1
    assert await stored(shop) == {
        "chunks": count,
        "live": count,
        "vectors": count,
        "paid": count,
        "leases": 0,
    }


async def test_vectors_of_an_outdated_text_are_kept(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """They are paid for, and a text that has the same paragraphs reuses them."""
    indexed = await steps.saved(steps.change("دوچرخه", at=NOON, description=PARAGRAPHS))
    async with during_the_call(steps, embeddings, indexed) as trying:
        newer = await steps.saved(
            steps.change("دوچرخه", at=NOON + timedelta(hours=1), description=PARAGRAPHS + "<p>نو</p>")
        )
    tried = await trying
    assert (tried.outcome, tried.failure, tried.is_outdated) == (None, None, True)
    count = tried.missing
    assert await stored(shop) == {"chunks": count, "live": 0, "vectors": count, "paid": count, "leases": 0}
    following = await steps.index(newer)
    assert following.outcome is not None
    assert count is not None
    assert following.missing is not None
    assert following.missing < count
    kept = await stored(shop)
    assert (kept["vectors"], kept["paid"]) == (kept["chunks"], count + following.missing)


async def test_vectors_are_kept_where_the_row_of_the_event_is_gone(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Nothing is published for a row that belongs to another workflow by now."""
    indexed = await steps.saved(steps.change("دوچرخه", at=NOON, description=PARAGRAPHS))
    async with during_the_call(steps, embeddings, indexed) as trying:
        await change(shop, "UPDATE events SET workflow_id = 'another' WHERE store_id = :store")
    with pytest.raises(ApplicationError) as raised:
        await trying
    assert raised.value.type == ROW_GONE
    kept = await stored(shop)
    assert kept["chunks"] > 1
    assert kept == {**kept, "live": 0, "vectors": kept["chunks"], "paid": kept["chunks"], "leases": 0}
    product = await shop.product(5)
    assert product is not None
    assert product["knowledge_hash"] is None


async def test_a_holder_whose_lease_was_lost_writes_nothing(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """Another worker may have embedded the text since; this one leaves it to the other steps."""
    indexed = await steps.saved(steps.change("دوچرخه", at=NOON, description=PARAGRAPHS))
    async with during_the_call(steps, embeddings, indexed) as trying:
        await change(
            shop,
            "UPDATE leases SET holder = 'another' WHERE key IN ("
            " SELECT 'embedding/' || id FROM products WHERE store_id = :store)",
        )
    tried = await trying
    assert (tried.outcome, bool(tried.missing)) == (None, True)
    kept = await stored(shop)
    assert (kept["live"], kept["vectors"], kept["paid"], kept["leases"]) == (0, 0, 0, 1)


async def test_two_events_never_embed_a_product_together(
    steps: Steps, shop: Shop, embeddings: EmbeddingServer
) -> None:
    """The second one leaves its text to the other steps, which wait for the lease."""
    indexed = await steps.saved(steps.change("دوچرخه", at=NOON, description=PARAGRAPHS))
    async with during_the_call(steps, embeddings, indexed) as trying:
        second = await steps.index(indexed)
        assert (second.outcome, bool(second.missing)) == (None, True)
        assert len(embeddings.requests) == 1
    assert (await trying).outcome is not None
    repeated = await steps.index(indexed)
    assert (repeated.outcome is not None, repeated.missing) == (True, 0)
    assert len(embeddings.requests) == 1
    assert (await stored(shop))["leases"] == 0
