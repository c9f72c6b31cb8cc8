"""Resyncs of shops with caches, plugins and web servers that change lists: nothing that exists is lost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from contracts.syncs import FindingKind, SyncMode, SyncStatus
from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET
from fakes.woocommerce_quirks import QuirkyShop
from tests.support import deliveries
from tests.support.recovery import look
from tests.support.sync.syncs import Synced
from tests.support.system import System

SIGNED = "a-secret-of-letters"


@pytest_asyncio.fixture(loop_scope="session")
async def quirky(reading: System, embeddings: EmbeddingServer) -> AsyncIterator[tuple[Synced, QuirkyShop]]:
    """A store with a shop that can have quirks."""
    with QuirkyShop() as shop:
        yield await Synced.open(reading, shop), shop


async def test_products_of_other_languages_stay(quirky: tuple[Synced, QuirkyShop]) -> None:
    """A list has one language only; the shop answers for the others by their ids, so none is deleted."""
    synced, shop = quirky
    ids = [shop.add(name=f"Lamp {number}") for number in range(30)]
    await synced.sync()
    shop.main_language = "en"
    french = [shop.add(name=f"Lampe {number}", lang="fr") for number in range(15)]
    for id_ in french:
        assert await synced.store.sync(shop.products[id_]) == "succeeded"
    gone = shop.add(name="Vieille lampe", lang="fr")
    assert await synced.store.sync(shop.products[gone]) == "succeeded"
    shop.delete(gone)
    shop.delete(ids[0])
    sync = await synced.sync()
    assert (sync.status, sync.counts.gone, sync.total) == (SyncStatus.SUCCEEDED, 2, 29)
    silent = [one.external_id for one in await synced.findings(sync) if one.kind is FindingKind.SILENT_DELETE]
    assert sorted(silent) == sorted([f"woo_{ids[0]}", f"woo_{gone}"])
    assert {f"woo_{id_}" for id_ in french} <= set(await synced.indexed())
    sync = await synced.sync()
    assert (sync.counts.seen, sync.counts.unchanged, sync.shows_no_difference) == (44, 44, True)


async def test_languages_that_only_single_answers_show_stay(quirky: tuple[Synced, QuirkyShop]) -> None:
    """A plugin that does not know `lang=all`; most products of the store are in no list."""
    synced, shop = quirky
    ids = [shop.add(name=f"Lamp {number}") for number in range(12)]
    await synced.sync()
    shop.hidden = set(ids[:4])
    shop.ignores_include = True
    shop.main_language = "none"
    sync = await synced.sync()
    assert (sync.status, sync.counts.gone, sync.total) == (SyncStatus.SUCCEEDED, 0, 0)
    assert len(await synced.indexed()) == 12


@pytest.mark.parametrize("quirk", ["same_page", "drops_query"])
@pytest.mark.parametrize("held", [False, True], ids=["an import", "a comparison"])
async def test_a_list_that_repeats_its_first_page_is_not_complete(
    quirky: tuple[Synced, QuirkyShop],
    quirk: str,
    held: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The sync fails with the numbers, and nothing is removed."""
    synced, shop = quirky
    for number in range(250):
        shop.add(name=f"Lamp {number}")
    if held:
        async with synced.system.database.transaction() as connection:
            await synced.hold(connection, "woo_9999")
    setattr(shop, quirk, True)
    listed = 150 if quirk == "same_page" else 10  # from both ends
    for _ in range(2):
        sync = await synced.sync(allow_gone=True)
        assert sync.status is SyncStatus.FAILED
        assert sync.reason.startswith(f"The shop listed {listed} of the 250 products it counts;")
        assert "the same products" in sync.reason
        assert (sync.counts.seen, sync.counts.gone, sync.shows_no_difference) == (listed, 0, False)
    assert len(shop.seen) < 40
    stored = await synced.store.rows("SELECT FROM products WHERE store_id = :store AND status <> 'deleted'")
    assert len(stored) == listed + held


@pytest.mark.parametrize("counts", [True, False], ids=["and counts so", "and counts otherwise"])
async def test_pages_that_the_shop_caps_are_all_read(
    quirky: tuple[Synced, QuirkyShop],
    counts: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Lists of ids are capped as well: their other pages are read, and every change arrives."""
    synced, shop = quirky
    shop.most_per_page, shop.counts_caps = 25, counts
    earlier = datetime.now(UTC) - timedelta(days=2)
    shop.clock = lambda: earlier
    ids = [shop.add(name=f"Lamp {number}") for number in range(110)]
    sync = await synced.sync()
    assert (sync.status, len(await synced.indexed())) == (SyncStatus.SUCCEEDED, 110)
    shop.clock = lambda: datetime.now(UTC)
    for id_ in ids:
        shop.change(id_, name=f"Candle {id_}", price="20")
    sync = await synced.sync(SyncMode.INCREMENTAL)
    assert (sync.status, sync.counts.changed) == (SyncStatus.SUCCEEDED, 110)
    assert all(title.startswith("Candle") for title in (await synced.indexed()).values())
    assert (await synced.sync()).shows_no_difference


async def test_smaller_pages_are_asked_for_where_large_ones_are_refused(
    quirky: tuple[Synced, QuirkyShop],
) -> None:
    """The shop names its maximum; changed products are fetched in such pages, too."""
    synced, shop = quirky
    shop.refuses_above = 7
    ids = [shop.add(name=f"Lamp {number}") for number in range(50)]
    assert (await synced.sync()).counts.new == 50
    for id_ in ids:
        shop.change(id_, name=f"Candle {id_}")
    sync = await synced.sync()
    assert (sync.status, sync.counts.changed) == (SyncStatus.SUCCEEDED, 50)


@pytest.mark.parametrize("held", [False, True], ids=["an import", "a comparison"])
async def test_a_list_that_is_read_twice_counts_and_applies_once(
    quirky: tuple[Synced, QuirkyShop],
    held: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """One product is counted and not listed, so the list is read again from its end."""
    synced, shop = quirky
    ids = [shop.add(name=f"Lamp {number}") for number in range(60)]
    shop.hidden = {ids[30]}
    if held:
        async with synced.system.database.transaction() as connection:
            await synced.hold(connection, "woo_9999")
    sync = await synced.sync(allow_gone=True)
    assert sync.status is SyncStatus.SUCCEEDED
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (59, 59, 0)
    assert sync.counts.embedded + sync.counts.reused == 59
    for id_ in ids[:5]:
        shop.change(id_, name=f"Candle {id_}")
    sync = await synced.sync()
    assert (sync.counts.seen, sync.counts.new, sync.counts.changed, sync.counts.unchanged) == (59, 0, 5, 54)
    assert (sync.counts.embedded, len(await synced.indexed())) == (5, 59)


@pytest.mark.parametrize("breaks_ids", [False, True], ids=["shown as an id", "not even listed"])
async def test_a_product_at_which_the_shop_fails_is_one_finding(
    quirky: tuple[Synced, QuirkyShop],
    breaks_ids: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """In an import and in a comparison; every other product is known, and it stays as it was stored."""
    synced, shop = quirky
    ids = [shop.add(name=f"Lamp {number}") for number in range(30)]
    shop.broken, shop.breaks_ids = {ids[6]}, breaks_ids
    for _ in range(2):
        sync = await synced.sync()
        unreadable = [one for one in await synced.findings(sync) if one.kind is FindingKind.UNREADABLE]
        assert (sync.status, len(unreadable), sync.counts.failed) == (SyncStatus.SUCCEEDED, 1, 1)
        assert unreadable[0].external_id == ("page-1" if breaks_ids else f"woo_{ids[6]}")
        assert "HTTP 500" in unreadable[0].detail
        assert len(await synced.indexed()) == 29
    shop.broken = set()
    await synced.sync()
    shop.broken = {ids[6]}
    sync = await synced.sync()
    assert (sync.status, sync.counts.gone, len(await synced.indexed())) == (SyncStatus.SUCCEEDED, 0, 30)


async def test_lists_of_ids_that_the_shop_ignores_are_asked_for_one_by_one(
    quirky: tuple[Synced, QuirkyShop],
) -> None:
    """Every changed product is read; none is taken for deleted."""
    synced, shop = quirky
    shop.ignores_include, shop.most_per_page = True, 10
    ids = [shop.add(name=f"Lamp {number}") for number in range(30)]
    await synced.sync()
    for id_ in ids[20:]:
        shop.change(id_, name=f"Candle {id_}")
    sync = await synced.sync()
    assert (sync.status, sync.counts.changed, sync.counts.gone) == (SyncStatus.SUCCEEDED, 10, 0)
    assert sum("Candle" in title for title in (await synced.indexed()).values()) == 10


@pytest.mark.parametrize(
    "entry", [None, {"code": "woocommerce_rest_cannot_view", "data": {"status": 403}}, 7]
)
async def test_an_entry_without_an_id_refuses_itself(
    quirky: tuple[Synced, QuirkyShop], entry: object
) -> None:
    """It is one finding, and the other products of the page are read; also of lists in PHP's other form."""
    synced, shop = quirky
    shop.as_object, shop.entries = True, [entry]
    for number in range(12):
        shop.add(name=f"Lamp {number}")
    for _ in range(2):
        sync = await synced.sync()
        assert (sync.status, sync.counts.seen, sync.counts.failed) == (SyncStatus.SUCCEEDED, 12, 1)
        [found] = await synced.findings(sync)
        assert (found.external_id, found.kind) == ("page-1", FindingKind.UNREADABLE)
        assert found.detail.startswith("Entry 1 of the page ")
    assert len(await synced.indexed()) == 12


async def test_a_few_products_that_no_list_shows_are_one_finding(quirky: tuple[Synced, QuirkyShop]) -> None:
    """WooCommerce counts products that it cannot load; the sync succeeds and does not say "in sync"."""
    synced, shop = quirky
    ids = [shop.add(name=f"Lamp {number}") for number in range(30)]
    shop.hidden = {ids[4]}
    for _ in range(2):
        sync = await synced.sync()
        assert (sync.status, sync.counts.seen) == (SyncStatus.SUCCEEDED, 29)
        [found] = await synced.findings(sync)
        assert found.kind is FindingKind.UNLISTED
        assert found.detail.startswith("The shop counts 30 products and lists 29.")


async def test_a_deletion_is_not_refuted_by_a_copy_in_a_cache(quirky: tuple[Synced, QuirkyShop]) -> None:
    """Neither where a parameter passes the cache by nor where nothing does; a live answer refutes it."""
    synced, shop = quirky
    store = await synced.system.shop(
        webhook_secret=SIGNED,
        base_url=shop.base_url,
        credentials={"consumer_key": KEY, "consumer_secret": SECRET},
    )

    async def ended(body: dict[str, Any], topic: str) -> dict[str, Any]:
        sent = deliveries.woocommerce(body, SIGNED, topic=topic, delivery_id=f"{topic} {body['id']}")
        return await store.ended((await store.deliver(sent)).json()["event_id"])

    passed, kept, there = [shop.add(name=f"Lamp {number}") for number in range(3)]
    for id_ in (passed, kept, there):
        assert (await ended(shop.products[id_], "product.updated"))["status"] == "succeeded"
    for id_ in (passed, kept):
        shop.keep_in_cache(id_, Age="900", X_Cache="HIT")
        shop.delete(id_)
    assert (await ended({"id": passed}, "product.deleted"))["event_type"] == "product.deleted"
    shop.cache_knows_query = False
    assert (await ended({"id": kept}, "product.deleted"))["event_type"] == "product.deleted"
    refuted = await ended({"id": there}, "product.deleted")
    assert refuted["reason"].endswith("The shop still has this product.")
    for id_ in (passed, kept, there):
        product = await store.product(id_)
        assert product is not None
        assert product["is_active"] is (id_ == there)
    asked = [seen for seen in shop.seen if seen.path.endswith(f"/{there}")]
    assert [seen.headers["cache-control"] for seen in asked] == ["no-cache"] * 2


async def test_a_terminated_sync_is_settled_by_the_recovery(quirky: tuple[Synced, QuirkyShop]) -> None:
    """It failed, and the reason says so, without another sync of the store."""
    synced, shop = quirky
    shop.add(name="Lamp")
    shop.fail_always("hang")
    sync_id = await synced.start()
    await synced.system.temporal.get_workflow_handle(synced.workflow_id).terminate("by mistake")
    async with synced.system.database.single() as connection:
        await connection.execute(
            text("UPDATE syncs SET started_at = started_at - interval '10 minutes' WHERE id = :id"),
            {"id": sync_id},
        )
    await look(synced.system)
    sync = await synced.ended(sync_id)
    assert (sync.status, sync.reason) == (SyncStatus.FAILED, "The workflow was terminated.")
