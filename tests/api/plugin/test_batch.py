"""`POST /api/integrations/woocommerce/batch/`: many changes at once, each with a result of its own."""

from dataclasses import replace
from typing import Any

import httpx2
import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from api.ingest.accept import EventIngest, event_of
from api.ingest.batch import BatchItem, accept_batch
from connectors.reading import ReadItem
from contracts.deliveries import MOST_EVENTS, ItemCode, ParsedDelivery
from contracts.errors import InvalidField
from contracts.events import EventType
from tests.support import deliveries
from tests.support.environment import Configure
from tests.support.network.cable import Cable
from tests.support.shop import Shop
from tests.support.system import System, serving

BATCH = "/api/integrations/woocommerce/batch/"
HEALTH = "/api/integrations/woocommerce/health/"
ENGLISH = {"Accept-Language": "en"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0123456789ab"


def change(number: int, event_type: str = "product.updated", **product: Any) -> dict[str, Any]:
    named = {"id": number, "name": f"گلیم {number}", "price": "5"}
    return {"event_id": f"evt-{number}", "event_type": event_type, "product": {**named, **product}}


async def post(shop: Shop, events: object, **more: Any) -> httpx2.Response:
    content = orjson.dumps({"events": events, **more})
    return await shop.http.post(BATCH, content=content, headers={**shop.headers, **ENGLISH})


def results(answer: httpx2.Response) -> list[tuple[str, str, str]]:
    assert answer.status_code == 202, answer.text
    content = answer.json()
    found = [(one["event_id"], one["status"], one["code"]) for one in content["results"]]
    assert [one["index"] for one in content["results"]] == list(range(len(found)))
    for status in ("accepted", "skipped", "refused", "retry"):
        assert content[status] == sum(one[1] == status for one in found)
    return found


async def test_a_batch_is_stored_and_processed(shop: Shop) -> None:
    """Each event has a row of low priority, and search finds its product; the same batch again is skipped."""
    events = [change(1), change(2), change(3, event_type="product.deleted")]
    answer = await post(shop, events)
    assert results(answer) == [(f"evt-{number}", "accepted", "stored") for number in (1, 2, 3)]
    assert answer.headers["content-language"] == "en"
    rows = [await shop.ended(f"evt-{number}") for number in (1, 2, 3)]
    assert [row["status"] for row in rows] == ["succeeded", "succeeded", "ignored"]
    assert all(row["is_bulk"] for row in rows)
    assert sorted(await shop.found("گلیم")) == ["woo_1", "woo_2"]
    run = await shop.temporal.get_workflow_handle(shop.workflow_id("evt-1")).describe()
    priority = run.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (4, str(shop.store_id))
    assert [one[1:] for one in results(await post(shop, events))] == [("skipped", "known")] * 3
    assert len(await shop.rows("SELECT id FROM events WHERE store_id = :store")) == 3


async def test_each_event_has_a_result(shop: Shop) -> None:
    """What cannot be read is refused with its field; a product that is named shows that it failed."""
    events: list[Any] = [
        change(1),
        change(2, price="گران"),
        {**change(1), "product": {"id": 9, "name": "دیگر"}},
        {**change(3), "event_type": "product.exploded"},
        {**change(4), "product": {"name": "بی‌شناسه"}},
        {"event_id": "evt-5"},
        "evt-6",
        change(7),
    ]
    answer = await post(shop, events)
    assert results(answer) == [
        ("evt-1", "accepted", "stored"),
        ("evt-2", "refused", "invalid"),
        ("evt-1", "skipped", "twice"),
        ("evt-3", "refused", "invalid"),
        ("evt-4", "refused", "invalid"),
        ("evt-5", "refused", "invalid"),
        ("", "refused", "invalid"),
        ("evt-7", "accepted", "stored"),
    ]
    said = [one["message"] for one in answer.json()["results"]]
    assert said[1].startswith("product.price: ")
    assert said[3].startswith("event_type: ")
    assert said[4] == "product.id: missing"
    assert said[5] == "Missing event_id or event_type"
    failed = await shop.event("evt-2")
    assert failed
    assert (failed["status"], failed["external_id"]) == ("failed", "woo_2")
    assert failed["reason"].startswith("The product cannot be read: product.price")
    assert failed["payload"]["price"] == "گران"
    stored = await shop.rows("SELECT event_id FROM events WHERE store_id = :store ORDER BY event_id")
    assert [row["event_id"] for row in stored] == ["evt-1", "evt-2", "evt-7"]


async def test_the_last_of_two_changes_of_a_product_counts(shop: Shop) -> None:
    """Events of a batch arrive in its order."""
    first = {**change(1, name="نام کهنه"), "event_id": "evt-z"}
    await post(shop, [first, {**change(1, name="نام تازه"), "event_id": "evt-a"}])
    assert (await shop.ended("evt-a"))["status"] == "succeeded"
    assert (await shop.ended("evt-z"))["status"] == "superseded"
    product = await shop.product(1)
    assert product
    assert product["title"] == "نام تازه"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"events": []}, "events"),
        ({"events": {"1": change(1)}}, "events"),
        ({}, "events"),
        ([], None),
        ("evt", None),
    ],
)
async def test_a_body_that_is_no_batch_is_refused(shop: Shop, body: object, field: str | None) -> None:
    """A 400 in the usual form."""
    answer = await shop.http.post(BATCH, content=orjson.dumps(body), headers=shop.headers)
    assert (answer.status_code, answer.json().get("field")) == (400, field)


async def test_a_batch_has_limits(system: System, shop: Shop) -> None:
    """A 413 names them, for too many events and for too many bytes; nothing is stored."""
    limits = {"batch_items": MOST_EVENTS, "batch_bytes": system.settings.max_body_bytes}
    many = await post(shop, [change(number) for number in range(1, MOST_EVENTS + 2)])
    assert (many.status_code, many.json()["limits"]) == (413, limits)
    large = await post(shop, [change(1)], more="x" * system.settings.max_body_bytes)
    assert (large.status_code, large.json()["limits"]) == (413, limits)
    assert await shop.rows("SELECT id FROM events WHERE store_id = :store") == []


async def test_a_batch_is_signed_as_a_whole(system: System) -> None:
    """A signature is verified; another body and another token's type are refused."""
    shop = await system.shop(webhook_secret=SECRET)
    sent = deliveries.custom({"event_id": "batch_1", "events": [change(1)]}, SECRET)
    signed = {**sent.headers, **shop.headers}
    assert results(await shop.http.post(BATCH, content=sent.body, headers=signed))
    wrong = await shop.http.post(BATCH, content=sent.body + b" ", headers=signed)
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid signature"})
    custom = await system.shop(integration_type="custom")
    assert (await post(custom, [change(1)])).status_code == 403


def item(shop: Shop, name: str, **changes: Any) -> BatchItem:
    delivery = ParsedDelivery(
        event_id=name, event_type=EventType.UPDATED, external_id=f"woo_{name}", payload={}, payload_json="{}"
    )
    event = event_of(delivery, store_id=shop.store_id, received_at=None, address="", user_agent="")
    return BatchItem(
        read=ReadItem(event_id=name, topic=delivery.event_type, parsed=delivery),
        event=replace(event, is_bulk=True, **changes),
    )


async def test_the_number_of_statements_does_not_depend_on_the_number_of_events(
    system: System, shop: Shop
) -> None:
    """A hundred events take as many round trips as one."""
    counted: list[object] = []
    engine = system.database.engine.sync_engine
    ingest = EventIngest(system.database, system.temporal, task_queue="nothing-listens")
    listened = (engine, "before_cursor_execute", lambda *seen: counted.append(seen))
    event.listen(*listened)
    try:
        await accept_batch(ingest, [item(shop, "1")])
        of_one = len(counted)
        stored = await accept_batch(ingest, [item(shop, str(number)) for number in range(2, 102)])
    finally:
        event.remove(*listened)
    assert {one.code for one in stored} == {ItemCode.STORED}
    assert (of_one, len(counted)) == (of_one, 2 * of_one)
    await shop.forget_unfinished()


async def test_an_event_that_cannot_be_stored_holds_up_no_other(system: System, shop: Shop) -> None:
    """It is refused, and the others are stored, also one that cannot be read and fails."""
    ingest = EventIngest(system.database, system.temporal, task_queue="nothing-listens")
    broken = item(shop, "4")
    assert broken.event is not None
    unread = replace(broken, read=ReadItem(event_id="4", error=InvalidField("product.id", "no number")))
    found = await accept_batch(
        ingest, [item(shop, "1"), item(shop, "2", user_agent="a\x00b"), item(shop, "3"), unread]
    )
    codes = [ItemCode.STORED, ItemCode.UNSTORABLE, ItemCode.STORED, ItemCode.INVALID]
    assert [one.code for one in found] == codes
    assert [one.status for one in found] == ["accepted", "refused", "accepted", "refused"]
    stored = "SELECT event_id, reason FROM events WHERE store_id = :store AND status = 'failed'"
    assert [tuple(row.values()) for row in await shop.rows(stored)] == [
        ("4", "The product cannot be read: product.id: no number.")
    ]
    await shop.forget_unfinished()


async def test_without_postgres_a_batch_is_sent_again(
    system: System, shop: Shop, configure: Configure
) -> None:
    """A 503 with Retry-After; nothing of the batch is stored, and the connection still tests well."""
    assert system.settings.database_url
    url = make_url(system.settings.database_url)
    async with Cable(url.host or "", url.port or 0) as cable:
        behind = url.set(host="127.0.0.1", port=cable.port).render_as_string(hide_password=False)
        async with serving(configure(database_url=behind)) as http:
            assert (await http.get(HEALTH, headers=shop.headers)).json()["products"]["known"] == 0
            await cable.cut()
            answer = await http.post(BATCH, json={"events": [change(1)]}, headers=shop.headers)
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
            assert (await http.get(HEALTH, headers=shop.headers)).json()["products"] is None
            await cable.restore()
    assert await shop.rows("SELECT id FROM events WHERE store_id = :store") == []
