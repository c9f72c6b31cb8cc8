"""The event log for operators, and retries of failed events."""

from typing import Any

import httpx2
import pytest
import pytest_asyncio

from api.actions import retry
from fakes import openai as servers
from fakes.openai import EmbeddingServer
from tests.support.eventually import eventually
from tests.support.sessions import session
from tests.support.shop import Shop
from tests.support.system import System

EVENTS = "/api/v1/integrations/events/"
LAMP = {"id": 1, "name": "لامپ", "description": "<p>روشن</p>", "price": "5"}


@pytest_asyncio.fixture
async def admin(system: System) -> dict[str, str]:
    return await session(system, "admin@example.com", is_staff=True)


async def listed(shop: Shop, admin: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = await shop.http.get(EVENTS, params={"store": shop.store_id, **fields}, headers=admin)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_filter_finds_what_it_says(
    shop: Shop, admin: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """Filters by status, type, external id, success and time, alone and combined."""
    await shop.sync(LAMP, event_id="first")
    await shop.sync({**LAMP, "price": "6"}, event_id="second")
    await shop.sync({"id": 2}, "product.deleted", event_id="third")
    embeddings.fail_always(servers.bad_request())
    await shop.sync({**LAMP, "id": 3}, event_id="fourth")

    async def found(**fields: Any) -> list[str]:
        return [event["event_id"] for event in (await listed(shop, admin, **fields))["results"]]

    assert await found() == ["fourth", "third", "second", "first"]
    assert await found(status="unchanged") == ["second"]
    assert await found(event_type="product.deleted") == ["third"]
    assert await found(external_id="woo_1") == ["second", "first"]
    assert await found(processed_successfully="false") == ["fourth"]
    assert await found(processed_successfully="true", external_id="woo_1", status="succeeded") == ["first"]
    [second] = (await listed(shop, admin, status="unchanged"))["results"]
    assert await found(since=second["received_at"]) == ["fourth", "third", "second"]
    assert await found(until=second["received_at"]) == ["first"]
    counts = (await listed(shop, admin, counts="true"))["counts"]
    assert counts == {"succeeded": 1, "unchanged": 1, "ignored": 1, "failed": 1}


async def test_pages_neither_repeat_nor_skip_events(shop: Shop, admin: dict[str, str]) -> None:
    """Also while new events arrive between two pages."""
    for n in range(5):
        await shop.sync(LAMP, event_id=f"e{n}")
    first = await listed(shop, admin, limit=2)
    await shop.sync(LAMP, event_id="late")
    second = await listed(shop, admin, limit=2, cursor=first["next"])
    third = await listed(shop, admin, limit=2, cursor=second["next"])
    seen = [event["event_id"] for page in (first, second, third) for event in page["results"]]
    assert seen == ["e4", "e3", "e2", "e1", "e0"]
    assert third["next"] is None


async def test_the_detail_shows_everything(shop: Shop, admin: dict[str, str]) -> None:
    """Payload, times, attempts, source address and the address of its workflow."""
    row = await shop.ended(await shop.submit(LAMP, event_id="a/b"))
    answer = await shop.http.get(f"{EVENTS}{row['id']}/", headers=admin)
    content = answer.json()
    assert content["payload"] == LAMP
    assert (content["source_address"], content["status"], content["processed_successfully"]) == (
        "127.0.0.1",
        "succeeded",
        True,
    )
    assert content["user_agent"].startswith("python-httpx2")
    assert content["processing_time_ms"] >= 0
    assert [run["status"] for run in content["attempts"].values()] == ["succeeded"]
    escaped = f"product-event%2F{shop.task_queue}%2F{shop.store_id}%2Fa%2Fb"
    assert content["workflow_url"].endswith(f"/namespaces/default/workflows/{escaped}")


async def test_a_failed_event_is_retried_alone_or_by_filter(
    shop: Shop, admin: dict[str, str], embeddings: EmbeddingServer
) -> None:
    """Each succeeds with two attempts in its row; other events do not run again."""
    embeddings.fail_always(servers.bad_request())
    rows = [await shop.closed(await shop.submit({**LAMP, "id": n, "name": f"چراغ {n}"})) for n in (1, 2, 3)]
    embeddings.fail_always(None)
    alone = await shop.http.post(f"{EVENTS}{rows[0]['id']}/retry/", headers=admin)
    assert (alone.status_code, alone.json()["event_id"]) == (202, rows[0]["event_id"])
    await status(shop, rows[0]["event_id"], "succeeded")
    rest = await shop.http.post(f"{EVENTS}retry/", json={"store": shop.store_id}, headers=admin)
    assert (rest.status_code, rest.json()) == (
        202,
        {"status": "accepted", "started": 2, "remaining": 0, "next": None},
    )
    for row in rows:
        again = await status(shop, row["event_id"], "succeeded")
        assert sorted(run["status"] for run in again["attempts"].values()) == ["failed", "succeeded"]
    done = await shop.http.post(f"{EVENTS}{rows[0]['id']}/retry/", headers=admin)
    assert (done.status_code, done.json()) == (
        409,
        {"error": "Only failed events can be retried; this one is succeeded."},
    )


async def status(shop: Shop, event_id: str, wanted: str) -> dict[str, Any]:
    row = await eventually(
        lambda: shop.event(event_id), lambda row: row is not None and row["status"] == wanted, what=wanted
    )
    assert row is not None
    return row


async def test_only_admins_see_the_log(system: System, shop: Shop, admin: dict[str, str]) -> None:
    """Others do not learn which events exist."""
    row = await shop.ended(await shop.submit(LAMP))
    user = await session(system, "user@example.com")
    calls: list[tuple[str, str]] = [
        ("GET", EVENTS),
        ("GET", f"{EVENTS}{row['id']}/"),
        ("POST", f"{EVENTS}{row['id']}/retry/"),
        ("POST", f"{EVENTS}retry/"),
    ]
    for headers, code in ((user, 403), (shop.headers, 401), ({}, 401)):
        answers = [await shop.http.request(way, path, headers=headers) for way, path in calls]
        assert [answer.status_code for answer in answers] == [code] * 4
    missing = await shop.http.get(f"{EVENTS}{10**12}/", headers=admin)
    assert (missing.status_code, missing.json()) == (404, {"error": "No such event"})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"limit": 0}, "limit"),
        ({"limit": 1000}, "limit"),
        ({"since": "yesterday"}, "since"),
        ({"store": "x"}, "store"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_an_invalid_filter_is_named(
    shop: Shop, admin: dict[str, str], fields: dict[str, Any], field: str
) -> None:
    """A 400 names it."""
    answer: httpx2.Response = await shop.http.get(EVENTS, params=fields, headers=admin)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text


async def test_retries_of_many_events_take_several_requests(
    shop: Shop, admin: dict[str, str], embeddings: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that fail again do not block the others: `next` continues after them."""
    monkeypatch.setattr(retry, "MOST_RETRIED", 2)
    embeddings.fail_always(servers.bad_request())
    rows = [await shop.closed(await shop.submit({**LAMP, "id": n, "name": f"چراغ {n}"})) for n in (1, 2, 3)]
    content: list[tuple[int, int]] = []
    cursor: str | None = None
    for _ in range(2):
        fields = {"store": shop.store_id, **({"cursor": cursor} if cursor else {})}
        answer = (await shop.http.post(f"{EVENTS}retry/", json=fields, headers=admin)).json()
        content.append((answer["started"], answer["remaining"]))
        cursor = answer["next"]
    assert content == [(2, 1), (1, 0)]
    assert cursor is None
    bad = await shop.http.post(f"{EVENTS}retry/", json={"cursor": "nonsense"}, headers=admin)
    assert (bad.status_code, bad.json()["field"]) == (400, "cursor")
    for row in rows:
        await shop.closed(row["event_id"])
