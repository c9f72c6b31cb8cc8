"""The shares of the work of a worker process."""

import gc
import platform

import pytest

import memory
from contracts.syncs import SyncStatus
from fakes.openai import EmbeddingServer
from fakes.woocommerce import ShopServer
from tests.support.environment import Configure
from tests.support.sync.syncs import Synced
from tests.support.system import running, working
from worker import Share


async def test_bulk_work_waits_for_a_process_that_does_it(
    configure: Configure, embeddings: EmbeddingServer
) -> None:
    """Only a process for bulk work is nice."""
    settings = configure(
        allow_private_shops=True, shop_requests_per_minute=1_000_000, task_queue="shared-out"
    )
    with ShopServer() as server:
        async with running(settings, only=Share.EVENTS) as system:
            synced = await Synced.open(system, server)
            server.add(name="کفش")
            sync_id = await synced.start()
            assert await synced.store.sync({"id": 900, "name": "چکمه", "price": "5"}) == "succeeded"
            assert (await synced.read(sync_id)).status is SyncStatus.RUNNING
            assert server.seen == []
            async with working(settings, Share.BULK):
                assert (await synced.ended(sync_id)).status is SyncStatus.SUCCEEDED
            assert len(server.seen) > 0


def test_the_garbage_collector_ignores_what_was_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported objects are frozen after a full collection, and collections become rare."""
    calls: list[object] = []
    monkeypatch.setattr(gc, "collect", lambda: calls.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    monkeypatch.setattr(gc, "set_threshold", calls.append)
    memory.tune_garbage_collector()
    assert calls == ["collect", "freeze", 100_000]


def test_large_blocks_are_returned_where_glibc_allocates_them() -> None:
    """Other allocators return them in any case."""
    assert memory.return_large_blocks() is (platform.libc_ver()[0] == "glibc")
