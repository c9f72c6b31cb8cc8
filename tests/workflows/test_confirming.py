"""Deliveries that the shop must confirm before they are applied."""

import itertools
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowFailureError

from activities.stores.places import BUSY, SLOW
from activities.stores.shop_reader import LESS_OFTEN, NOT_YET
from contracts.events import EventType, ProductEvent
from database.events import confirm as snapshots
from database.events import inbox
from database.events.log import EventFilter, failed_events
from fakes.openai import EmbeddingServer, bad_request
from fakes.woocommerce import KEY, SECRET, ShopServer, server_error, too_many
from temporal.starts import start_product_event
from tests.support import deliveries
from tests.support.environment import Configure
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.system import System, running

SIGNED = "a-secret-of-letters"
RED, BLUE = "ارغوانی", "لاجوردی"
_numbers = itertools.count(1)


@pytest.fixture
def real() -> Iterator[ShopServer]:
    """The shop itself."""
    with ShopServer() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module")
async def asking(configure: Configure) -> AsyncIterator[System]:
    """A service that may read shops on this machine and waits for them."""
    async with running(configure(task_queue="asking", allow_private_shops=True)) as started:
        yield started


@pytest_asyncio.fixture(scope="module")
async def hasty(configure: Configure) -> AsyncIterator[System]:
    """The same service with a confirm timeout of zero."""
    settings = configure(task_queue="hasty", allow_private_shops=True, shop_patience_seconds=0.0)
    async with running(settings) as started:
        yield started


async def opened(system: System, real: ShopServer, **changes: Any) -> Shop:
    """A store of this shop."""
    key = {"consumer_key": KEY, "consumer_secret": SECRET}
    return await system.shop(
        **{"webhook_secret": SIGNED, "base_url": real.base_url, "credentials": key, **changes}
    )


@pytest_asyncio.fixture
async def woo(asking: System, real: ShopServer, embeddings: EmbeddingServer) -> Shop:
    return await opened(asking, real)


async def delivered(woo: Shop, body: dict[str, Any], topic: str = "product.updated") -> str:
    """Send a signed delivery; returns the id of its event."""
    sent = deliveries.woocommerce(body, SIGNED, topic=topic, delivery_id=f"d{next(_numbers)}")
    answer = await woo.deliver(sent)
    assert answer.status_code == 202, answer.text
    event_id: str = answer.json()["event_id"]
    return event_id


async def ended(woo: Shop, body: dict[str, Any], topic: str = "product.updated") -> dict[str, Any]:
    return await woo.ended(await delivered(woo, body, topic))


async def deleted(woo: Shop, number: int) -> dict[str, Any]:
    return await ended(woo, {"id": number}, "product.deleted")


async def known(woo: Shop, real: ShopServer, number: int) -> None:
    """Save a product of the shop from the payload of its webhook."""
    assert (await ended(woo, real.products[number]))["status"] == "succeeded"


async def is_shown(woo: Shop, number: int) -> bool:
    stored = await woo.product(number)
    return stored is not None and stored["is_active"]


async def text_of(woo: Shop, number: int) -> str:
    return " ".join(chunk["text"] for chunk in await woo.chunks(number))


def coloured(colour: str, **fields: Any) -> dict[str, Any]:
    return {"attributes": [{"name": "رنگ", "option": colour}], **fields}


async def test_a_replayed_deletion_damages_nothing(woo: Shop, real: ShopServer) -> None:
    """A product that the shop still has is saved with its current content."""
    lamp = real.add(name="چراغ مطالعه", price="10")
    await known(woo, real, lamp)
    real.change(lamp, price="12", name="چراغ رومیزی")
    event = await deleted(woo, lamp)
    assert event["status"] == "succeeded"
    assert event["reason"].endswith("The shop still has this product.")
    assert (event["event_type"], event["external_id"]) == ("product.updated", f"woo_{lamp}")
    assert event["pulled_at"] is not None
    stored = await woo.product(lamp)
    assert stored is not None
    assert (stored["is_active"], stored["price"], stored["title"]) == (True, 12, "چراغ رومیزی")
    assert "چراغ رومیزی" in await text_of(woo, lamp)


async def test_a_deletion_brings_back_what_was_deleted_wrongly(woo: Shop, real: ShopServer) -> None:
    """A repeated deletion is confirmed too."""
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    real.trash(lamp)
    await deleted(woo, lamp)
    assert not await is_shown(woo, lamp)
    real.restore(lamp)
    await deleted(woo, lamp)
    assert await is_shown(woo, lamp)


@pytest.mark.parametrize("how", ["trash", "delete"])
async def test_a_deletion_the_shop_confirms_is_one(woo: Shop, real: ShopServer, how: str) -> None:
    """The product may be in the trash or deleted permanently."""
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    getattr(real, how)(lamp)
    event = await deleted(woo, lamp)
    assert (event["status"], event["event_type"]) == ("succeeded", "product.deleted")
    assert event["reason"] == "The product was removed from search."
    assert event["pulled_at"] is not None
    assert not await is_shown(woo, lamp)


async def test_a_variation_brings_its_product_in_full(woo: Shop, real: ShopServer) -> None:
    """The shop sends no event for the product, which has changed too."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED, price="10"), coloured(BLUE, price="11")])
    red, _ = real.products[shirt]["variations"]
    event = await ended(woo, {**real.variations[red], "type": "variation"})
    assert event["status"] == "succeeded", event
    assert (event["external_id"], event["product_key"]) == (f"woo_{red}", f"woo_{shirt}")
    assert event["payload"]["id"] == shirt
    text = await text_of(woo, shirt)
    assert "پیراهن" in text
    assert RED in text
    assert BLUE in text
    assert len(await woo.rows("SELECT FROM product_variations WHERE store_id = :store AND is_active")) == 2


async def test_a_deleted_variation_leaves_the_text(woo: Shop, real: ShopServer) -> None:
    """The product is read; if it no longer has the variation, the deletion is confirmed."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED), coloured(BLUE)])
    red, blue = real.products[shirt]["variations"]
    await ended(woo, {**real.variations[red], "type": "variation"})
    real.delete(red)
    event = await deleted(woo, red)
    assert (event["status"], event["event_type"]) == ("succeeded", "product.deleted")
    assert RED not in await text_of(woo, shirt)
    replayed = await deleted(woo, blue)
    assert replayed["reason"].endswith("The shop still has this product.")
    assert BLUE in await text_of(woo, shirt)


async def test_a_deletion_of_an_unknown_variation_finds_its_product(woo: Shop, real: ShopServer) -> None:
    """The shop says which product the variation belongs to."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED)])
    (red,) = real.products[shirt]["variations"]
    event = await deleted(woo, red)
    assert event["product_key"] == f"woo_{shirt}"
    assert RED in await text_of(woo, shirt)


async def test_a_variation_of_a_product_in_the_trash_is_accepted(woo: Shop, real: ShopServer) -> None:
    """The shop shows no product, so the variation is saved as delivered."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED)])
    (red,) = real.products[shirt]["variations"]
    body = {**real.variations[red], "type": "variation"}
    real.trash(shirt)
    event = await ended(woo, body)
    assert event["status"] == "succeeded"
    assert event["reason"].startswith("Saved; waiting for its product")
    assert event["pulled_at"] is None


async def test_with_a_wrong_key_deliveries_are_accepted_at_once(asking: System, real: ShopServer) -> None:
    """Until an operator fixes the key, deliveries are accepted, and their reason says what is wrong."""
    key = {"consumer_key": KEY, "consumer_secret": "cs_wrong"}
    woo = await opened(asking, real, credentials=key)
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    event = await deleted(woo, lamp)
    assert event["status"] == "succeeded"
    assert (
        "Accepted without confirmation from the shop: The shop refuses the consumer secret" in event["reason"]
    )
    assert not await is_shown(woo, lamp)
    assert real.routes["products/{id}"] == 1


@pytest.mark.parametrize("missing", [{"credentials": None}, {"base_url": ""}])
async def test_a_shop_that_cannot_be_read_is_not_asked(
    asking: System, real: ShopServer, missing: dict[str, Any]
) -> None:
    """Without a key or an address, no confirmation is attempted."""
    woo = await opened(asking, real, **missing)
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    event = await deleted(woo, lamp)
    assert event["reason"] == "The product was removed from search."
    assert real.seen == []


async def test_an_event_says_that_it_waits_for_the_shop(woo: Shop, real: ShopServer) -> None:
    """The event ends with the shop's answer once the shop is back."""
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    real.fail_always(server_error())
    event_id = await delivered(woo, {"id": lamp}, "product.deleted")
    waiting = await eventually(
        lambda: woo.event(event_id), lambda row: row is not None and row["status"] == "retrying"
    )
    assert waiting is not None
    assert waiting["reason"] == "The shop has a temporary problem (HTTP 500)."
    real.fail_always(None)
    event = await woo.ended(event_id)
    assert event["reason"].endswith("The shop still has this product.")
    assert await is_shown(woo, lamp)


async def test_a_shop_that_stays_down_holds_nothing_up(hasty: System, real: ShopServer) -> None:
    """After the confirm timeout the delivery is accepted as it is, even a deletion."""
    woo = await opened(hasty, real)
    shirt = real.add(name="پیراهن", variations=[coloured(RED)])
    (red,) = real.products[shirt]["variations"]
    await known(woo, real, shirt)
    real.fail_always(server_error())
    event = await ended(woo, {**real.variations[red], "type": "variation"})
    assert event["status"] == "succeeded"
    assert event["reason"].endswith("The shop has a temporary problem (HTTP 500).")
    assert RED in await text_of(woo, shirt)
    event = await deleted(woo, shirt)
    assert event["status"] == "succeeded"
    assert not await is_shown(woo, shirt)


async def test_a_shop_that_asks_for_more_time_than_there_is_holds_nothing_up(
    woo: Shop, real: ShopServer
) -> None:
    """The shop asks for an hour, which is longer than the confirm timeout."""
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    real.fail_always(too_many(retry_after="3600"))
    event = await deleted(woo, lamp)
    assert event["reason"].endswith("The shop asks us to slow down.")
    assert len(real.seen) == 1


async def test_a_webhook_that_comes_while_the_shop_is_read_wins(woo: Shop, real: ShopServer) -> None:
    """The waiting event ends as superseded at once, and the newer delivery is saved."""
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    real.fail_next("hang")
    waiting = await delivered(woo, {"id": lamp}, "product.deleted")
    await eventually(lambda: is_seen(real, 1))
    real.change(lamp, name="چراغ تازه")
    assert (await ended(woo, real.products[lamp]))["status"] == "succeeded"
    assert (await woo.ended(waiting))["status"] == "superseded"
    real.release()
    stored = await woo.product(lamp)
    assert stored is not None
    assert (stored["is_active"], stored["title"]) == (True, "چراغ تازه")


async def is_seen(real: ShopServer, count: int) -> bool:
    return len(real.seen) >= count


async def test_a_product_delivered_while_it_is_read_for_a_variation_wins(woo: Shop, real: ShopServer) -> None:
    """Neither supersedes the other; the times of reading and arrival decide."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED)])
    (red,) = real.products[shirt]["variations"]
    body = {**real.variations[red], "type": "variation"}
    real.fail_next("hang")
    waiting = await delivered(woo, body)
    await eventually(lambda: is_seen(real, 1))
    newest = {**real.products[shirt], "name": "پیراهن نو"}
    assert (await ended(woo, newest))["status"] == "succeeded"
    real.release()
    await woo.ended(waiting)
    stored = await woo.product(shirt)
    assert stored is not None
    assert stored["title"] == "پیراهن نو"
    assert "پیراهن نو" in await text_of(woo, shirt)
    assert RED in await text_of(woo, shirt), "what the delivery did not bring was read"


async def test_what_is_read_is_newer_than_what_came_before_it_was(woo: Shop, real: ShopServer) -> None:
    """The event arrived first, but its snapshot is newer."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED)])
    (red,) = real.products[shirt]["variations"]
    body = {**real.variations[red], "type": "variation"}
    real.fail_always(server_error())
    waiting = await delivered(woo, body)
    await eventually(lambda: woo.event(waiting), lambda row: row is not None and row["status"] == "retrying")
    assert (await ended(woo, {**real.products[shirt], "name": "پیراهن کهنه"}))["status"] == "succeeded"
    real.fail_always(None)
    await woo.ended(waiting)
    stored = await woo.product(shirt)
    assert stored is not None
    assert stored["title"] == "پیراهن"


async def test_many_variations_of_a_product_read_it_once_each_at_most(woo: Shop, real: ShopServer) -> None:
    """An event does not read the product if a later pending event will."""
    shirt = real.add(name="پیراهن", variations=[coloured(f"رنگ{n}") for n in range(20)])
    bodies = [{**real.variations[id_], "type": "variation"} for id_ in real.products[shirt]["variations"]]
    events = [await delivered(woo, body) for body in bodies]
    for event_id in events:
        assert (await woo.ended(event_id))["status"] in ("succeeded", "unchanged", "stale")
    text = await text_of(woo, shirt)
    assert all(f"رنگ{n}" in text for n in range(20))


async def test_a_cancelled_event_leaves_the_shop_alone(woo: Shop, real: ShopServer) -> None:
    """The event ends as cancelled, and its shop is not read further."""
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    real.fail_always(server_error())
    event_id = await delivered(woo, {"id": lamp}, "product.deleted")
    await eventually(lambda: woo.event(event_id), lambda row: row is not None and row["status"] == "retrying")
    handle = woo.temporal.get_workflow_handle(woo.workflow_id(event_id))
    await handle.cancel()
    assert (await woo.ended(event_id))["reason"] == "The workflow was cancelled."
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert await is_shown(woo, lamp)


async def test_a_failed_event_that_runs_again_asks_again(
    woo: Shop, real: ShopServer, embeddings: EmbeddingServer
) -> None:
    """The row alone says that the event needs confirmation; an earlier snapshot is replaced."""
    lamp = real.add(name="چراغ")
    embeddings.fail_next(bad_request(), bad_request())
    event_id = await delivered(woo, {"id": lamp}, "product.deleted")
    assert (await woo.closed(event_id))["status"] == "failed"
    real.change(lamp, name="چراغ نو")
    async with woo.database.reading() as connection:
        failed = await failed_events(connection, EventFilter(store_id=woo.store_id), limit=1)
    (again,) = failed.events
    assert (again.confirm, again.body) == (True, None)
    await start_product_event(woo.temporal, again, task_queue="asking", again=True)
    event = await eventually(
        lambda: woo.event(event_id), lambda row: row is not None and row["status"] == "succeeded"
    )
    assert event is not None
    assert event["payload"]["name"] == "چراغ نو"
    assert "چراغ نو" in await text_of(woo, lamp)


async def test_an_event_that_waited_in_the_table_asks_as_well(woo: Shop) -> None:
    """While Temporal is down, only the row has the event."""
    kept = ProductEvent(
        store_id=woo.store_id,
        event_id="kept",
        event_type=EventType.DELETED,
        external_id="woo_1",
        received_at=datetime.now(UTC) - timedelta(days=9),
        body={"id": 1},
        confirm=True,
    )
    async with woo.database.transaction() as connection:
        await inbox.store(connection, kept, workflow_id="kept")
        found = await inbox.unstarted(connection, own="", grace=timedelta(days=1), limit=99)
        await connection.rollback()
    assert [event.confirm for _, event in found if event.store_id == woo.store_id] == [True]


async def test_a_large_variation_is_looked_up_too(woo: Shop, real: ShopServer) -> None:
    """Its body is stored in the row first; the snapshot replaces it."""
    shirt = real.add(name="پیراهن", variations=[coloured(RED, description="x" * 300_000)])
    (red,) = real.products[shirt]["variations"]
    event = await ended(woo, {**real.variations[red], "type": "variation"})
    assert event["status"] == "succeeded", event["reason"]
    assert event["payload"]["id"] == shirt


async def test_a_shop_that_hangs_takes_one_place(
    woo: Shop, real: ShopServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An event without a place says so and tries again, without a traceback; none is lost."""
    lamps = [real.add(name=f"چراغ {n}") for n in range(4)]
    real.fail_always("hang")
    events = [await delivered(woo, {"id": lamp}, "product.deleted") for lamp in lamps]
    await eventually(
        lambda: woo.rows(
            "SELECT FROM events WHERE store_id = :store AND reason = ANY(:waiting)",
            waiting=[BUSY.reason, SLOW.reason],
        ),
        lambda rows: len(rows) == 3,
    )
    await eventually(
        lambda: woo.rows("SELECT FROM events WHERE store_id = :store AND reason = :slow", slow=SLOW.reason)
    )
    assert len(real.seen) == 1
    assert not [record for record in caplog.records if record.exc_info]
    real.fail_always(None)
    real.release()
    for event_id in events:
        assert (await woo.ended(event_id))["reason"].endswith("The shop still has this product.")


async def test_a_healthy_shop_finds_a_place_next_to_six_that_hang(
    asking: System, real: ShopServer, embeddings: EmbeddingServer
) -> None:
    """The events of the others wait; none of them has ended when the healthy ones have."""
    healthy = await opened(asking, real)
    lamps = [real.add(name=f"چراغ {n}") for n in range(3)]
    for lamp in lamps:
        await known(healthy, real, lamp)
        real.trash(lamp)
    with ExitStack() as servers:
        shops = [servers.enter_context(ShopServer()) for _ in range(6)]
        sick = [await opened(asking, shop) for shop in shops]
        for shop in shops:
            shop.fail_always("hang")
        waiting = [
            (woo, await delivered(woo, {"id": n}, "product.deleted")) for woo in sick for n in range(1, 5)
        ]
        for shop in shops:
            await eventually(partial(is_seen, shop, 1))
        for lamp in lamps:
            event = await deleted(healthy, lamp)
            assert event["reason"] == "The product was removed from search."
            assert event["pulled_at"] is not None
        rows = [await woo.event(event_id) for woo, event_id in waiting]
        assert [row for row in rows if row is None or row["finished_at"] is not None] == []
        for woo, event_id in waiting:
            await woo.temporal.get_workflow_handle(woo.workflow_id(event_id)).cancel()
        for woo, event_id in waiting:
            await woo.ended(event_id)


async def test_a_shop_that_keeps_failing_is_asked_less_often(woo: Shop, real: ShopServer) -> None:
    """Its events say why; one of them asks again, and a success lets all of them ask."""
    lamps = [real.add(name=f"چراغ {n}") for n in range(4)]
    real.fail_always(server_error())
    events = [await delivered(woo, {"id": lamp}, "product.deleted") for lamp in lamps]
    reason = f"{LESS_OFTEN} The shop has a temporary problem (HTTP 500)."
    await eventually(
        lambda: woo.rows("SELECT FROM events WHERE store_id = :store AND reason = :why", why=reason),
        lambda rows: len(rows) >= 3,
    )
    real.fail_always(None)
    for event_id in events:
        assert (await woo.ended(event_id))["reason"].endswith("The shop still has this product.")
    (row,) = await woo.rows("SELECT failures, reason FROM shop_budgets WHERE store_id = :store")
    assert row == {"failures": 0, "reason": ""}


async def test_an_answer_that_is_out_of_bounds_does_not_hold_an_event_up(
    hasty: System, real: ShopServer
) -> None:
    """After the confirm timeout the deletion is accepted, and its reason says what is wrong."""
    woo = await opened(hasty, real)
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    real.change(lamp, meta_data=[{"id": 1, "key": "tree", "value": nested}])
    event = await deleted(woo, lamp)
    assert event["status"] == "succeeded"
    assert event["reason"].endswith("The shop's answer has more than 64 levels.")
    assert not await is_shown(woo, lamp)


async def test_an_unexpected_error_does_not_hold_an_event_up(
    hasty: System, real: ShopServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts like a failure of the shop."""

    async def broken(*_: object) -> None:
        raise TypeError("Recursion limit reached")

    monkeypatch.setattr(snapshots, "store_snapshot", broken)
    woo = await opened(hasty, real)
    lamp = real.add(name="چراغ")
    await known(woo, real, lamp)
    event = await deleted(woo, lamp)
    assert event["status"] == "succeeded"
    assert event["reason"].endswith("Its confirmation failed unexpectedly (TypeError).")
    assert not await is_shown(woo, lamp)


async def test_a_shop_that_asked_for_time_is_left_alone_by_all_events(woo: Shop, real: ShopServer) -> None:
    """An event that cannot wait so long is accepted without another request."""
    lamp, chair = real.add(name="چراغ"), real.add(name="صندلی")
    await known(woo, real, lamp)
    await known(woo, real, chair)
    real.fail_next(too_many(retry_after="3000"))
    await deleted(woo, lamp)
    event = await deleted(woo, chair)
    assert event["reason"].endswith(NOT_YET)
    assert len(real.seen) == 1


async def test_no_key_is_in_a_history_or_a_log(
    asking: System, real: ShopServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither if the shop answers nor if it refuses or fails."""
    caplog.set_level(logging.DEBUG)
    secrets = (SECRET, KEY, "cs_wrong")
    good = await opened(asking, real)
    bad = await opened(asking, real, credentials={"consumer_key": KEY, "consumer_secret": "cs_wrong"})
    lamp = real.add(name="چراغ")
    real.fail_next(server_error(), "drop")
    for woo in (good, bad):
        event = await deleted(woo, lamp)
        history = await woo.temporal.get_workflow_handle(woo.workflow_id(event["event_id"])).fetch_history()
        assert not [secret for secret in secrets if secret in history.to_json()]
        assert not [secret for secret in secrets if secret in str(event)]
    assert caplog.records
    assert not [secret for secret in secrets if secret in caplog.text]
