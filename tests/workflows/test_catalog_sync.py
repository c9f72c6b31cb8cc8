"""A bulk resync: afterwards the stored products equal the shop, and differences are reported."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import fingerprint
from connectors.woocommerce.queries import IN_ORDER
from contracts.syncs import FindingKind, SyncMode, SyncStatus
from database.sync import diff
from database.sync import runs as syncs
from database.sync.diff import ListedProduct, Verdict
from fakes.openai import EmbeddingServer
from fakes.woocommerce import Answered, Fault, server_error
from tests.support.sync.syncs import Synced


def some_time_ago() -> datetime:
    """Returns a time so long ago that events of its changes have arrived."""
    return datetime.now(UTC) - timedelta(minutes=10)


async def test_the_first_import_indexes_all_products(synced: Synced) -> None:
    """Every product with its variations is searchable; a first import has no findings."""
    for number in range(130):
        synced.shop.add(name=f"کفش {number}")
    shoe = synced.shop.add(
        name="کفش کوه",
        price="500",
        variations=[{"price": "700"}, {"price": "500"}],
    )
    sync = await synced.sync()
    assert (sync.status, sync.reason) == (SyncStatus.SUCCEEDED, "Everything the shop lists was compared.")
    assert (sync.counts.seen, sync.counts.new, sync.counts.changed, sync.counts.failed) == (131, 131, 0, 0)
    assert sync.total == 131
    assert sync.counts.embedded >= 131
    assert len(await synced.indexed()) == 131
    assert await synced.findings(sync) == []
    product = await synced.store.product(shoe)
    assert product is not None
    assert (product["price"], product["currency"]) == (500, "IRT")
    assert len(product["variation_ids"]) == 2
    assert await synced.store.found("کفش کوه", limit=1) == [f"woo_{shoe}"]
    assert synced.shop.routes["products"] == 2, "pages are read in full, and once"


async def test_each_imported_page_is_one_embedding_call(
    synced: Synced, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A field that cannot be read is reported, and its product is imported with the others of the page."""
    monkeypatch.setitem(IN_ORDER, "per_page", "5")
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(60)]
    synced.shop.products[ids[20]]["short_description"] = ["nonsense"]
    calls = len(embeddings.requests)
    sync = await synced.sync()
    assert len(embeddings.requests) - calls == 12
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (60, 60, 0)
    assert (sync.counts.failed, sync.counts.embedded) == (0, 60)
    assert [finding.kind for finding in await synced.findings(sync)] == [FindingKind.CUT]
    assert len(await synced.indexed()) == 60
    assert synced.shop.routes["products"] == 12, "pages are read once, and no product was missing"


async def test_a_store_with_products_fetches_only_what_it_lacks(synced: Synced) -> None:
    """A plugin may have sent products before the store had credentials."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(130)]
    assert await synced.store.sync(synced.shop.products[ids[0]]) == "succeeded"
    sync = await synced.sync()
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (130, 129, 1)
    assert synced.shop.routes["products"] == 4
    assert len(await synced.indexed()) == 130


async def test_unchanged_entries_are_not_compared_again(
    synced: Synced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the entry in the list changes, or the stored row, or the way entries are read."""
    earlier = datetime.now(UTC) - timedelta(days=1)
    synced.shop.clock = lambda: earlier
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(20)]
    await synced.sync()
    compared: list[list[str]] = []
    compare = diff.compare

    async def noted(connection: Any, store_id: int, listed: Any, **how: Any) -> Any:
        if listed:
            compared.append([one.external_id for one in listed])
        return await compare(connection, store_id, listed, **how)

    monkeypatch.setattr(diff, "compare", noted)
    assert (await synced.sync()).counts.unchanged == 20
    assert compared == []
    assert await synced.store.sync({**synced.shop.products[ids[3]], "price": "7"}) == "unchanged"
    synced.shop.products[ids[5]]["stock_status"] = "in stock"
    synced.shop._touched()
    sync = await synced.sync()
    assert (sync.counts.changed, sync.counts.unchanged) == (1, 19)
    assert compared == [[f"woo_{ids[3]}", f"woo_{ids[5]}"]]
    assert (await synced.sync()).counts.unchanged == 20
    assert compared[1:] == []
    monkeypatch.setattr(fingerprint, "READING", b"another")
    for _ in range(2):
        assert (await synced.sync()).counts.unchanged == 20
    assert [len(listed) for listed in compared[1:]] == [20]


async def test_the_outcome_of_each_page_is_counted(synced: Synced, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pages without and of pages with differences."""
    monkeypatch.setitem(IN_ORDER, "per_page", "5")
    synced.shop.clock = some_time_ago
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(60)]
    await synced.sync()
    edited = [ids[place] for place in (11, 14, 33)]
    for id_ in edited:
        synced.shop.change(id_, name=f"چکمه {id_}")
    synced.shop.routes.clear()
    sync = await synced.sync()
    assert (sync.counts.seen, sync.counts.changed, sync.counts.unchanged) == (60, 3, 57)
    assert sorted(finding.external_id for finding in await synced.findings(sync)) == sorted(
        f"woo_{id_}" for id_ in edited
    )
    assert synced.shop.routes["products"] == 12 + 1, "the pages, and what differs together"
    indexed = await synced.indexed()
    assert [indexed[f"woo_{id_}"] for id_ in edited] == [f"چکمه {id_}" for id_ in edited]


async def test_a_product_on_two_pages_is_compared_on_each(synced: Synced) -> None:
    """A product that an event changed between two pages differs only on the later one."""
    now = datetime.now(UTC)
    listed = ListedProduct(external_id="woo_1", fingerprint="", product=None, with_facts=False)
    verdicts: list[Verdict] = []
    async with synced.store.database.transaction() as connection:
        await synced.hold(connection, "woo_1")
        for requested_at in (now - timedelta(days=2), now):
            differences = await diff.compare(
                connection, synced.store.store_id, [listed], requested_at=requested_at, model="a-model"
            )
            verdicts += [one.verdict for one in differences]
    assert verdicts == [Verdict.NEWER]


async def test_an_unchanged_shop_costs_a_request_a_page_and_no_embedding(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """The second full sync reads the list and the categories only, and every product is unchanged."""
    for number in range(250):
        synced.shop.add(name=f"کفش {number}")
    await synced.sync()
    synced.shop.routes.clear()
    calls = len(embeddings.requests)
    sync = await synced.sync()
    assert synced.shop.routes == {"products": 3, "products/categories": 1}
    assert len(embeddings.requests) == calls
    assert (sync.counts.seen, sync.counts.unchanged) == (250, 250)
    assert sync.counts.tokens_spent == 0
    assert sync.tokens_saved > 0
    assert await synced.findings(sync) == []


async def test_differing_products_of_many_pages_are_fetched_together(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """In one request to the shop and one to the embedding service."""
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    synced.shop.clock = lambda: earlier
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(950)]
    await synced.sync()
    synced.shop.clock = lambda: datetime.now(UTC)
    for changed in ids[::100]:
        synced.shop.change(changed, name=f"چکمه {changed}")
    synced.shop.routes.clear()
    calls = len(embeddings.requests)
    sync = await synced.sync()
    assert (sync.counts.changed, sync.counts.unchanged, sync.counts.embedded) == (10, 940, 10)
    assert synced.shop.routes == {"products": 10 + 1, "products/categories": 1}
    assert len(embeddings.requests) == calls + 1
    assert sum("چکمه" in title for title in (await synced.indexed()).values()) == 10


async def test_missed_changes_are_found_and_repaired(synced: Synced) -> None:
    """A missed change, a silent delete, a rename, a direct write to the database, a new product."""
    shop = synced.shop
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    shop.clock = lambda: earlier
    ids = [shop.add(name=f"کفش {number}", categories=[{"id": 1, "name": "قدیم"}]) for number in range(20)]
    await synced.sync()
    shop.clock = lambda: earlier + timedelta(minutes=5)
    shop.change(ids[0], name="چکمه")
    shop.delete(ids[1])
    shop.products[ids[2]]["price"] = "1"
    shop._touched()
    new = shop.add(name="تازه")
    shop.trash(ids[3])
    sync = await synced.sync()
    found = {finding.external_id: finding.kind for finding in await synced.findings(sync)}
    assert found == {
        f"woo_{ids[0]}": FindingKind.MISSED_EVENT,
        f"woo_{ids[1]}": FindingKind.SILENT_DELETE,
        f"woo_{ids[2]}": FindingKind.STALE_WRITE,
        f"woo_{ids[3]}": FindingKind.SILENT_DELETE,
        f"woo_{new}": FindingKind.MISSED_EVENT,
    }
    assert (sync.counts.new, sync.counts.changed, sync.counts.gone) == (1, 2, 2)
    indexed = await synced.indexed()
    assert indexed[f"woo_{ids[0]}"] == "چکمه"
    assert f"woo_{ids[1]}" not in indexed
    assert indexed[f"woo_{new}"] == "تازه"
    product = await synced.store.product(ids[2])
    assert product is not None
    assert product["price"] == 1
    shop.rename_category("قدیم", "نو")
    sync = await synced.sync()
    assert {finding.kind for finding in await synced.findings(sync)} == {FindingKind.RENAME}
    assert sync.counts.changed == 18
    assert sync.counts.unchanged == 1
    product = await synced.store.product(ids[5])
    assert product is not None
    assert product["categories"] == ["نو"]


@pytest.mark.parametrize(
    "fault", ["drop", server_error(), Answered(body=b"[1]"), Answered(status=404, body=b"<html>")]
)
async def test_categories_that_cannot_be_read_do_not_stop_a_sync(synced: Synced, fault: Fault) -> None:
    """The products are read, and keep the parents of their categories that were known."""
    shop = synced.shop
    hoodies = shop.add_category("هودی", shop.add_category("پوشاک")["id"])
    id_ = shop.add(name="گرم", categories=[hoodies])
    await synced.sync()
    shop.change(id_, name="گرم‌تر")
    shop.fail_next(fault)
    sync = await synced.sync()
    assert sync.status is SyncStatus.SUCCEEDED
    product = await synced.store.product(id_)
    assert product is not None
    assert (product["title"], product["categories"]) == ("گرم‌تر", ["پوشاک", "هودی"])


async def test_parents_of_categories_are_found_and_renamed(synced: Synced) -> None:
    """A sync reads the tree once, a webhook's categories get their parents from it, and a rename is found."""
    shop, store = synced.shop, synced.store
    clothing = shop.add_category("پوشاک")
    hoodies = shop.add_category("هودی", clothing["id"])
    ids = [shop.add(name=f"گرم {number}", categories=[hoodies]) for number in range(3)]
    await synced.sync()
    assert shop.routes["products/categories"] == 2, "a page, and an empty one, once"
    assert len(await store.found("گرم", category="پوشاک")) == 3
    product = await store.product(ids[0])
    assert product is not None
    assert product["categories"] == ["پوشاک", "هودی"]
    assert (await synced.sync()).counts.unchanged == 3
    shop.change(ids[0], description="تازه")
    assert await store.sync(shop.products[ids[0]]) == "succeeded"
    product = await store.product(ids[0])
    assert product is not None
    assert product["categories"] == ["پوشاک", "هودی"]
    assert (await synced.sync()).counts.embedded == 0
    shop.rename_category("پوشاک", "زمستانه")
    sync = await synced.sync()
    assert (sync.counts.changed, {finding.kind for finding in await synced.findings(sync)}) == (
        3,
        {FindingKind.RENAME},
    )
    assert len(await store.found("زمستانه", category="زمستانه")) == 3
    assert await store.found("گرم", category="پوشاک") == []


async def test_a_product_dated_in_the_future_is_the_same_the_next_time(synced: Synced) -> None:
    """The time of change of a scheduled product is in the future, which is no change in every sync."""
    synced.shop.add(name="فردا", status="future", date_modified_gmt="2031-01-01T00:00:00")
    await synced.sync()
    assert (await synced.sync()).counts.unchanged == 1


async def test_an_incremental_sync_asks_for_what_changed(synced: Synced) -> None:
    """It asks for changes since the last successful sync, in the shop's time, and removes nothing."""
    shop = synced.shop
    long_ago = datetime.now(UTC) - timedelta(days=2)
    shop.clock = lambda: long_ago
    ids = [shop.add(name=f"کفش {number}") for number in range(20)]
    first = await synced.sync(SyncMode.INCREMENTAL)
    assert first.modified_after is None
    assert first.counts.new == 20
    shop.clock = lambda: datetime.now(UTC)
    shop.change(ids[4], name="چکمه")
    shop.delete(ids[5])
    shop.seen.clear()
    sync = await synced.sync(SyncMode.INCREMENTAL)
    assert (sync.counts.seen, sync.counts.changed, sync.counts.gone) == (1, 1, 0)
    asked = next(seen.query for seen in shop.seen if seen.route == "products")
    assert asked["dates_are_gmt"] == "true"
    assert "Z" not in asked["modified_after"]
    assert (await synced.indexed())[f"woo_{ids[4]}"] == "چکمه"


async def test_a_long_sync_continues_as_new(synced: Synced) -> None:
    """The next run has an empty history and goes on at the position of the last one; the sync is one."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(2_050)]
    sync = await synced.sync(pages_per_run=10, pages_per_step=5)
    assert (sync.counts.seen, sync.counts.new) == (2_050, 2_050)
    assert len(await synced.indexed()) == 2_050
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    described = await handle.describe()
    assert described.run_id != sync.run_id
    for gone in ids[:300]:
        synced.shop.delete(gone)
    sync = await synced.sync(pages_per_run=2, pages_per_step=5)
    assert sync.counts.gone == 300
    assert len(await synced.indexed()) == 1_750
    assert len(await synced.store.rows("SELECT FROM syncs WHERE store_id = :store")) == 2


async def test_old_syncs_are_deleted(synced: Synced, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store keeps its latest syncs with their findings."""
    monkeypatch.setattr(syncs, "SYNCS_KEPT", 2)
    synced.shop.add(name="کفش")
    done = [(await synced.sync()).id for _ in range(4)]
    kept = await synced.store.rows("SELECT id FROM syncs WHERE store_id = :store ORDER BY id")
    assert [row["id"] for row in kept] == done[1:]


async def test_too_much_at_once_is_refused(synced: Synced) -> None:
    """More than a fifth of the products are removed only if the request allows it."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(10)]
    await synced.sync()
    for id_ in ids[:3]:
        synced.shop.delete(id_)
    sync = await synced.sync()
    assert sync.status is SyncStatus.REFUSED
    assert sync.reason.startswith("3 of 10 products would vanish")
    assert len(await synced.indexed()) == 10
    sync = await synced.sync(allow_gone=True)
    assert (sync.status, sync.counts.gone) == (SyncStatus.SUCCEEDED, 3)
    assert len(await synced.indexed()) == 7


async def test_a_dry_run_changes_nothing(synced: Synced) -> None:
    """It reports what it would do."""
    synced.shop.clock = some_time_ago
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(10)]
    await synced.sync()
    synced.shop.delete(ids[0])
    new = synced.shop.add(name="تازه")
    sync = await synced.sync(dry_run=True)
    assert sync.reason == "Nothing was changed; 1 product would be removed."
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (10, 1, 9)
    found = {finding.external_id for finding in await synced.findings(sync)}
    assert found == {f"woo_{ids[0]}", f"woo_{new}"}
    assert len(await synced.indexed()) == 10


async def test_steps_follow_each_other(synced: Synced) -> None:
    """One activity runs at a time, and each page is requested once."""
    for number in range(950):
        synced.shop.add(name=f"کفش {number}")
    sync = await synced.sync(pages_per_step=3)
    assert (sync.counts.seen, sync.counts.new) == (950, 950)
    assert synced.shop.routes["products"] == 10
    handle = synced.system.temporal.get_workflow_handle(synced.workflow_id)
    running = most = steps = 0
    for event in (await handle.fetch_history()).events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            running, steps = running + 1, steps + 1
        if event.HasField("activity_task_completed_event_attributes"):
            running -= 1
        most = max(most, running)
    assert (most, steps) == (1, 1 + 4), "the webhooks, and four steps of up to three pages"


async def test_a_list_that_grows_is_read_to_its_end(synced: Synced) -> None:
    """Pages that are added during the sync are read as well."""
    for number in range(450):
        synced.shop.add(name=f"کفش {number}")

    def grow() -> None:
        for number in range(300):
            synced.shop.add(name=f"چکمه {number}")

    synced.shop.before_page(5, grow)
    sync = await synced.sync(pages_per_step=2)
    assert (sync.status, sync.counts.new) == (SyncStatus.SUCCEEDED, 750)
    assert len(await synced.indexed()) == 750


async def test_a_list_that_shrinks_ends_where_it_ends(synced: Synced) -> None:
    """An empty page behind the new end is no failure."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(950)]

    def shrink() -> None:
        for gone in ids[150:]:
            synced.shop.delete(gone)

    synced.shop.before_page(2, shrink)
    sync = await synced.sync(pages_per_step=2)
    assert (sync.status, sync.counts.gone) == (SyncStatus.SUCCEEDED, 0)
    assert set(await synced.indexed()) >= {f"woo_{id_}" for id_ in ids[:150]}
    await synced.sync(allow_gone=True)
    assert len(await synced.indexed()) == 150
