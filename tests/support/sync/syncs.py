"""A store with a readable shop, and the results of its syncs."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ids import catalog_sync_id
from contracts.syncs import Sync, SyncFinding, SyncMode, SyncRequest
from crypto import SecretBox
from database.access import stores
from database.sync import findings as sync_findings
from database.sync import runs as syncs
from fakes.woocommerce import KEY, SECRET, ShopServer
from temporal.starts import start_catalog_sync
from tests.support.eventually import PATIENCE, eventually
from tests.support.shop import Shop
from tests.support.system import System


@dataclass
class Synced:
    """A store, its shop, and the syncs between them."""

    system: System
    store: Shop
    shop: ShopServer

    @classmethod
    async def open(cls, system: System, shop: ShopServer) -> "Synced":
        """A new store that reads this shop only when a test starts a sync."""
        store = await system.shop()
        sealed = SecretBox(system.settings.secret_keys).encrypt_fields(
            {"consumer_key": KEY, "consumer_secret": SECRET}
        )
        async with system.database.transaction() as connection:
            values = {"base_url": shop.base_url, "credentials": sealed, "schedule": {"paused": True}}
            await stores.change(connection, store.store_id, values)
        return cls(system, store, shop)

    @property
    def workflow_id(self) -> str:
        return catalog_sync_id(self.system.settings.task_queue, self.store.store_id)

    async def hold(self, connection: AsyncConnection, external_id: str) -> None:
        """Store a product, as of yesterday, that the shop may not have."""
        await connection.execute(
            text(
                "INSERT INTO products (user_id, store_id, external_source, external_id, title, currency,"
                " status, is_active, received_at, content_hash, claimed_hash)"
                " VALUES (:user, :store, 'woocommerce', :external_id, 'old', 'IRT', 'publish', true,"
                " now() - interval '1 day', 'hash', 'hash')"
            ),
            {"user": self.store.user_id, "store": self.store.store_id, "external_id": external_id},
        )

    async def request(self, mode: SyncMode = SyncMode.FULL, **how: Any) -> None:
        """Start a sync, even if no worker runs."""
        request = SyncRequest(store_id=self.store.store_id, mode=mode, **how)
        queue = self.system.settings.task_queue
        await start_catalog_sync(self.system.temporal, request, task_queue=queue)

    async def latest(self) -> int:
        """Returns the id of the latest sync, once there is one."""
        row = await eventually(
            lambda: self.store.one("SELECT max(id) AS id FROM syncs WHERE store_id = :store"),
            lambda row: row is not None and row["id"] is not None,
            what="a sync's row",
        )
        assert row
        sync_id: int = row["id"]
        return sync_id

    async def start(self, mode: SyncMode = SyncMode.FULL, **how: Any) -> int:
        """Start a sync, and return its id once it has begun."""
        before = await self.store.one("SELECT coalesce(max(id), 0) AS id FROM syncs WHERE store_id = :store")
        assert before
        await self.request(mode, **how)
        await eventually(self.latest, lambda sync_id: sync_id > before["id"], what="the sync's row")
        return await self.latest()

    async def read(self, sync_id: int) -> Sync:
        async with self.system.database.reading() as connection:
            sync = await syncs.read(connection, self.store.store_id, sync_id)
        assert sync
        return sync

    async def ended(self, sync_id: int, *, patience: float = PATIENCE) -> Sync:
        return await eventually(
            lambda: self.read(sync_id),
            lambda sync: sync.finished_at is not None,
            what="the end of the sync",
            patience=patience,
        )

    async def sync(self, mode: SyncMode = SyncMode.FULL, **how: Any) -> Sync:
        """Run a sync, and wait for the end of the sync and of its workflow."""
        ended = await self.ended(await self.start(mode, **how))
        handle = self.system.temporal.get_workflow_handle(self.workflow_id)
        await asyncio.wait([asyncio.ensure_future(handle.result())])
        return ended

    async def findings(self, sync: Sync) -> list[SyncFinding]:
        async with self.system.database.reading() as connection:
            return await sync_findings.read(connection, sync.id)

    async def indexed(self) -> dict[str, str]:
        """Returns the titles of searchable products by their external ids."""
        rows = await self.store.rows(
            "SELECT external_id, title FROM products WHERE store_id = :store AND is_active"
            " AND knowledge_hash = content_hash"
        )
        return {row["external_id"]: row["title"] for row in rows}
