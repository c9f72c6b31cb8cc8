"""A bulk resync of a shop that fails, reports wrong totals, or changes during the sync."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import orjson
import pytest
from sqlalchemy import text
from temporalio.client import WorkflowFailureError

from activities.stores.shop_reader import LESS_OFTEN, QUICK_BULK_STEPS
from contracts.syncs import FindingKind, SyncCounts, SyncMode, SyncRequest, SyncStatus
from database.access import stores
from database.access.shop_failures import TOLERATED
from database.sync import pages as sync_pages
from database.sync import runs as syncs
from database.sync.pages import PageOutcome
from fakes.openai import EmbeddingServer, overloaded
from fakes.woocommerce import (
    BOM,
    BROKEN_JSON,
    MAINTENANCE,
    NOTICES,
    Answered,
    Fault,
    ShopServer,
    server_error,
    too_many,
    unavailable,
)
from tests.support.eventually import eventually
from tests.support.sync.syncs import Synced


async def asked(synced: Synced, times: int) -> None:
    """Wait until the shop received this many requests, answered or not."""

    async def seen() -> int:
        return len(synced.shop.seen)

    await eventually(seen, lambda count: count >= times, what=f"question {times}")


@pytest.mark.parametrize(
    "fault",
    [
        "drop",
        server_error(),
        too_many(retry_after="1"),
        unavailable(retry_after="0"),
        MAINTENANCE,
        BROKEN_JSON,
        BOM,
        NOTICES,
    ],
    ids=["drop", "500", "429", "503", "maintenance", "broken JSON", "BOM", "notices"],
)
async def test_temporary_failures_are_retried(synced: Synced, fault: Fault) -> None:
    """The first requests fail that way; the sync is complete nevertheless."""
    for number in range(120):
        synced.shop.add(name=f"کفش {number}")
    synced.shop.fail_next(fault, fault)
    sync = await synced.sync()
    assert (sync.status, sync.counts.new, sync.counts.failed) == (SyncStatus.SUCCEEDED, 120, 0)
    assert len(await synced.indexed()) == 120


async def test_a_slow_shop_is_waited_for(synced: Synced) -> None:
    """While the shop hangs, the sync is running and nothing is removed; then it goes on."""
    for number in range(120):
        synced.shop.add(name=f"کفش {number}")
    synced.shop.fail_next("hang")
    sync_id = await synced.start()
    await asked(synced, 1)
    assert (await synced.read(sync_id)).status is SyncStatus.RUNNING
    synced.shop.release()
    assert (await synced.ended(sync_id)).counts.new == 120


async def test_a_sync_shows_what_it_waits_for(synced: Synced) -> None:
    """A shop that is down is the reason of the sync, and a cancelled sync removes nothing."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(120)]
    await synced.sync()
    synced.shop.delete(ids[0])
    synced.shop.before_page(2, lambda: synced.shop.fail_always(unavailable(retry_after="3600")))
    sync_id = await synced.start()
    waiting = await eventually(
        lambda: synced.read(sync_id), lambda sync: sync.reason != "", what="the reason"
    )
    assert waiting.reason == "The shop has a temporary problem (HTTP 503)."
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    await handle.cancel()
    sync = await synced.ended(sync_id)
    assert (sync.status, sync.counts.gone) == (SyncStatus.CANCELLED, 0)
    assert sync.reason == "The sync was cancelled."
    assert len(await synced.indexed()) == 120


async def test_a_refused_key_ends_the_sync_with_a_sentence(synced: Synced) -> None:
    """In the middle of a sync, too; nothing is removed, and no secret is in the history or the reason."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(120)]
    await synced.sync()
    synced.shop.delete(ids[0])
    synced.shop.before_page(2, synced.shop.keys.clear)
    sync = await synced.ended(await synced.start())
    assert sync.status is SyncStatus.FAILED
    assert sync.reason.startswith("The shop refuses the consumer secret")
    assert len(await synced.indexed()) == 120
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    history = (await handle.fetch_history()).to_json()
    for secret in ("ck_0123456789", "cs_9876543210"):
        assert secret not in history
        assert secret not in sync.reason


@pytest.mark.parametrize("totals", [("1", "1"), ("0", "0"), ("120", "1")])
async def test_a_shop_that_claims_less_than_it_has_loses_nothing(
    synced: Synced, totals: tuple[str, str]
) -> None:
    """Wrong totals end the list early; products that were not listed are confirmed before removal."""
    for number in range(120):
        synced.shop.add(name=f"کفش {number}")
    await synced.sync()
    synced.shop.totals = totals
    sync = await synced.sync(allow_gone=True)
    assert sync.counts.gone == 0
    assert len(await synced.indexed()) == 120


async def test_a_shop_that_claims_more_than_it_has_ends_the_sync(synced: Synced) -> None:
    """A few empty pages are accepted, then the sync ends as failed."""
    for number in range(120):
        synced.shop.add(name=f"کفش {number}")
    synced.shop.totals = ("120", "100000")
    sync = await synced.sync()
    assert (sync.status, sync.counts.new) == (SyncStatus.FAILED, 120)
    lists = [seen for seen in synced.shop.seen if seen.route == "products" and "page" in seen.query]
    assert len(lists) <= 10 + 2, "each page once, and two again"


async def test_pages_before_a_failure_are_not_lost(synced: Synced) -> None:
    """A later step fails because the shop claims more pages than it has; what was imported stays."""
    for number in range(1_150):
        synced.shop.add(name=f"کفش {number}")
    synced.shop.totals = ("1150", "100000")
    sync = await synced.sync(pages_per_step=10)
    assert (sync.status, sync.counts.new) == (SyncStatus.FAILED, 1_150)
    assert len(await synced.indexed()) == 1_150


@pytest.mark.parametrize("wrong", [2, 3, 6, 7, 8, 10])
async def test_a_list_that_is_short_for_a_moment_is_read_completely(synced: Synced, wrong: int) -> None:
    """One answer counts too few pages; earlier answers counted more, so the list is read on."""
    for number in range(950):
        synced.shop.add(name=f"کفش {number}")

    def say(*totals: str) -> None:
        synced.shop.totals = (totals[0], totals[1]) if totals else None

    for page in range(2, 11):
        synced.shop.before_page(page, partial(say, *(("250", "3") if page == wrong else ())))
    sync = await synced.sync(pages_per_step=5)
    assert (sync.status, len(await synced.indexed())) == (SyncStatus.SUCCEEDED, 950)


async def test_the_cost_of_a_page_is_counted_once(synced: Synced) -> None:
    """A retry that finds the page applied adds nothing."""
    system, request = synced.system, SyncRequest(store_id=synced.store.store_id)
    async with system.database.transaction() as connection:
        run = await syncs.begin(connection, request, workflow_id="w", run_id=f"taken-{synced.store.store_id}")
        assert run is not None
        outcome = PageOutcome(page=1, external_ids=["woo_1"], counts=SyncCounts(seen=1))
        await sync_pages.keep(connection, run.sync_id, outcome)
        await sync_pages.mark_applied(connection, run.sync_id, [1], SyncCounts(embedded=3, tokens_spent=30))
        await sync_pages.mark_applied(connection, run.sync_id, [1], SyncCounts(reused=3))
    counts = (await synced.read(run.sync_id)).counts
    assert (counts.seen, counts.embedded, counts.reused, counts.tokens_spent) == (1, 3, 0, 30)


async def test_the_cost_of_pages_is_counted_on_those_that_were_left(synced: Synced) -> None:
    """A retry may combine pages differently than the attempt before, which applied some of them."""
    system, request = synced.system, SyncRequest(store_id=synced.store.store_id)
    async with system.database.transaction() as connection:
        run = await syncs.begin(connection, request, workflow_id="w", run_id=f"left-{synced.store.store_id}")
        assert run is not None
        outcomes = [
            PageOutcome(page=page, external_ids=[f"woo_{page}"], counts=SyncCounts(seen=1, failed=1))
            for page in (1, 2, 3)
        ]
        for some in (outcomes[:2], outcomes):
            for outcome in some:
                await sync_pages.keep(connection, run.sync_id, outcome)
        await sync_pages.mark_applied(connection, run.sync_id, [1, 2], SyncCounts(embedded=2))
        await sync_pages.mark_applied(connection, run.sync_id, [2, 3], SyncCounts(embedded=1))
    counts = (await synced.read(run.sync_id)).counts
    assert (counts.seen, counts.failed, counts.embedded) == (3, 3, 3)


async def test_a_shop_without_totals_is_read_to_an_empty_page(synced: Synced) -> None:
    """Without a count the end of the list is where no more products are."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(120)]
    synced.shop.totals = (None, None)
    assert (await synced.sync()).counts.new == 120
    synced.shop.delete(ids[3])
    sync = await synced.sync()
    assert (sync.status, sync.counts.gone, sync.total) == (SyncStatus.SUCCEEDED, 1, None)


async def test_products_that_change_their_page_are_not_lost(synced: Synced) -> None:
    """A deletion before the second page shifts all later products; they are confirmed by id."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(250)]
    await synced.sync()
    synced.shop.before_page(2, lambda: synced.shop.delete(ids[3]))
    sync = await synced.sync()
    assert sync.counts.gone == 0, "page 1 had listed it"
    indexed = await synced.indexed()
    assert len(indexed) == 250
    sync = await synced.sync()
    assert sync.counts.gone == 1
    assert f"woo_{ids[3]}" not in await synced.indexed()


@pytest.mark.parametrize("page", [2, 5, 9], ids=["the second", "in a step", "the first of a step"])
@pytest.mark.parametrize("held", [False, True], ids=["an import", "a comparison"])
async def test_a_new_product_that_moves_to_a_page_already_read_is_found(
    synced: Synced,
    page: int,
    held: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A deletion shifts a product to a page that was read: preceding pages are read again."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(950)]
    if held:
        assert await synced.store.sync({"id": 90_000, "name": "چکمه", "price": "1"}) == "succeeded"
    synced.shop.before_page(page, lambda: synced.shop.delete(ids[3]))
    sync = await synced.sync(pages_per_step=7, allow_gone=True)
    assert sync.status is SyncStatus.SUCCEEDED
    assert 950 <= sync.counts.new <= 952, "a page that two steps read is counted by both"
    assert {f"woo_{id_}" for id_ in ids if id_ != ids[3]} <= set(await synced.indexed())
    lists = [seen for seen in synced.shop.seen if seen.route == "products" and "page" in seen.query]
    assert len(lists) <= 10 + 2, "each page once, and two again"


async def test_a_sync_finds_a_place_next_to_many_shops_that_hang(synced: Synced) -> None:
    """More shops hang than a worker has places for steps; all of them are still running afterwards."""
    for number in range(20):
        synced.shop.add(name=f"کفش {number}")
    with ExitStack() as servers:
        shops = [servers.enter_context(ShopServer()) for _ in range(QUICK_BULK_STEPS + 2)]
        sick = [await Synced.open(synced.system, shop) for shop in shops]
        for shop in shops:
            shop.fail_always("hang")
        begun = [await one.start() for one in sick]
        await eventually(
            lambda: asyncio.sleep(0, sum(bool(shop.seen) for shop in shops) >= QUICK_BULK_STEPS),
            what="hanging requests",
        )
        assert (await synced.sync()).counts.new == 20
        for one, sync_id in zip(sick, begun, strict=True):
            assert (await one.read(sync_id)).status is SyncStatus.RUNNING
            workflow = one.system.temporal.get_workflow_handle(one.workflow_id)
            await workflow.cancel()
        for one, sync_id in zip(sick, begun, strict=True):
            assert (await one.ended(sync_id)).status is SyncStatus.CANCELLED


async def test_a_shop_that_keeps_failing_is_shown_in_its_store_and_its_sync(synced: Synced) -> None:
    """The sync waits, and is complete once the shop answers."""
    synced.shop.add(name="کفش")
    synced.shop.fail_always(server_error())
    sync_id = await synced.start()
    why = "The shop has a temporary problem (HTTP 500)."
    told = await eventually(
        lambda: synced.read(sync_id), lambda sync: sync.reason == f"{LESS_OFTEN} {why}", what="the reason"
    )
    assert told.status is SyncStatus.RUNNING
    async with synced.system.database.reading() as connection:
        store = await stores.read(connection, synced.store.store_id)
    assert store
    assert store.shop_failures
    assert store.shop_failures.count > TOLERATED
    assert store.shop_failures.reason == why
    synced.shop.fail_always(None)
    assert (await synced.ended(sync_id)).counts.new == 1
    async with synced.system.database.reading() as connection:
        store = await stores.read(connection, synced.store.store_id)
    assert store
    assert store.shop_failures is None


async def test_one_product_that_is_too_large_is_a_finding(synced: Synced) -> None:
    """The others are saved; so it is in an import and in a comparison."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(20)]
    synced.shop.change(ids[7], description="lorem ipsum " * 800_000)
    for _ in range(2):
        sync = await synced.sync()
        assert (sync.status, sync.counts.seen, sync.counts.failed) == (SyncStatus.SUCCEEDED, 20, 1)
        (unreadable,) = [one for one in await synced.findings(sync) if one.kind is FindingKind.UNREADABLE]
        assert unreadable.external_id == f"woo_{ids[7]}"
        assert unreadable.detail == "The product cannot be read: The shop's answer is above 8 MiB."
        assert len(await synced.indexed()) == 19


async def test_a_page_with_more_products_than_were_asked_for_is_refused(synced: Synced) -> None:
    """Nothing of it is saved, and the reason says so."""
    many = orjson.dumps([{"id": number, "name": "کفش"} for number in range(1, 5_001)])
    synced.shop.fail_always(Answered(body=many, headers={"X-WP-Total": "5000", "X-WP-TotalPages": "1"}))
    sync_id = await synced.start()
    told = await eventually(lambda: synced.read(sync_id), lambda sync: sync.reason != "", what="the reason")
    assert told.reason == "The shop answers with 5,000 products instead of the 100 of a page."
    assert await synced.indexed() == {}
    synced.shop.fail_always(None)
    assert (await synced.ended(sync_id)).status is SyncStatus.SUCCEEDED


async def test_products_hidden_from_our_key_are_kept(synced: Synced) -> None:
    """A page can be short because the key may not read some products; these are not deleted."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(120)]
    await synced.sync()
    synced.shop.hidden = {ids[7]}
    sync = await synced.ended(await synced.start())
    assert (sync.status, sync.counts.gone) == (SyncStatus.SUCCEEDED, 0)
    assert len(await synced.indexed()) == 120


async def test_a_webhook_in_the_middle_of_a_sync_wins(synced: Synced) -> None:
    """An event that arrives after a page was requested is newer than the page, and stays."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    synced.shop.clock = lambda: yesterday
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(20)]
    await synced.sync()
    synced.shop.clock = lambda: datetime.now(UTC)
    for id_ in ids[:3]:
        synced.shop.change(id_, name="از سایت")
    before = len(synced.shop.seen)
    synced.shop.before_page(1, lambda: synced.shop.fail_next("hang"))
    sync_id = await synced.start()
    await asked(synced, before + 2)
    later = (datetime.now(UTC) + timedelta(seconds=1)).replace(tzinfo=None).isoformat(timespec="seconds")
    told = {"id": ids[0], "name": "از رویداد", "date_modified_gmt": later}
    assert await synced.store.sync(told) == "succeeded"
    assert await synced.store.sync({"id": ids[1]}, "product.deleted") == "succeeded"
    synced.shop.release()
    sync = await synced.ended(sync_id)
    assert sync.status is SyncStatus.SUCCEEDED
    indexed = await synced.indexed()
    assert indexed[f"woo_{ids[0]}"] == "از رویداد"
    assert indexed[f"woo_{ids[2]}"] == "از سایت"


async def test_what_cannot_be_read_of_a_product_is_reported_and_stays_as_it_was(synced: Synced) -> None:
    """The rest of the product is applied, and the next sync reports it no more."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(20)]
    await synced.sync()
    before = await synced.store.product(ids[3])
    unreadable = {"categories": {"a": {"name": {"deep": 1}}}, "price": "1 و 2"}
    synced.shop.change(ids[3], name="دمپایی", stock_status="discontinued", **unreadable)
    synced.shop.change(ids[4], name="چکمه")
    sync = await synced.sync()
    assert (sync.status, sync.counts.failed) == (SyncStatus.SUCCEEDED, 0)
    (cut,) = [finding for finding in await synced.findings(sync) if finding.kind is FindingKind.CUT]
    assert cut.external_id == f"woo_{ids[3]}"
    assert "categories.0: " in cut.detail
    assert "price: '1 و 2' is not a number" in cut.detail
    indexed = await synced.indexed()
    assert indexed[f"woo_{ids[3]}"] == "دمپایی"
    assert indexed[f"woo_{ids[4]}"] == "چکمه"
    after = await synced.store.product(ids[3])
    assert before
    assert after
    assert (after["price"], after["categories"]) == (before["price"], before["categories"])
    assert not after["in_stock"]
    assert await synced.findings(await synced.sync()) == []


async def test_a_product_that_changes_during_the_sync_is_applied_as_it_is_now(synced: Synced) -> None:
    """The shop may change a product between its page and the next sync."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(120)]
    synced.shop.before_page(2, lambda: synced.shop.change(ids[0], name="چکمه"))
    await synced.sync()
    await synced.sync(SyncMode.INCREMENTAL)
    assert (await synced.indexed())[f"woo_{ids[0]}"] == "چکمه"


async def test_claims_of_a_terminated_sync_are_released_by_the_next(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """A product that was saved and not indexed is indexed by the recovery."""
    synced.shop.add(name="Lamp")
    embeddings.fail_always(overloaded(retry_after="3600"))
    sync_id = await synced.start()
    await eventually(
        lambda: synced.store.one("SELECT claimed_hash FROM products WHERE store_id = :store"),
        lambda row: row is not None and row["claimed_hash"] is not None,
        what="a claimed product",
    )
    await synced.system.temporal.get_workflow_handle(synced.workflow_id).terminate()
    async with synced.system.database.transaction() as connection:
        request = SyncRequest(store_id=synced.store.store_id)
        await syncs.begin(connection, request, workflow_id="another", run_id=f"after-{sync_id}")
    row = await synced.store.one("SELECT claimed_hash FROM products WHERE store_id = :store")
    assert row == {"claimed_hash": None}
    assert (await synced.read(sync_id)).status is SyncStatus.FAILED


async def test_a_sync_never_acts_on_the_row_of_another(synced: Synced) -> None:
    """After a restore of the database, its number may be that of another store's sync."""
    for number in range(120):
        synced.shop.add(name=f"کفش {number}")
    synced.shop.before_page(1, lambda: synced.shop.fail_always(unavailable(retry_after="1")))
    sync_id = await synced.start()
    await eventually(lambda: synced.read(sync_id), lambda sync: sync.reason != "", what="the reason")
    other = await synced.system.shop()
    async with synced.system.database.transaction() as connection:
        await connection.execute(text("DELETE FROM syncs WHERE id = :id"), {"id": sync_id})
        await connection.execute(
            text(
                "INSERT INTO syncs (id, store_id, workflow_id, run_id, mode, status) OVERRIDING SYSTEM VALUE"
                " VALUES (:id, :store, 'another', :run, 'full', 'running')"
            ),
            {"id": sync_id, "store": other.store_id, "run": f"another-{other.store_id}"},
        )
    taken = await other.one("SELECT * FROM syncs WHERE store_id = :store")
    synced.shop.fail_always(None)
    with pytest.raises(WorkflowFailureError) as failed:
        await synced.system.temporal.get_workflow_handle(synced.workflow_id).result()
    assert "belongs to another run" in str(failed.value.cause)
    assert await other.one("SELECT * FROM syncs WHERE store_id = :store") == taken
    assert (await synced.sync()).status is SyncStatus.SUCCEEDED
    assert len(await synced.indexed()) == 120
