"""Bulk resyncs over HTTP: started, listed, and their findings."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from contracts.ids import catalog_sync_id, sync_schedule_id
from contracts.syncs import SyncMode, SyncRequest, SyncStatus
from database.sync import runs as syncs
from fakes.openai import EmbeddingServer
from fakes.woocommerce import KEY, SECRET, ShopServer
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.sessions import session
from tests.support.sync.syncs import Synced
from tests.support.system import System, serving

STORES = "/api/v1/integrations/stores/"
CREDENTIALS = {"consumer_key": KEY, "consumer_secret": SECRET}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(reading: System) -> AsyncIterator[dict[str, str]]:
    yield await session(reading, "sync-admin@example.com", is_staff=True)


class Asking:
    """The requests of an admin about a store's syncs."""

    def __init__(self, http: httpx2.AsyncClient, admin: dict[str, str], store_id: int) -> None:
        self._http = http
        self._admin = admin
        self._path = f"{STORES}{store_id}/"

    async def resync(self, **fields: Any) -> httpx2.Response:
        return await self._http.post(f"{self._path}resync/", json=fields, headers=self._admin)

    async def read(self, sync_id: int, **fields: Any) -> dict[str, Any]:
        answer = await self._http.get(f"{self._path}syncs/{sync_id}/", params=fields, headers=self._admin)
        assert answer.status_code == 200, answer.text
        sync: dict[str, Any] = answer.json()
        return sync

    async def list(self, **fields: Any) -> dict[str, Any]:
        sync: dict[str, Any] = (
            await self._http.get(f"{self._path}syncs/", params=fields, headers=self._admin)
        ).json()
        return sync

    async def ended(self, **fields: Any) -> dict[str, Any]:
        """Start a sync. Returns its report after the sync and its workflow have ended."""

        async def started() -> httpx2.Response:
            return await self.resync(**fields)

        answer = await eventually(started, lambda answer: answer.status_code == 202, what="the start")
        sync_id = answer.json()["id"]
        return await eventually(
            lambda: self.read(sync_id),
            lambda sync: sync["finished_at"] is not None,
            what="the sync's end",
        )


@pytest.fixture
def asking(synced: Synced, admin: dict[str, str]) -> Asking:
    return Asking(synced.system.http, admin, synced.store.store_id)


async def test_a_resync_is_started_and_reported(synced: Synced, asking: Asking) -> None:
    """A 202 with the sync; its counts and findings can be read, and `in_sync` is true without differences."""
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    synced.shop.clock = lambda: earlier
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(12)]
    answer = await asking.resync(mode="full")
    assert answer.status_code == 202
    sync = answer.json()
    assert (sync["mode"], sync["dry_run"], sync["store"]) == ("full", False, synced.store.store_id)
    assert sync["status"] in ("queued", "running")
    assert (
        f"catalog-sync%2F{synced.system.settings.task_queue}%2F{synced.store.store_id}/"
        in sync["workflow_url"]
    )
    first = await eventually(lambda: asking.read(sync["id"]), lambda now: now["finished_at"], what="the end")
    assert (first["status"], first["progress"], first["total"]) == ("succeeded", 1.0, 12)
    assert (first["counts"]["new"], first["in_sync"], first["kinds"]) == (12, False, {})
    second = await asking.ended(mode="full")
    assert (second["counts"]["unchanged"], second["in_sync"]) == (12, True)
    assert second["counts"]["tokens_saved"] > 0
    assert not (await asking.ended())["in_sync"], "an incremental one did not look at everything"
    synced.shop.clock = lambda: earlier + timedelta(minutes=5)
    synced.shop.delete(ids[0])
    synced.shop.change(ids[1], name="چکمه")
    synced.shop.clock = lambda: datetime.now(UTC)
    synced.shop.change(ids[2], name="صندل")  # the event of this change may still arrive
    dry = await asking.ended(mode="full", dry_run=True)
    assert (dry["kinds"], dry["in_sync"]) == ({"missed_event": 1, "silent_delete": 1}, False)
    assert dry["findings"]["count"] == 2
    assert {found["external_id"] for found in dry["findings"]["results"]} == {f"woo_{i}" for i in ids[:2]}
    page = (await asking.read(dry["id"], page=2, page_size=1))["findings"]
    assert (len(page["results"]), page["next"]) == (1, None)
    assert page["previous"].endswith("?page_size=1&page=1")
    listed = await asking.list(page_size=2)
    assert (listed["count"], listed["results"][0]["id"]) == (4, dry["id"])
    assert listed["next"]


async def test_a_store_has_one_sync_at_a_time(synced: Synced, asking: Asking) -> None:
    """A second one is a 409 that shows the running sync, also if the schedule started it."""
    synced.shop.add(name="کفش")
    synced.shop.fail_always("hang")
    first = await asking.resync(mode="full")
    await asyncio.to_thread(synced.shop.wait_for_requests, 1)
    second = await asking.resync()
    assert second.status_code == 409
    assert second.json()["sync"]["id"] == first.json()["id"]
    assert second.json()["sync"]["status"] == "running"
    synced.shop.fail_always(None)
    synced.shop.release()
    await synced.ended(first.json()["id"])


async def test_a_shop_that_cannot_be_read_is_refused_by_what_it_lacks(
    reading: System, admin: dict[str, str]
) -> None:
    """The type, the address or the credentials; no sync is started."""
    lacking: list[tuple[dict[str, Any], str]] = [
        ({"type": "custom", "base_url": "https://shop.example"}, "type"),
        ({"credentials": CREDENTIALS}, "base_url"),
        ({"base_url": "https://shop.example"}, "credentials"),
    ]
    for fields, field in lacking:
        store = await reading.http.post(STORES, json={"name": "a", **fields}, headers=admin)
        answer = await Asking(reading.http, admin, store.json()["id"]).resync()
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_an_invalid_request_is_refused(synced: Synced, asking: Asking, admin: dict[str, str]) -> None:
    """A 400 names the field; an unknown sync is a 404, and so is the sync of another store."""
    for fields, field in (({"mode": "some"}, "mode"), ({"dry_run": 1}, "dry_run"), ({"full": True}, "full")):
        answer = await asking.resync(**fields)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    nowhere = Asking(synced.system.http, admin, 10**15)
    assert (await nowhere.resync()).status_code == 404
    sync = await synced.sync()
    other = await synced.system.shop()
    for store, number in ((other.store_id, sync.id), (synced.store.store_id, 10**15), (10**15, sync.id)):
        answer = await synced.system.http.get(f"{STORES}{store}/syncs/{number}/", headers=admin)
        assert answer.status_code == 404
    answer = await synced.system.http.get(f"{STORES}{10**15}/syncs/", headers=admin)
    assert answer.status_code == 404


@pytest.mark.parametrize("late", [False, True], ids=["row-first", "worker-first"])
async def test_the_worker_may_store_a_sync_before_the_api(synced: Synced, *, late: bool) -> None:
    """Either may insert the row first; the status goes from queued to running and never back."""
    request = SyncRequest(store_id=synced.store.store_id, mode=SyncMode.FULL)
    order = [SyncStatus.QUEUED, SyncStatus.RUNNING]
    for status in reversed(order) if late else order:
        async with synced.system.database.transaction() as connection:
            run = await syncs.begin(
                connection, request, workflow_id="w", run_id=f"run-{synced.store.store_id}", status=status
            )
        assert run
        written = run.sync_id
    assert (await synced.read(written)).status is SyncStatus.RUNNING


async def test_queueing_late_ends_no_other_sync(synced: Synced) -> None:
    """Only a running sync marks earlier ones as ended."""
    request = SyncRequest(store_id=synced.store.store_id, mode=SyncMode.FULL)
    begun = []
    for status in (SyncStatus.RUNNING, SyncStatus.QUEUED):
        async with synced.system.database.transaction() as connection:
            run = await syncs.begin(
                connection,
                request,
                workflow_id="w",
                run_id=f"{status}-{synced.store.store_id}",
                status=status,
            )
        assert run
        begun.append(run.sync_id)
    assert (await synced.read(begun[0])).status is SyncStatus.RUNNING


async def test_without_temporal_nothing_is_started(
    synced: Synced, admin: dict[str, str], configure: Configure
) -> None:
    """A 503 without a request to the shop; stores can still be created and changed."""
    down = configure(temporal_address="127.0.0.1:1", allow_private_shops=True)
    async with serving(down) as http:
        answer = await Asking(http, admin, synced.store.store_id).resync()
        assert answer.status_code == 503
        fields = {"name": "a", "base_url": synced.shop.base_url, "credentials": CREDENTIALS}
        made = await http.post(STORES, json={**fields, "schedule": {"paused": True}}, headers=admin)
        assert made.status_code == 201
        path = f"{STORES}{made.json()['id']}/"
        changed = await http.patch(path, json={"schedule": {"full_days": 3}}, headers=admin)
        assert changed.json()["schedule"] == {"incremental_hours": 6, "full_days": 3, "paused": True}
        assert (await http.delete(path, headers=admin)).status_code == 204
    assert synced.shop.seen == []


async def test_a_schedule_is_kept_as_it_is_named(reading: System, admin: dict[str, str]) -> None:
    """Fields that are left out stay, null is never, and `schedule: null` restores the default."""
    made = await reading.http.post(STORES, json={"name": "a"}, headers=admin)
    usual = {"incremental_hours": 6, "full_days": 7, "paused": False}
    assert made.json()["schedule"] == usual
    path = f"{STORES}{made.json()['id']}/"
    twelve = {"incremental_hours": 12, "full_days": None, "paused": True}
    kept: list[tuple[object, object]] = [
        ({"incremental_hours": 12.0}, usual | {"incremental_hours": 12}),
        ({"full_days": None, "paused": True}, twelve),
        ({}, twelve),
        (None, usual),
    ]
    for fields, expected in kept:
        answer = await reading.http.patch(path, json={"schedule": fields}, headers=admin)
        assert answer.json()["schedule"] == expected


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"incremental_hours": 0}, "schedule.incremental_hours"),
        ({"incremental_hours": 169}, "schedule.incremental_hours"),
        ({"full_days": 32}, "schedule.full_days"),
        ({"full_days": "7"}, "schedule.full_days"),
        ({"paused": None}, "schedule.paused"),
        ({"hourly": True}, "schedule.hourly"),
        ("daily", "schedule"),
    ],
)
async def test_an_invalid_schedule_is_named(
    fields: object, field: str, reading: System, admin: dict[str, str]
) -> None:
    """Allowed are an hour to a week, a day to a month, or null."""
    answer = await reading.http.post(STORES, json={"name": "a", "schedule": fields}, headers=admin)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_the_first_import_begins_when_the_shop_can_be_read(
    reading: System, server: ShopServer, embeddings: EmbeddingServer, admin: dict[str, str]
) -> None:
    """With the credentials; the schedules exist from then on, until the store is removed."""
    server.add(name="کفش")
    made = await reading.http.post(STORES, json={"name": "a", "base_url": server.base_url}, headers=admin)
    path = f"{STORES}{made.json()['id']}/"
    assert server.seen == []
    changed = await reading.http.patch(path, json={"credentials": CREDENTIALS}, headers=admin)
    assert changed.status_code == 200, changed.text
    asking = Asking(reading.http, admin, made.json()["id"])
    listed = await eventually(
        asking.list,
        lambda sync: sync["results"] and sync["results"][0]["finished_at"],
        what="the import",
    )
    assert (listed["count"], listed["results"][0]["mode"], listed["results"][0]["counts"]["new"]) == (
        1,
        "full",
        1,
    )
    ids = [sync_schedule_id(reading.settings.task_queue, made.json()["id"], mode) for mode in SyncMode]
    for schedule_id in ids:
        await reading.temporal.get_schedule_handle(schedule_id).describe()
    await reading.temporal.get_workflow_handle(
        catalog_sync_id(reading.settings.task_queue, made.json()["id"])
    ).result()
    assert (await reading.http.delete(path, headers=admin)).status_code == 204
    for schedule_id in ids:
        with pytest.raises(Exception, match="not found"):
            await reading.temporal.get_schedule_handle(schedule_id).describe()
