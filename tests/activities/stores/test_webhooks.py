"""The service looks after the webhooks of shops that let it."""

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

import worker
from activities.counters import Counters
from activities.stores.webhooks import ODD_PORT, WebhookActivities
from connectors.woocommerce.webhooks import ELSEWHERE, FORBIDDEN, FORBIDDEN_BY_OTHERS
from contracts.webhooks import WebhookCheck, WebhookHealth, WebhookState
from crypto import SecretBox
from database.access import webhooks
from embeddings.openai import create_embedder
from fakes.woocommerce import KEY, SECRET, Answered, ShopServer, moved
from fakes.woocommerce_catalogue import Refused
from fakes.woocommerce_webhooks import TOPICS
from settings import Settings
from temporal.client import connect
from tests.conftest import Configure
from tests.support.sessions import session
from tests.support.system import Shop, System, eventually

pytestmark = pytest.mark.slow

STORES = "/api/v1/integrations/stores/"
SHOP_SECRET = "whsec_" + "aB3" * 12


@pytest_asyncio.fixture(scope="module")
async def admin(system: System) -> dict[str, str]:
    return await session(system, "upkeep-admin@example.com", is_staff=True)


@pytest.fixture
def woo() -> Iterator[ShopServer]:
    with ShopServer() as opened:
        yield opened


@pytest.fixture
def settings(system: System, configure: Configure) -> Settings:
    """A worker's, in front of the API that is running."""
    return configure(public_url=str(system.http.base_url), allow_private_shops=True)


@dataclass
class Kept:
    """A store whose shop can be written to."""

    shop: Shop
    woo: ShopServer
    address: str
    upkeep: WebhookActivities
    admin: dict[str, str]

    async def look(self, *, missed: int = 0) -> WebhookState:
        return await self.upkeep.maintain_webhooks(WebhookCheck(store_id=self.shop.store_id, missed=missed))

    async def shown(self) -> dict[str, Any]:
        """The state as GET store tells it."""
        answer = await self.shop.http.get(f"{STORES}{self.shop.store_id}/", headers=self.admin)
        told: dict[str, Any] = answer.json()["webhooks"]
        return told

    def statuses(self) -> dict[str, str]:
        return {hook.topic: hook.status for hook in self.woo.webhooks.by_id.values()}

    async def delivered(self, number: int, topic: str = "product.updated") -> list[int]:
        """A change the shop tells of by itself."""
        body = {"id": number, "name": f"محصول {number}", "status": "publish"}
        return await asyncio.to_thread(self.woo.webhooks.deliver, topic, body)

    async def at(self, moment: str, *event_ids: str) -> None:
        """Rows of the event log."""
        async with self.shop.database.transaction() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO events (store_id, event_id, event_type, external_id, product_key, status,"
                " workflow_id, received_at, finished_at)"
                " SELECT %s, id, 'product.updated', 'woo_1', 'woo_1', 'succeeded', '', " + moment + ", now()"
                " FROM unnest(cast(%s AS text[])) WITH ORDINALITY AS ids(id, n)",
                (self.shop.store_id, list(event_ids)),
            )


def upkeep(system: System, settings: Settings, *, public_url: str | None) -> WebhookActivities:
    shops = worker.open_shops(settings, system.database)
    return WebhookActivities(system.database, shops, SecretBox(settings.secret_keys), public_url=public_url)


async def give(shop: Shop, settings: Settings, **columns: Any) -> None:
    named = ", ".join(f"{name} = %s" for name in columns)
    async with shop.database.transaction() as connection:
        await connection.exec_driver_sql(
            f"UPDATE stores SET {named} WHERE id = %s",
            (*columns.values(), shop.store_id),
        )


@pytest_asyncio.fixture
async def kept(system: System, settings: Settings, woo: ShopServer, admin: dict[str, str]) -> Kept:
    shop = await system.shop(webhook_secret=SHOP_SECRET)
    sealed = SecretBox(settings.secret_keys).encrypt_fields({"consumer_key": KEY, "consumer_secret": SECRET})
    await give(shop, settings, base_url=woo.base_url, credentials=sealed)
    public = str(system.http.base_url)
    address = f"{public.rstrip('/')}/api/integrations/woocommerce/webhook/{shop.store_id}/"
    return Kept(shop, woo, address, upkeep(system, settings, public_url=public), admin)


async def test_it_registers_what_a_shop_must_tell(kept: Kept) -> None:
    """Every topic once, pinged, and what the shop then signs is accepted."""
    assert (await kept.shown())["state"] == "unknown"
    state = await kept.look()
    assert state.state is WebhookHealth.MANAGED
    assert kept.statuses() == dict.fromkeys(TOPICS, "active")
    for hook in kept.woo.webhooks.by_id.values():
        assert (hook.delivery_url, hook.secret, hook.pings, hook.pending) == (
            kept.address, SHOP_SECRET, 1, False,
        )  # fmt: skip
    shown = await kept.shown()
    assert shown["state"] == "managed"
    assert {(hook["topic"], hook["status"]) for hook in shown["hooks"]} == set(kept.statuses().items())
    assert await kept.delivered(7) == [202]
    await eventually(lambda: kept.shop.product(7), what="the product")


async def test_looking_again_changes_nothing(kept: Kept) -> None:
    """Neither does a webhook of somebody else, or one of ours about orders."""
    await kept.look()
    kept.woo.webhooks.add("product.updated", "https://elsewhere.example/hook", status="disabled")
    kept.woo.webhooks.add("order.created", kept.address, status="disabled")
    written = len(kept.woo.webhooks.written)
    state = await kept.look()
    assert state.state is WebhookHealth.MANAGED
    assert len(state.hooks) == len(TOPICS)
    assert len(kept.woo.webhooks.written) == written


async def test_ours_are_found_on_any_page(kept: Kept) -> None:
    """Among hundreds of others; a slash at the end of an address makes no other of it."""
    for number in range(230):
        kept.woo.webhooks.add("product.updated", f"https://{number}.example/")
    made = kept.woo.webhooks.add("product.updated", kept.address.rstrip("/"), secret=SHOP_SECRET)
    state = await kept.look()
    assert made.id in {hook.id for hook in state.hooks}
    assert len(state.hooks) == len(TOPICS)


async def test_what_failures_disabled_is_active_again(kept: Kept) -> None:
    """And signed with the right secret, so that the next delivery arrives; the next look is content."""
    await kept.look()
    hook = next(hook for hook in kept.woo.webhooks.by_id.values() if hook.topic == "product.updated")
    hook.secret = "changed by WordPress when somebody saved its form"
    assert [await kept.delivered(8) for _ in range(8)] == [[401]] * 7 + [[]]
    assert hook.status == "disabled"
    state = await kept.look()
    assert state.state is WebhookHealth.REENABLED
    assert "had disabled product.updated" in state.reason
    assert hook.failures == 6
    assert await kept.delivered(8) == [202]
    assert hook.failures == 0
    assert (await kept.look()).state is WebhookHealth.MANAGED


async def test_what_a_person_paused_stays_paused(kept: Kept) -> None:
    """Also where another webhook of its topic is disabled; and it is said."""
    await kept.look()
    paused = next(h for h in kept.woo.webhooks.by_id.values() if h.topic == "product.deleted")
    paused.status = "paused"
    kept.woo.webhooks.add("product.deleted", kept.address, status="disabled", secret=SHOP_SECRET)
    state = await kept.look()
    assert paused.status == "paused"
    assert state.state is WebhookHealth.MANAGED
    assert "Somebody paused product.deleted" in state.reason
    assert "disabled" in {hook.status for hook in kept.woo.webhooks.by_id.values()}


async def test_webhooks_made_by_hand_are_signed_as_we_expect(kept: Kept) -> None:
    """WooCommerce shows no secret, so each gets the store's once, and again when that was replaced."""
    made = kept.woo.webhooks.add("product.updated", kept.address, secret="typed-wrongly", status="paused")
    await kept.look()
    assert (made.secret, made.status) == (SHOP_SECRET, "paused")
    rotated = await kept.shop.http.post(
        f"{STORES}{kept.shop.store_id}/rotate-secret/", json={"overlap_hours": 0}, headers=kept.admin
    )
    await kept.look()
    fresh = rotated.json()["webhook_secret"]
    assert {hook.secret for hook in kept.woo.webhooks.by_id.values()} == {fresh}
    written = len(kept.woo.webhooks.written)
    await kept.look()
    assert len(kept.woo.webhooks.written) == written


async def test_a_store_without_a_secret_is_given_one(kept: Kept, settings: Settings) -> None:
    """Sealed, and the one the shop signs with."""
    await give(kept.shop, settings, webhook_secret=None)
    await kept.look()
    assert len({hook.secret for hook in kept.woo.webhooks.by_id.values()}) == 1
    assert await kept.delivered(9) == [202]


async def test_a_key_that_may_only_read_is_told_of(kept: Kept) -> None:
    """With what to do about it; what it can see is shown."""
    kept.woo.read_only.add(KEY)
    kept.woo.webhooks.add("product.updated", kept.address, status="disabled")
    state = await kept.look()
    assert state.state is WebhookHealth.UNMANAGED
    assert state.reason.startswith(FORBIDDEN)
    assert "WooCommerce disabled product.updated" in state.reason
    assert not kept.woo.webhooks.written
    shown = await kept.shown()
    assert (shown["state"], shown["reason"]) == ("unmanaged", state.reason)
    assert [hook["status"] for hook in shown["hooks"]] == ["disabled"]
    kept.woo.read_only.clear()
    assert (await kept.look()).state is WebhookHealth.REENABLED


async def test_a_user_who_may_not_manage_is_told_of(kept: Kept) -> None:
    """The list itself is refused."""
    kept.woo.may_manage = False
    state = await kept.look()
    assert (state.state, state.reason, state.hooks) == (WebhookHealth.UNMANAGED, FORBIDDEN, ())


async def test_a_firewall_is_told_of(kept: Kept) -> None:
    """It is not the key that is to be mended."""
    kept.woo.fail_always(Answered(status=403, body=b"<html>blocked</html>"))
    assert (await kept.look()).reason == FORBIDDEN_BY_OTHERS


async def test_what_is_to_be_written_is_never_led_elsewhere(kept: Kept) -> None:
    """A secret goes to the shop's own address or nowhere."""
    with ShopServer() as other:
        kept.woo.fail_next(Answered(body=b"[]", headers={"X-WP-TotalPages": "0"}))
        kept.woo.fail_always(moved(f"{kept.woo.base_url}/elsewhere", status=307))
        state = await kept.look()
        assert not other.seen
    assert (state.state, state.reason) == (WebhookHealth.UNMANAGED, ELSEWHERE)
    assert [seen.method for seen in kept.woo.seen] == ["GET", "POST"]


async def test_without_an_address_of_ours_nothing_can_be_registered(
    kept: Kept, system: System, settings: Settings
) -> None:
    """And the shop is not asked."""
    state = await upkeep(system, settings, public_url=None).maintain_webhooks(
        WebhookCheck(store_id=kept.shop.store_id)
    )
    assert state.state is WebhookHealth.UNMANAGED
    assert "PILITO_PUBLIC_URL" in state.reason
    assert not kept.woo.seen
    assert (await kept.shown())["reason"] == state.reason


async def test_without_credentials_it_is_said(system: System, shop: Shop, admin: dict[str, str]) -> None:
    """Before anybody looked."""
    told = (await system.http.get(f"{STORES}{shop.store_id}/", headers=admin)).json()["webhooks"]
    assert told["state"] == "unmanaged"
    assert "no credentials" in told["reason"]
    assert (told["checked_at"], told["hooks"]) == (None, [])


async def test_a_port_wordpress_never_sends_to_is_told_of(kept: Kept) -> None:
    """The tests' own, to which a real shop would send nothing and say nothing."""
    assert (await kept.look()).reason == ODD_PORT


@pytest.mark.parametrize("lost", [1, 2, 4])
async def test_a_crash_between_two_of_them_doubles_none(kept: Kept, lost: int) -> None:
    """Whether a webhook was made whose answer never came, is seen before another is."""
    gone = Refused(status=504, code="", message="")
    kept.woo.webhooks.after_write.extend([*[None] * (lost - 1), gone])
    with pytest.raises(ApplicationError) as raised:
        await kept.look()
    assert raised.value.type == "again"
    shown = await kept.shown()
    assert (shown["state"], shown["reason"]) == ("unknown", raised.value.message)
    assert len(kept.woo.webhooks.by_id) == lost
    assert (await kept.look()).state is WebhookHealth.MANAGED
    assert sorted(hook.topic for hook in kept.woo.webhooks.by_id.values()) == sorted(TOPICS)
    assert len(kept.woo.webhooks.by_id) == len(TOPICS)


async def test_two_at_a_time_do_not_register_twice(kept: Kept) -> None:
    """The second is told to ask again."""
    async with webhooks.maintenance_lock(kept.shop.database, kept.shop.store_id) as alone:
        assert alone
        with pytest.raises(ApplicationError, match="looked after already"):
            await kept.look()
    assert not kept.woo.seen
    assert (await kept.look()).state is WebhookHealth.MANAGED


async def test_a_failure_leaves_what_was_seen_before(kept: Kept) -> None:
    """A shop that is down for a moment still has its webhooks."""
    before = await kept.look()
    kept.woo.fail_always(Answered(status=500))
    with pytest.raises(ApplicationError):
        await kept.look()
    shown = await kept.shown()
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
async def test_nonsense_registers_nothing(kept: Kept, answered: Answered) -> None:
    """What cannot be counted cannot be said to be missing."""
    kept.woo.fail_always(answered)
    with pytest.raises(ApplicationError):
        await kept.look()
    assert not kept.woo.webhooks.by_id


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://another.example"},
        {"credentials": {"consumer_key": "ck_another", "consumer_secret": "cs_another"}},
        {"credentials": None},
    ],
    ids=["address", "key", "no key"],
)
async def test_another_shop_or_key_begins_anew(kept: Kept, change: dict[str, Any]) -> None:
    """What was seen of one shop is not told of another."""
    await kept.look()
    address = f"{STORES}{kept.shop.store_id}/"
    named = await kept.shop.http.patch(address, json={"name": "تازه"}, headers=kept.admin)
    assert named.json()["webhooks"]["state"] == "managed"
    answer = await kept.shop.http.patch(address, json=change, headers=kept.admin)
    told = answer.json()["webhooks"]
    assert told["checked_at"] is None
    assert told["hooks"] == []


async def test_what_was_seen_with_another_key_is_not_written(kept: Kept, settings: Settings) -> None:
    """Where the store changes while its shop is asked."""
    async with kept.shop.database.reading() as connection:
        before = await webhooks.read(connection, kept.shop.store_id)
    assert before
    await give(kept.shop, settings, base_url="https://another.example")
    async with kept.shop.database.transaction() as connection:
        await webhooks.write(
            connection, before, WebhookState(state=WebhookHealth.MANAGED, reason="of the shop before")
        )
    assert (await kept.shown())["state"] == "unknown"


async def test_a_store_that_is_gone(kept: Kept) -> None:
    """Ends the step for good."""
    with pytest.raises(ApplicationError) as raised:
        await kept.upkeep.maintain_webhooks(WebhookCheck(store_id=2**60))
    assert raised.value.non_retryable


HOURLY = "now() - interval '3 days' - n * interval '1 hour'"
DAILY = "now() - interval '3 days' - n * interval '1 day'"


async def looked_at_long_ago(kept: Kept, days: int = 60) -> None:
    await kept.look()
    async with kept.shop.database.transaction() as connection:
        await connection.exec_driver_sql(
            "UPDATE stores SET webhooks = webhooks || jsonb_build_object('since', now() - %s) WHERE id = %s",
            (timedelta(days=days), kept.shop.store_id),
        )


async def test_a_busy_shop_that_fell_silent(kept: Kept) -> None:
    """Three days of nothing, where an hour is usual, and changes that nobody told."""
    await looked_at_long_ago(kept)
    await kept.at(HOURLY, *(f"wc-{n}" for n in range(100)))
    state = await kept.look(missed=4)
    assert state.state is WebhookHealth.SILENT
    assert "73 hours" in state.reason
    assert "found 4 changes" in state.reason
    assert (await kept.shown())["state"] == "silent"


async def test_a_quiet_shop_is_no_failure(kept: Kept) -> None:
    """Nothing was changed, so nothing had to be told."""
    await looked_at_long_ago(kept)
    await kept.at(HOURLY, *(f"wc-{n}" for n in range(100)))
    assert (await kept.look(missed=0)).state is WebhookHealth.MANAGED


async def test_silence_within_a_shops_habit(kept: Kept) -> None:
    """Of a shop that tells something once a day, three days mean little."""
    await looked_at_long_ago(kept)
    await kept.at(DAILY, *(f"wc-{n}" for n in range(24)))
    assert (await kept.look(missed=4)).state is WebhookHealth.MANAGED


async def test_an_import_makes_no_habit(kept: Kept) -> None:
    """Thousands of deliveries in an hour, and then nothing for days."""
    await looked_at_long_ago(kept)
    await kept.at("now() - interval '3 days' - n * interval '1 second'", *(f"wc-{n}" for n in range(3000)))
    assert (await kept.look(missed=4)).state is WebhookHealth.MANAGED


async def test_what_the_plugin_sends_says_nothing_of_webhooks(kept: Kept) -> None:
    """It may send all day while not one webhook arrives."""
    await looked_at_long_ago(kept)
    await kept.at("now() - n * interval '1 hour'", *(f"evt-{n}" for n in range(100)))
    assert (await kept.look(missed=4)).state is WebhookHealth.SILENT


async def test_webhooks_that_never_came(kept: Kept) -> None:
    """A week after they were registered, as where the shop cannot reach us."""
    await looked_at_long_ago(kept, days=6)
    assert (await kept.look(missed=4)).state is WebhookHealth.MANAGED
    await looked_at_long_ago(kept, days=8)
    assert (await kept.look(missed=4)).state is WebhookHealth.SILENT


async def test_what_was_put_right_is_given_time(kept: Kept) -> None:
    """Silence counts from then on."""
    await looked_at_long_ago(kept)
    await kept.at(HOURLY, *(f"wc-{n}" for n in range(100)))
    next(iter(kept.woo.webhooks.by_id.values())).status = "disabled"
    assert (await kept.look(missed=4)).state is WebhookHealth.REENABLED
    assert (await kept.look(missed=4)).state is WebhookHealth.MANAGED


@workflow.defn(sandboxed=False)
class LooksOnce:
    """What a resync begins with."""

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
    """The task queue of a worker with all our activities."""
    embedder = create_embedder(settings)
    activities = worker.collect(
        settings, system.temporal, system.database, embedder, Counters(system.database)
    )
    name = "upkeep-of-webhooks"
    client = await connect(settings.temporal_address or "", settings.temporal_namespace)
    async with worker.tuned(client, task_queue=name, workflows=[LooksOnce], activities=activities):
        yield name
    await embedder.close()


async def test_no_secret_leaves_us_but_to_the_shop(
    kept: Kept, system: System, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in no history, no log, no answer and no row, also where a step failed."""
    caplog.set_level(logging.DEBUG)
    kept.woo.webhooks.after_write.append(Refused(status=504, code="", message=SHOP_SECRET))
    handle = await system.temporal.start_workflow(
        LooksOnce.run,
        WebhookCheck(store_id=kept.shop.store_id, missed=2),
        id=f"looks-once-{kept.shop.store_id}",
        task_queue=queue,
    )
    state = await handle.result()
    assert state.state is WebhookHealth.MANAGED
    assert len(kept.woo.webhooks.by_id) == len(TOPICS)
    row = await kept.shop.one("SELECT webhooks FROM stores WHERE id = :store")
    told = (await handle.fetch_history()).to_json() + repr(row) + json.dumps(await kept.shown())
    assert KEY not in told
    for secret in (SHOP_SECRET, SECRET):
        assert secret not in told + caplog.text
