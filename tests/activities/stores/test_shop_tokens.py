"""Tokens of Shopify apps: one request for all processes, stored encrypted, renewed before their end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from activities.stores.shop_reader import ShopReader
from activities.stores.shop_tokens import RENEW_AT
from contracts.syncs import FindingKind, SyncStatus
from crypto import SecretBox
from fakes.shopify import CLIENT, ShopifyServer
from settings import Settings
from tests.connectors.test_shopify_catalogue import simple
from tests.support.environment import Configure
from tests.support.shop import Shop
from tests.support.sync.syncs import Synced
from tests.support.system import System, running
from worker import open_shops


@pytest_asyncio.fixture(scope="module")
async def reading(configure: Configure) -> AsyncIterator[System]:
    settings = configure(
        task_queue="reading-by-tokens", allow_private_shops=True, shop_requests_per_minute=1_000_000
    )
    async with running(settings) as system:
        yield system


class App:
    """A store that is read by the credentials of an app."""

    def __init__(self, system: System, server: ShopifyServer, store: Shop) -> None:
        self.system, self.server, self.store = system, server, store

    @property
    def settings(self) -> Settings:
        return self.system.settings

    def shops(self) -> ShopReader:
        """Returns what a process of its own visits shops with."""
        return open_shops(self.settings, self.system.database)

    async def visit(self, shops: ShopReader) -> str | None:
        async with shops.open(self.store.store_id) as shop:
            return await shop.catalogue.currency()

    async def stored(self) -> dict[str, Any]:
        (row,) = await self.store.rows("SELECT credentials FROM stores WHERE id = :store")
        return SecretBox(self.settings.secret_keys).decrypt_fields(row["credentials"])


@pytest_asyncio.fixture
async def app(reading: System) -> AsyncIterator[App]:
    with ShopifyServer(most=10_000_000) as server:
        store = await reading.shop(store_type="shopify", base_url=server.base_url, credentials=CLIENT)
        server.granted.clear()
        yield App(reading, server, store)


async def test_processes_share_one_token(app: App) -> None:
    """Visits of several processes at once request one token, and further visits use it."""
    visits = (app.visit(app.shops()) for _ in range(4))
    assert set(await asyncio.gather(*visits)) == {"EUR"}
    assert app.server.granted == ["client_credentials"]
    assert await app.visit(app.shops()) == "EUR"
    assert app.server.granted == ["client_credentials"]
    stored = await app.stored()
    assert stored["client_secret"] == CLIENT["client_secret"]
    assert stored["access_token"] in app.server.tokens


async def test_a_refused_token_is_renewed_once_for_all(app: App) -> None:
    """Each process notices it, and one renews it."""
    first, second = app.shops(), app.shops()
    assert await app.visit(first) == "EUR"
    app.server.tokens.clear()
    async with first.open(app.store.store_id) as one, second.open(app.store.store_id) as other:
        currencies = await asyncio.gather(one.catalogue.currency(), other.catalogue.currency())
    assert set(currencies) == {"EUR"}
    assert len(app.server.granted) == 2


@pytest.mark.parametrize(("seconds", "times"), [(86_399, 1), (0, 3)])
async def test_a_token_is_renewed_before_it_ends(app: App, seconds: int, times: int) -> None:
    """By the clock of the database; a token that is at its end is requested again by each visit."""
    app.server.seconds = seconds
    for _ in range(3):
        assert await app.visit(app.shops()) == "EUR"
    assert len(app.server.granted) == times
    assert all(seen.headers["x-shopify-access-token"] in app.server.tokens for seen in app.server.seen)
    assert RENEW_AT in await app.stored()


async def test_a_sync_by_an_app_notices_an_old_version(app: App) -> None:
    """Products are known although the token ends on the way; the notice is no difference."""
    app.server.load(*(simple(id_ * 10) for id_ in range(1, 13)))
    app.server.failing = {70}
    app.server.served = {"X-Shopify-API-Version": "2027-07"}
    app.server.before("Products", app.server.tokens.clear)
    synced = Synced(app.system, app.store, app.server)  # type: ignore[arg-type]  # it is another platform's shop
    sync = await synced.sync()
    assert (sync.status, sync.counts.new, sync.counts.failed) == (SyncStatus.SUCCEEDED, 12, 1)
    assert len(await synced.indexed()) == 11
    found = {finding.external_id: finding for finding in await synced.findings(sync)}
    assert {id_: finding.kind for id_, finding in found.items()} == {
        "": FindingKind.OUTDATED,
        "shopify_70": FindingKind.UNREADABLE,
    }
    assert "2027-07" in found[""].detail
