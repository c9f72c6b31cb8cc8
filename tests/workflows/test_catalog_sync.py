"""A bulk resync: after it we hold what the shop holds, and it says what differed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.sync import pagination as walking
from connectors import fields
from connectors.woocommerce.client import IN_ORDER
from contracts.ids import catalog_sync_id
from contracts.syncs import FindingKind, SyncMode, SyncStatus
from database.sync import diff as manifest
from database.sync import runs as syncs
from database.sync.diff import Listed, Verdict
from fakes.openai import EmbeddingServer
from tests.support.syncs import Synced
from workflows.catalog_sync import SIDE_BY_SIDE

pytestmark = pytest.mark.slow


async def test_the_first_import_makes_all_known(synced: Synced) -> None:
    """Every product with its variations is found; nothing of it is a finding."""
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
    assert len(await synced.known()) == 131
    assert await synced.findings(sync) == []
    product = await synced.store.product(shoe)
    assert product is not None
    assert (product["price"], product["currency"]) == (500, "IRT")
    assert len(product["variation_ids"]) == 2
    assert await synced.store.found("کفش کوه", limit=1) == [f"woo_{shoe}"]
    assert synced.shop.routes["products"] == 2, "pages are read in full, and just once"


async def test_pages_of_a_quick_shop_are_imported_together(
    synced: Synced, embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few are embedded in one call; each is counted for itself, also what cannot be read of it."""
    monkeypatch.setitem(IN_ORDER, "per_page", "5")
    monkeypatch.setattr(walking, "SOON", 86_400.0)
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(60)]
    synced.shop.products[ids[20]]["name"] = ["nonsense"]
    calls = len(embeddings.requests)
    sync = await synced.sync()
    assert len(embeddings.requests) - calls == 1 + 2 + 2, "page 1, 2 to 4, 5 to 7, 8 to 10, 11 and 12"
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (60, 60, 0)
    assert (sync.counts.failed, sync.counts.embedded) == (1, 59)
    assert [finding.kind for finding in await synced.findings(sync)] == [FindingKind.UNREADABLE]
    assert len(await synced.known()) == 59
    assert synced.shop.routes["products"] == 12, "pages are read just once, and nothing was absent"


async def test_a_store_that_holds_something_asks_only_for_what_it_lacks(synced: Synced) -> None:
    """A plugin may have told us of the catalogue before there were credentials."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(130)]
    assert await synced.store.sync(synced.shop.products[ids[0]]) == "succeeded"
    sync = await synced.sync()
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (130, 129, 1)
    assert synced.shop.routes["products"] == 4
    assert len(await synced.known()) == 130


async def test_what_was_found_equal_is_not_read_again(
    synced: Synced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the entry in the list changes, or our row, or how entries are read."""
    earlier = datetime.now(UTC) - timedelta(days=1)
    synced.shop.clock = lambda: earlier
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(20)]
    await synced.sync()
    looked_at: list[list[str]] = []
    compare = manifest.compare

    async def noted(connection: Any, store_id: int, listed: Any, **how: Any) -> Any:
        looked_at.append([one.external_id for one in listed])
        return await compare(connection, store_id, listed, **how)

    monkeypatch.setattr(manifest, "compare", noted)
    assert (await synced.sync()).counts.unchanged == 20
    assert looked_at == []
    assert await synced.store.sync({**synced.shop.products[ids[3]], "price": "7"}) == "unchanged"
    synced.shop.products[ids[5]]["stock_status"] = "onbackorder"
    synced.shop._touched()
    sync = await synced.sync()
    assert (sync.counts.changed, sync.counts.unchanged) == (1, 19)
    assert looked_at == [[f"woo_{ids[3]}", f"woo_{ids[5]}"]]
    assert (await synced.sync()).counts.unchanged == 20
    assert looked_at[1:] == []
    monkeypatch.setattr(fields, "READING", b"another")
    for _ in range(2):
        assert (await synced.sync()).counts.unchanged == 20
    assert [len(listed) for listed in looked_at[1:]] == [20]


async def test_pages_compared_together_are_each_kept_for_themselves(
    synced: Synced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those on which nothing differs beside those on which something does."""
    monkeypatch.setitem(IN_ORDER, "per_page", "5")
    monkeypatch.setattr(walking, "SOON", 86_400.0)
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(60)]
    await synced.sync()
    together: list[list[int]] = []
    keep_unchanged = manifest.keep_unchanged

    async def noted(connection: Any, store_id: int, sync_id: int, pages: Any, **how: Any) -> Any:
        together.append(list(pages))
        return await keep_unchanged(connection, store_id, sync_id, pages, **how)

    monkeypatch.setattr(manifest, "keep_unchanged", noted)
    edited = [ids[place] for place in (11, 14, 33)]
    for id_ in edited:
        synced.shop.change(id_, name=f"چکمه {id_}")
    synced.shop.routes.clear()
    sync = await synced.sync()
    assert sorted(together) == [[1], [2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12]]
    assert (sync.counts.seen, sync.counts.changed, sync.counts.unchanged) == (60, 3, 57)
    assert sorted(finding.external_id for finding in await synced.findings(sync)) == sorted(
        f"woo_{id_}" for id_ in edited
    )
    assert synced.shop.routes["products"] <= 12 + 2, "pages, and what differs of each step; none was absent"
    known = await synced.known()
    assert [known[f"woo_{id_}"] for id_ in edited] == [f"چکمه {id_}" for id_ in edited]


async def test_a_product_on_two_pages_is_judged_on_each(synced: Synced) -> None:
    """One that moved while they were read; what an event told between them is known on the second only."""
    asked = datetime.now(UTC)
    async with synced.store.database.transaction() as connection:
        await synced.hold(connection, "woo_1")
        compared = await manifest.compare(
            connection,
            synced.store.store_id,
            [
                Listed(
                    page=page,
                    read_at=read_at,
                    external_id="woo_1",
                    fingerprint="",
                    product=None,
                    with_facts=False,
                )
                for page, read_at in ((1, asked - timedelta(days=2)), (2, asked))
            ],
            model="a-model",
        )
    judged = sorted((one.page, one.verdict) for one in compared)
    assert judged == [(1, Verdict.SAME), (2, Verdict.NEWER)]


async def test_an_unchanged_shop_costs_a_request_a_page_and_no_embedding(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """The second full walk reads lists only, and says that all is the same."""
    for number in range(250):
        synced.shop.add(name=f"کفش {number}")
    await synced.sync()
    synced.shop.routes.clear()
    calls = len(embeddings.requests)
    sync = await synced.sync()
    assert synced.shop.routes == {"products": 3}
    assert len(embeddings.requests) == calls
    assert (sync.counts.seen, sync.counts.unchanged) == (250, 250)
    assert sync.counts.tokens_spent == 0
    assert sync.tokens_saved > 0
    assert await synced.findings(sync) == []


async def test_what_differs_on_many_pages_is_asked_for_together(
    synced: Synced, embeddings: EmbeddingServer
) -> None:
    """In one question to the shop by each step, and in one to the embedding service."""
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
    assert synced.shop.routes == {"products": 10 + 3}, "one for each step: the first page, and two more"
    assert len(embeddings.requests) == calls + 3
    assert sum("چکمه" in title for title in (await synced.known()).values()) == 10


async def test_what_no_event_told_is_found_and_mended(synced: Synced) -> None:
    """A missed change, a silent delete, a rename, a write behind the shop's back, and a new product."""
    shop = synced.shop
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    shop.clock = lambda: earlier
    ids = [shop.add(name=f"کفش {number}", categories=[{"id": 1, "name": "قدیم"}]) for number in range(20)]
    await synced.sync()
    shop.clock = lambda: datetime.now(UTC)
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
    known = await synced.known()
    assert known[f"woo_{ids[0]}"] == "چکمه"
    assert f"woo_{ids[1]}" not in known
    assert known[f"woo_{new}"] == "تازه"
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


async def test_a_product_dated_in_the_future_is_the_same_the_next_time(synced: Synced) -> None:
    """A scheduled product's time of change lies ahead; that does not make it a change in every walk."""
    synced.shop.add(name="فردا", status="future", date_modified_gmt="2031-01-01T00:00:00")
    await synced.sync()
    assert (await synced.sync()).counts.unchanged == 1


async def test_an_incremental_sync_asks_for_what_changed(synced: Synced) -> None:
    """It asks from before the last good walk on, in the shop's time without a zone, and removes nothing."""
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
    asked = shop.seen[0].query
    assert asked["dates_are_gmt"] == "true"
    assert "Z" not in asked["modified_after"]
    assert (await synced.known())[f"woo_{ids[4]}"] == "چکمه"


async def test_a_long_walk_goes_on_in_another_run(synced: Synced) -> None:
    """Its history begins anew, what was done stays done, and the sync is one."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(2_050)]
    sync = await synced.sync(pages_per_run=10, pages_per_step=5)
    assert (sync.counts.seen, sync.counts.new) == (2_050, 2_050)
    assert len(await synced.known()) == 2_050
    handle = synced.system.temporal.get_workflow_handle(catalog_sync_id(synced.store.store_id))
    described = await handle.describe()
    assert described.run_id != sync.run_id
    for gone in ids[:300]:
        synced.shop.delete(gone)
    sync = await synced.sync(pages_per_run=2, pages_per_step=5)
    assert sync.counts.gone == 300
    assert len(await synced.known()) == 1_750
    assert len(await synced.store.rows("SELECT FROM syncs WHERE store_id = :store")) == 2


async def test_old_syncs_are_forgotten(synced: Synced, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store keeps its latest ones, with what they found."""
    monkeypatch.setattr(syncs, "SYNCS_KEPT", 2)
    synced.shop.add(name="کفش")
    done = [(await synced.sync()).id for _ in range(4)]
    kept = await synced.store.rows("SELECT id FROM syncs WHERE store_id = :store ORDER BY id")
    assert [row["id"] for row in kept] == done[1:]


async def test_too_much_at_once_is_refused(synced: Synced) -> None:
    """More than a fifth of the products vanish only where somebody allows it."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(10)]
    await synced.sync()
    for id_ in ids[:3]:
        synced.shop.delete(id_)
    sync = await synced.sync()
    assert sync.status is SyncStatus.REFUSED
    assert sync.reason.startswith("3 of 10 products would vanish")
    assert len(await synced.known()) == 10
    sync = await synced.sync(allow_gone=True)
    assert (sync.status, sync.counts.gone) == (SyncStatus.SUCCEEDED, 3)
    assert len(await synced.known()) == 7


async def test_a_dry_run_changes_nothing(synced: Synced) -> None:
    """It tells what it would do."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(10)]
    await synced.sync()
    synced.shop.delete(ids[0])
    new = synced.shop.add(name="تازه")
    sync = await synced.sync(dry_run=True)
    assert sync.reason == "Nothing was changed; 1 products would be removed."
    assert (sync.counts.seen, sync.counts.new, sync.counts.unchanged) == (10, 1, 9)
    found = {finding.external_id for finding in await synced.findings(sync)}
    assert found == {f"woo_{ids[0]}", f"woo_{new}"}
    assert len(await synced.known()) == 10


async def test_two_steps_walk_pages_with_numbers_side_by_side(synced: Synced) -> None:
    """Both are scheduled before either has ended; the first page tells that there is something to share."""
    for number in range(950):
        synced.shop.add(name=f"کفش {number}")
    sync = await synced.sync(pages_per_step=3)
    assert (sync.counts.seen, sync.counts.new) == (950, 950)
    assert synced.shop.routes["products"] == 10
    handle = synced.system.temporal.get_workflow_handle(catalog_sync_id(synced.store.store_id))
    under_way = most = 0
    for event in (await handle.fetch_history()).events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            under_way += 1
        if event.HasField("activity_task_completed_event_attributes"):
            under_way -= 1
        most = max(most, under_way)
    assert most == SIDE_BY_SIDE


async def test_a_list_that_grows_is_walked_to_its_end(synced: Synced) -> None:
    """Whoever walks its last pages goes on."""
    for number in range(450):
        synced.shop.add(name=f"کفش {number}")

    def grow() -> None:
        for number in range(300):
            synced.shop.add(name=f"چکمه {number}")

    synced.shop.before_page(5, grow)
    sync = await synced.sync(pages_per_step=2)
    assert (sync.status, sync.counts.new) == (SyncStatus.SUCCEEDED, 750)
    assert len(await synced.known()) == 750


async def test_a_list_that_shrinks_ends_where_it_ends(synced: Synced) -> None:
    """Whoever walks beyond its end finds nothing there, and that is no failure."""
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(950)]

    def shrink() -> None:
        for gone in ids[150:]:
            synced.shop.delete(gone)

    synced.shop.before_page(2, shrink)
    sync = await synced.sync(pages_per_step=2)
    assert (sync.status, sync.counts.gone) == (SyncStatus.SUCCEEDED, 0)
    assert set(await synced.known()) >= {f"woo_{id_}" for id_ in ids[:150]}
    await synced.sync(allow_gone=True)
    assert len(await synced.known()) == 150
