"""Bulk resyncs over HTTP: started, listed, and what differed."""

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
from tests.conftest import Configure
from tests.support.sessions import session
from tests.support.syncs import Synced
from tests.support.system import System, eventually, serving

pytestmark = pytest.mark.slow

STORES = "/api/v1/integrations/stores/"
CREDENTIALS = {"consumer_key": KEY, "consumer_secret": SECRET}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(reading: System) -> AsyncIterator[dict[str, str]]:
    yield await session(reading, "sync-admin@example.com", is_staff=True)


class Asking:
    """An admin who asks about a store's syncs."""

    def __init__(self, http: httpx2.AsyncClient, admin: dict[str, str], store_id: int) -> None:
        self._http = http
        self._admin = admin
        self._path = f"{STORES}{store_id}/"

    async def resync(self, **asked: Any) -> httpx2.Response:
        return await self._http.post(f"{self._path}resync/", json=asked, headers=self._admin)

    async def read(self, sync_id: int, **asked: Any) -> dict[str, Any]:
        answer = await self._http.get(f"{self._path}syncs/{sync_id}/", params=asked, headers=self._admin)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def list(self, **asked: Any) -> dict[str, Any]:
        told: dict[str, Any] = (
            await self._http.get(f"{self._path}syncs/", params=asked, headers=self._admin)
        ).json()
        return told

    async def ended(self, **asked: Any) -> dict[str, Any]:
        """Start a sync, and its report once it and its workflow have ended."""

        async def started() -> httpx2.Response:
            return await self.resync(**asked)

        answer = await eventually(started, lambda answer: answer.status_code == 202, what="the start")
        sync_id = answer.json()["id"]
        return await eventually(
            lambda: self.read(sync_id), lambda told: told["finished_at"] is not None, what="the sync's end"
        )


@pytest.fixture
def asking(synced: Synced, admin: dict[str, str]) -> Asking:
    return Asking(synced.system.http, admin, synced.store.store_id)


async def test_a_resync_is_started_followed_and_told_of(synced: Synced, asking: Asking) -> None:
    """202 with its sync, whose counts and findings can be read; in sync is what differs in nothing."""
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    synced.shop.clock = lambda: earlier
    ids = [synced.shop.add(name=f"کفش {number}") for number in range(12)]
    answer = await asking.resync(mode="full")
    assert answer.status_code == 202
    told = answer.json()
    assert (told["mode"], told["dry_run"], told["store"]) == ("full", False, synced.store.store_id)
    assert told["status"] in ("queued", "running")
    assert f"catalog-sync%2F{synced.store.store_id}/" in told["workflow_url"]
    first = await eventually(lambda: asking.read(told["id"]), lambda now: now["finished_at"], what="the end")
    assert (first["status"], first["progress"], first["total"]) == ("succeeded", 1.0, 12)
    assert (first["counts"]["new"], first["in_sync"], first["kinds"]) == (12, False, {})
    second = await asking.ended(mode="full")
    assert (second["counts"]["unchanged"], second["in_sync"]) == (12, True)
    assert second["counts"]["tokens_saved"] > 0
    assert not (await asking.ended())["in_sync"], "an incremental one did not look at everything"
    synced.shop.clock = lambda: datetime.now(UTC)
    synced.shop.delete(ids[0])
    synced.shop.change(ids[1], name="چکمه")
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
    """The second is 409, with the one under way; also where that was begun by its schedule."""
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
    """The type, the address or the credentials, before anything is started."""
    lacking: list[tuple[dict[str, Any], str]] = [
        ({"type": "custom", "base_url": "https://shop.example"}, "type"),
        ({"credentials": CREDENTIALS}, "base_url"),
        ({"base_url": "https://shop.example"}, "credentials"),
    ]
    for asked, field in lacking:
        store = await reading.http.post(STORES, json={"name": "a", **asked}, headers=admin)
        answer = await Asking(reading.http, admin, store.json()["id"]).resync()
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_what_is_asked_wrongly_is_refused(
    synced: Synced, asking: Asking, admin: dict[str, str]
) -> None:
    """By its name; what is not there is 404, and so is the sync of another store."""
    for asked, field in (({"mode": "some"}, "mode"), ({"dry_run": 1}, "dry_run"), ({"full": True}, "full")):
        answer = await asking.resync(**asked)
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
async def test_who_queues_a_sync_may_be_later_than_the_worker(synced: Synced, *, late: bool) -> None:
    """Either may write the row first; it goes from queued to running, and never back."""
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


async def test_who_queues_late_ends_no_other_sync(synced: Synced) -> None:
    """Only a run that has begun knows that those before it are over."""
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
    """503, and the shop is asked nothing; stores can be made and changed all the same."""
    down = configure(temporal_address="127.0.0.1:1", allow_private_shops=True)
    async with serving(down) as http:
        answer = await Asking(http, admin, synced.store.store_id).resync()
        assert answer.status_code == 503
        asked = {"name": "a", "base_url": synced.shop.base_url, "credentials": CREDENTIALS}
        made = await http.post(STORES, json={**asked, "schedule": {"paused": True}}, headers=admin)
        assert made.status_code == 201
        path = f"{STORES}{made.json()['id']}/"
        changed = await http.patch(path, json={"schedule": {"full_days": 3}}, headers=admin)
        assert changed.json()["schedule"] == {"incremental_hours": 6, "full_days": 3, "paused": True}
        assert (await http.delete(path, headers=admin)).status_code == 204
    assert synced.shop.seen == []


async def test_a_schedule_is_kept_as_it_is_named(reading: System, admin: dict[str, str]) -> None:
    """What is not named stays, null is never, and null for all of it is the usual one again."""
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
    for asked, expected in kept:
        answer = await reading.http.patch(path, json={"schedule": asked}, headers=admin)
        assert answer.json()["schedule"] == expected


@pytest.mark.parametrize(
    ("asked", "field"),
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
async def test_a_schedule_that_cannot_be_is_refused_by_its_name(
    asked: object, field: str, reading: System, admin: dict[str, str]
) -> None:
    """An hour to a week, a day to a month, or null."""
    answer = await reading.http.post(STORES, json={"name": "a", "schedule": asked}, headers=admin)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_the_first_import_begins_when_the_shop_can_be_read(
    reading: System, server: ShopServer, embeddings: EmbeddingServer, admin: dict[str, str]
) -> None:
    """With the credentials; its schedules are there then, and go with the store."""
    server.add(name="کفش")
    made = await reading.http.post(STORES, json={"name": "a", "base_url": server.base_url}, headers=admin)
    path = f"{STORES}{made.json()['id']}/"
    assert server.seen == []
    changed = await reading.http.patch(path, json={"credentials": CREDENTIALS}, headers=admin)
    assert changed.status_code == 200, changed.text
    asking = Asking(reading.http, admin, made.json()["id"])
    listed = await eventually(
        asking.list, lambda told: told["results"] and told["results"][0]["finished_at"], what="the import"
    )
    assert (listed["count"], listed["results"][0]["mode"], listed["results"][0]["counts"]["new"]) == (
        1,
        "full",
        1,
    )
    ids = [sync_schedule_id(reading.settings.task_queue, made.json()["id"], mode) for mode in SyncMode]
    for schedule_id in ids:
        await reading.temporal.get_schedule_handle(schedule_id).describe()
    await reading.temporal.get_workflow_handle(catalog_sync_id(made.json()["id"])).result()
    assert (await reading.http.delete(path, headers=admin)).status_code == 204
    for schedule_id in ids:
        with pytest.raises(Exception, match="not found"):
            await reading.temporal.get_schedule_handle(schedule_id).describe()
