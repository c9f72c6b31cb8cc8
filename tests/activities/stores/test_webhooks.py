"""Managing the webhooks of shops: create missing ones, activate disabled ones, report the rest."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

import worker
from activities import heartbeat
from activities.metrics import Counters
from activities.stores.webhooks import ODD_PORT, WebhookActivities
from compute import Compute
from connectors.woocommerce.webhooks import ELSEWHERE, FORBIDDEN, FORBIDDEN_BY_OTHERS
from contracts.errors import UNKNOWN_KEY
from contracts.retry import Retry
from contracts.webhooks import WebhookCheck, WebhookHealth, WebhookState
from crypto import SecretBox
from database.access import webhooks
from embeddings.registry import create_embedder
from fakes.woocommerce import KEY, SECRET, Answered, ShopServer, moved
from fakes.woocommerce_catalogue import Refused
from fakes.woocommerce_webhooks import TOPICS
from settings import Settings
from temporal.client import connect
from tests.support.environment import Configure
from tests.support.eventually import PATIENCE, eventually
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System

STORES = "/api/v1/integrations/stores/"
SHOP_SECRET = "whsec_" + "aB3" * 12


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> dict[str, str]:
    return await session(system, "webhooks-admin@example.com", is_staff=True)


@pytest.fixture
def woo() -> Iterator[ShopServer]:
    with ShopServer() as opened:
        yield opened


@pytest.fixture
def settings(system: System, configure: Configure) -> Settings:
    """Settings of a worker, with the running API as the public address."""
    return configure(public_url=str(system.http.base_url), allow_private_shops=True)


async def checked(activities: WebhookActivities, store_id: int, *, missed: int = 0) -> WebhookState:
    check = WebhookCheck(store_id=store_id, missed=missed)
    return await ActivityEnvironment().run(activities.maintain_webhooks, check)


@dataclass
class ManagedStore:
    """A store and its shop, which lets us manage webhooks."""

    shop: Shop
    woo: ShopServer
    address: str
    activities: WebhookActivities
    admin: dict[str, str]

    async def check(self, *, missed: int = 0) -> WebhookState:
        return await checked(self.activities, self.shop.store_id, missed=missed)

    async def shown(self) -> dict[str, Any]:
        """Returns the state that the API shows."""
        answer = await self.shop.http.get(f"{STORES}{self.shop.store_id}/", headers=self.admin)
        state: dict[str, Any] = answer.json()["webhooks"]
        return state

    def statuses(self) -> dict[str, str]:
        return {hook.topic: hook.status for hook in self.woo.webhooks.by_id.values()}

    async def delivered(self, number: int, topic: str = "product.updated") -> list[int]:
        """Let the shop send a webhook; returns the statuses of our answers."""
        body = {"id": number, "name": f"محصول {number}", "status": "publish"}
        return await asyncio.to_thread(self.woo.webhooks.deliver, topic, body)

    async def log_events(self, moment: str, *event_ids: str) -> None:
        """Insert rows into the event log, received at these moments."""
        async with self.shop.database.transaction() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO events (store_id, event_id, event_type, external_id, product_key, status,"
                " workflow_id, received_at, finished_at)"
                " SELECT %s, id, 'product.updated', 'woo_1', 'woo_1', 'succeeded', '', " + moment + ", now()"
                " FROM unnest(cast(%s AS text[])) WITH ORDINALITY AS ids(id, n)",
                (self.shop.store_id, list(event_ids)),
            )


def webhook_activities(system: System, settings: Settings, *, public_url: str | None) -> WebhookActivities:
    shops = worker.open_shops(settings, system.database)
    return WebhookActivities(system.database, shops, SecretBox(settings.secret_keys), public_url=public_url)


async def set_columns(shop: Shop, settings: Settings, **columns: Any) -> None:
    named = ", ".join(f"{name} = %s" for name in columns)
    async with shop.database.transaction() as connection:
        await connection.exec_driver_sql(
            f"UPDATE stores SET {named} WHERE id = %s",
            (*columns.values(), shop.store_id),
        )


@pytest_asyncio.fixture
async def store(system: System, settings: Settings, woo: ShopServer, admin: dict[str, str]) -> ManagedStore:
    shop = await system.shop(webhook_secret=SHOP_SECRET)
    sealed = SecretBox(settings.secret_keys).encrypt_fields({"consumer_key": KEY, "consumer_secret": SECRET})
    await set_columns(shop, settings, base_url=woo.base_url, credentials=sealed)
    public = str(system.http.base_url)
    address = f"{public.rstrip('/')}/api/integrations/woocommerce/webhook/{shop.store_id}/"
    return ManagedStore(shop, woo, address, webhook_activities(system, settings, public_url=public), admin)


async def test_missing_webhooks_are_created(store: ManagedStore) -> None:
    """One webhook per topic, pinged, and deliveries with the shop's signature are accepted."""
    assert (await store.shown())["state"] == "unknown"
    state = await store.check()
    assert state.state is WebhookHealth.MANAGED
    assert store.statuses() == dict.fromkeys(TOPICS, "active")
    for hook in store.woo.webhooks.by_id.values():
        assert (hook.delivery_url, hook.secret, hook.pings, hook.pending) == (
            store.address, SHOP_SECRET, 1, False,
        )  # fmt: skip
    shown = await store.shown()
    assert shown["state"] == "managed"
    assert {(hook["topic"], hook["status"]) for hook in shown["hooks"]} == set(store.statuses().items())
    assert await store.delivered(7) == [202]
    await eventually(lambda: store.shop.product(7), what="the product")


async def test_a_second_check_changes_nothing(store: ManagedStore) -> None:
    """Webhooks to other addresses, or about orders, are ignored."""
    await store.check()
    store.woo.webhooks.add("product.updated", "https://elsewhere.example/hook", status="disabled")
    store.woo.webhooks.add("order.created", store.address, status="disabled")
    written = len(store.woo.webhooks.written)
    state = await store.check()
    assert state.state is WebhookHealth.MANAGED
    assert len(state.hooks) == len(TOPICS)
    assert len(store.woo.webhooks.written) == written


async def test_our_webhooks_are_found_on_any_page(store: ManagedStore) -> None:
    """Among hundreds of others; a slash at the end of the address makes no difference."""
    for number in range(230):
        store.woo.webhooks.add("product.updated", f"https://{number}.example/")
    made = store.woo.webhooks.add("product.updated", store.address.rstrip("/"), secret=SHOP_SECRET)
    state = await store.check()
    assert made.id in {hook.id for hook in state.hooks}
    assert len(state.hooks) == len(TOPICS)


async def test_a_disabled_webhook_is_activated_again(store: ManagedStore) -> None:
    """It gets the right secret as well, so that the next delivery is accepted."""
    await store.check()
    hook = next(hook for hook in store.woo.webhooks.by_id.values() if hook.topic == "product.updated")
    hook.secret = "changed by WordPress when its form was saved"
    assert [await store.delivered(8) for _ in range(8)] == [[401]] * 7 + [[]]
    assert hook.status == "disabled"
    state = await store.check()
    assert state.state is WebhookHealth.REENABLED
    assert "had disabled product.updated" in state.reason
    assert hook.failures == 6
    assert await store.delivered(8) == [202]
    assert hook.failures == 0
    assert (await store.check()).state is WebhookHealth.MANAGED


async def test_a_paused_webhook_stays_paused(store: ManagedStore) -> None:
    """Even if another webhook of its topic is disabled; the reason names it."""
    await store.check()
    paused = next(h for h in store.woo.webhooks.by_id.values() if h.topic == "product.deleted")
    paused.status = "paused"
    store.woo.webhooks.add("product.deleted", store.address, status="disabled", secret=SHOP_SECRET)
    state = await store.check()
    assert paused.status == "paused"
    assert state.state is WebhookHealth.MANAGED
    assert "left paused: product.deleted" in state.reason
    assert "disabled" in {hook.status for hook in store.woo.webhooks.by_id.values()}


async def test_webhooks_created_by_hand_get_the_stores_secret(store: ManagedStore) -> None:
    """WooCommerce shows no secrets, so each webhook gets the store's once, and again after a rotation."""
    made = store.woo.webhooks.add("product.updated", store.address, secret="typed-wrongly", status="paused")
    await store.check()
    assert (made.secret, made.status) == (SHOP_SECRET, "paused")
    rotated = await store.shop.http.post(
        f"{STORES}{store.shop.store_id}/rotate-secret/", json={"overlap_hours": 0}, headers=store.admin
    )
    await store.check()
    fresh = rotated.json()["webhook_secret"]
    assert {hook.secret for hook in store.woo.webhooks.by_id.values()} == {fresh}
    written = len(store.woo.webhooks.written)
    await store.check()
    assert len(store.woo.webhooks.written) == written


async def test_a_store_without_a_secret_gets_one(store: ManagedStore, settings: Settings) -> None:
    """It is stored encrypted, and the shop signs with it."""
    await set_columns(store.shop, settings, webhook_secret=None)
    await store.check()
    assert len({hook.secret for hook in store.woo.webhooks.by_id.values()}) == 1
    assert await store.delivered(9) == [202]


async def test_a_read_only_key_is_reported(store: ManagedStore) -> None:
    """The reason says what to do, and the visible webhooks are shown."""
    store.woo.read_only.add(KEY)
    store.woo.webhooks.add("product.updated", store.address, status="disabled")
    state = await store.check()
    assert state.state is WebhookHealth.UNMANAGED
    assert state.reason.startswith(FORBIDDEN)
    assert "WooCommerce disabled product.updated" in state.reason
    assert not store.woo.webhooks.written
    shown = await store.shown()
    assert (shown["state"], shown["reason"]) == ("unmanaged", state.reason)
    assert [hook["status"] for hook in shown["hooks"]] == ["disabled"]
    store.woo.read_only.clear()
    assert (await store.check()).state is WebhookHealth.REENABLED


async def test_a_user_without_permission_is_reported(store: ManagedStore) -> None:
    """The shop refuses even the list."""
    store.woo.may_manage = False
    state = await store.check()
    assert (state.state, state.reason, state.hooks) == (WebhookHealth.UNMANAGED, FORBIDDEN, ())


async def test_a_firewall_is_reported(store: ManagedStore) -> None:
    """The reason names the firewall, not the key."""
    store.woo.fail_always(Answered(status=403, body=b"<html>blocked</html>"))
    assert (await store.check()).reason == FORBIDDEN_BY_OTHERS


async def test_a_write_follows_no_redirect(store: ManagedStore) -> None:
    """A secret is sent to the shop's own address only."""
    with ShopServer() as other:
        store.woo.fail_next(Answered(body=b"[]", headers={"X-WP-TotalPages": "0"}))
        store.woo.fail_always(moved(f"{store.woo.base_url}/elsewhere", status=307))
        state = await store.check()
        assert not other.seen
    assert (state.state, state.reason) == (WebhookHealth.UNMANAGED, ELSEWHERE)
    assert [seen.method for seen in store.woo.seen] == ["GET", "POST"]


async def test_without_a_public_address_no_webhook_is_created(
    store: ManagedStore, system: System, settings: Settings
) -> None:
    """The shop gets no request."""
    activities = webhook_activities(system, settings, public_url=None)
    state = await checked(activities, store.shop.store_id)
    assert state.state is WebhookHealth.UNMANAGED
    assert "PILITO_PUBLIC_URL" in state.reason
    assert not store.woo.seen
    assert (await store.shown())["reason"] == state.reason


async def test_a_store_without_credentials_is_unmanaged(
    system: System, shop: Shop, admin: dict[str, str]
) -> None:
    """The API shows it before the first check."""
    shown = (await system.http.get(f"{STORES}{shop.store_id}/", headers=admin)).json()["webhooks"]
    assert shown["state"] == "unmanaged"
    assert "no credentials" in shown["reason"]
    assert (shown["checked_at"], shown["hooks"]) == (None, [])


async def test_a_port_that_wordpress_does_not_use_is_reported(store: ManagedStore) -> None:
    """WordPress silently sends nothing to a port such as that of the tests."""
    assert (await store.check()).reason == ODD_PORT


@pytest.mark.parametrize("lost", [1, 2, 4])
async def test_a_crash_between_two_creations_duplicates_none(store: ManagedStore, lost: int) -> None:
    """The next check lists the webhooks first, and so finds one created without an answer."""
    gone = Refused(status=504, code="", message="")
    store.woo.webhooks.after_write.extend([*[None] * (lost - 1), gone])
    with pytest.raises(ApplicationError) as raised:
        await store.check()
    assert raised.value.type == "again"
    shown = await store.shown()
    assert (shown["state"], shown["reason"]) == ("unknown", raised.value.message)
    assert len(store.woo.webhooks.by_id) == lost
    assert (await store.check()).state is WebhookHealth.MANAGED
    assert sorted(hook.topic for hook in store.woo.webhooks.by_id.values()) == sorted(TOPICS)
    assert len(store.woo.webhooks.by_id) == len(TOPICS)


async def test_concurrent_checks_create_no_duplicates(store: ManagedStore) -> None:
    """The second check fails and is retried."""
    async with webhooks.maintenance_lease(store.shop.database, store.shop.store_id) as alone:
        assert alone
        with pytest.raises(ApplicationError, match="being checked already"):
            await store.check()
    assert not store.woo.seen
    assert (await store.check()).state is WebhookHealth.MANAGED


async def test_a_secret_of_another_key_waits_for_the_operator(
    store: ManagedStore, system: System, settings: Settings, configure: Configure
) -> None:
    """Whether it is the key of the shop or the secret of its webhooks; nothing is changed in the shop."""
    lost = configure(secret_key="another key of thirty-two bytes or more", allow_private_shops=True)
    for reading, signing in ((lost, settings), (settings, lost)):
        shops = worker.open_shops(reading, system.database)
        public = str(system.http.base_url)
        broken = WebhookActivities(system.database, shops, SecretBox(signing.secret_keys), public_url=public)
        with pytest.raises(ApplicationError) as raised:
            await checked(broken, store.shop.store_id)
        assert (raised.value.type, raised.value.message) == (Retry.BLOCKED, UNKNOWN_KEY)
        assert (await store.shown())["reason"] == UNKNOWN_KEY
    assert store.woo.webhooks.written == []
    assert (await store.check()).state is WebhookHealth.MANAGED


async def test_a_failed_check_keeps_the_known_webhooks(store: ManagedStore) -> None:
    """A shop that is down for a moment still shows its webhooks."""
    before = await store.check()
    store.woo.fail_always(Answered(status=500))
    with pytest.raises(ApplicationError):
        await store.check()
    shown = await store.shown()
    assert shown["state"] == "unknown"
    assert [hook["id"] for hook in shown["hooks"]] == [hook.id for hook in before.hooks]


@pytest.mark.parametrize(
    "answered",
    [
        Answered(body=b'{"webhooks": []}', headers={"X-WP-TotalPages": "1"}),
        Answered(body=b"[]", headers={"X-WP-TotalPages": "4000"}),
        Answered(body=b"[]"),
    ],
    ids=["no list", "endless", "without an end"],
)
async def test_an_unusable_list_creates_nothing(store: ManagedStore, answered: Answered) -> None:
    """Without a complete list no webhook counts as missing."""
    store.woo.fail_always(answered)
    with pytest.raises(ApplicationError):
        await store.check()
    assert not store.woo.webhooks.by_id


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://another.example"},
        {"credentials": {"consumer_key": "ck_another", "consumer_secret": "cs_another"}},
        {"credentials": None},
    ],
    ids=["address", "key", "no key"],
)
async def test_another_shop_or_key_resets_the_state(store: ManagedStore, change: dict[str, Any]) -> None:
    """The state of one shop is not shown for another."""
    await store.check()
    address = f"{STORES}{store.shop.store_id}/"
    named = await store.shop.http.patch(address, json={"name": "تازه"}, headers=store.admin)
    assert named.json()["webhooks"]["state"] == "managed"
    answer = await store.shop.http.patch(address, json=change, headers=store.admin)
    shown = answer.json()["webhooks"]
    assert shown["checked_at"] is None
    assert shown["hooks"] == []


async def test_a_check_with_an_old_key_is_not_stored(store: ManagedStore, settings: Settings) -> None:
    """The store changes while its shop is checked."""
    async with store.shop.database.reading() as connection:
        before = await webhooks.read(connection, store.shop.store_id)
    assert before
    await set_columns(store.shop, settings, base_url="https://another.example")
    async with store.shop.database.transaction() as connection:
        await webhooks.write(
            connection, before, WebhookState(state=WebhookHealth.MANAGED, reason="of the shop before")
        )
    assert (await store.shown())["state"] == "unknown"


async def test_a_removed_store_fails_the_step(store: ManagedStore) -> None:
    """Without a retry."""
    with pytest.raises(ApplicationError) as raised:
        await checked(store.activities, 2**60)
    assert raised.value.non_retryable


async def test_a_check_of_a_slow_shop_sends_heartbeats(
    store: ManagedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them, Temporal would take the worker for dead and start the check once more."""
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.01)
    store.woo.fail_next("hang")
    heard = asyncio.Event()
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: heard.set()
    check = WebhookCheck(store_id=store.shop.store_id)
    checking = asyncio.create_task(environment.run(store.activities.maintain_webhooks, check))
    await asyncio.to_thread(store.woo.wait_for_requests, 1)
    heard.clear()
    await asyncio.wait_for(heard.wait(), PATIENCE)
    store.woo.release()
    assert (await checking).state is WebhookHealth.MANAGED


HOURLY = "now() - interval '3 days' - n * interval '1 hour'"
DAILY = "now() - interval '3 days' - n * interval '1 day'"


async def checked_long_ago(store: ManagedStore, days: int = 60) -> None:
    await store.check()
    async with store.shop.database.transaction() as connection:
        await connection.exec_driver_sql(
            "UPDATE stores SET webhooks = webhooks || jsonb_build_object('since', now() - %s) WHERE id = %s",
            (timedelta(days=days), store.shop.store_id),
        )


async def test_a_busy_shop_without_webhooks_is_silent(store: ManagedStore) -> None:
    """Three days without a webhook, with a usual pause of an hour, and changes without an event."""
    await checked_long_ago(store)
    await store.log_events(HOURLY, *(f"wc-{n}" for n in range(100)))
    state = await store.check(missed=4)
    assert state.state is WebhookHealth.SILENT
    assert "for 73 hours" in state.reason
    assert "found 4 changes" in state.reason
    assert (await store.shown())["state"] == "silent"


async def test_a_shop_without_changes_is_not_silent(store: ManagedStore) -> None:
    """The sync found no changes, so no webhook was missing."""
    await checked_long_ago(store)
    await store.log_events(HOURLY, *(f"wc-{n}" for n in range(100)))
    assert (await store.check(missed=0)).state is WebhookHealth.MANAGED


async def test_a_pause_within_the_usual_pattern_is_normal(store: ManagedStore) -> None:
    """Three days are normal for a shop with one webhook a day."""
    await checked_long_ago(store)
    await store.log_events(DAILY, *(f"wc-{n}" for n in range(24)))
    assert (await store.check(missed=4)).state is WebhookHealth.MANAGED


async def test_an_import_makes_no_pattern(store: ManagedStore) -> None:
    """Thousands of deliveries in one hour, then none for days."""
    await checked_long_ago(store)
    await store.log_events(
        "now() - interval '3 days' - n * interval '1 second'", *(f"wc-{n}" for n in range(3000))
    )
    assert (await store.check(missed=4)).state is WebhookHealth.MANAGED


async def test_events_of_the_plugin_do_not_count(store: ManagedStore) -> None:
    """The plugin may send all day although no webhook arrives."""
    await checked_long_ago(store)
    await store.log_events("now() - n * interval '1 hour'", *(f"evt-{n}" for n in range(100)))
    assert (await store.check(missed=4)).state is WebhookHealth.SILENT


async def test_webhooks_that_never_arrived(store: ManagedStore) -> None:
    """They are silent after a week, for example if the shop cannot reach us."""
    await checked_long_ago(store, days=6)
    assert (await store.check(missed=4)).state is WebhookHealth.MANAGED
    await checked_long_ago(store, days=8)
    assert (await store.check(missed=4)).state is WebhookHealth.SILENT


async def test_silence_counts_from_the_last_repair(store: ManagedStore) -> None:
    """A webhook that was activated again gets time to arrive."""
    await checked_long_ago(store)
    await store.log_events(HOURLY, *(f"wc-{n}" for n in range(100)))
    next(iter(store.woo.webhooks.by_id.values())).status = "disabled"
    assert (await store.check(missed=4)).state is WebhookHealth.REENABLED
    assert (await store.check(missed=4)).state is WebhookHealth.MANAGED


@workflow.defn(sandboxed=False)
class ChecksOnce:
    """The first step of a resync."""

    @workflow.run
    async def run(self, check: WebhookCheck) -> WebhookState:
        state: WebhookState = await workflow.execute_activity(
            "maintain_webhooks",
            check,
            result_type=WebhookState,
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=5),
        )
        return state


@pytest_asyncio.fixture
async def queue(system: System, settings: Settings) -> AsyncIterator[str]:
    """Yields the task queue of a worker with all activities."""
    embedder = create_embedder(settings)
    activities = worker.collect(
        settings, system.temporal, system.database, embedder, Compute(), Counters(system.database)
    )
    name = "webhook-checks"
    client = await connect(settings.temporal_address or "", settings.temporal_namespace)
    async with worker.tuned(client, task_queue=name, workflows=[ChecksOnce], activities=activities):
        yield name
    await embedder.close()


async def test_secrets_are_sent_to_the_shop_only(
    store: ManagedStore, system: System, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """They are in no history, log, answer or row, even if a step fails."""
    caplog.set_level(logging.DEBUG)
    store.woo.webhooks.after_write.append(Refused(status=504, code="", message=SHOP_SECRET))
    handle = await system.temporal.start_workflow(
        ChecksOnce.run,
        WebhookCheck(store_id=store.shop.store_id, missed=2),
        id=f"checks-once-{store.shop.store_id}",
        task_queue=queue,
    )
    state = await handle.result()
    assert state.state is WebhookHealth.MANAGED
    assert len(store.woo.webhooks.by_id) == len(TOPICS)
    row = await store.shop.one("SELECT webhooks FROM stores WHERE id = :store")
    visible = (await handle.fetch_history()).to_json() + repr(row) + json.dumps(await store.shown())
    assert KEY not in visible
    for secret in (SHOP_SECRET, SECRET):
        assert secret not in visible + caplog.text
