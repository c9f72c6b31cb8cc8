"""`pilito events` and `pilito sync`: what an operator asks every day."""

import json

import pytest_asyncio
from sqlalchemy import text

from contracts.ids import product_event_id
from database.engine import Database
from temporal.client import RUNNING, connect, status_of
from tests.support.pilito import Pilito

QUEUE = "events-of-operators"

ROWS = text("""
    INSERT INTO events (store_id, event_id, event_type, external_id, product_key, workflow_id, status, reason,
                        payload, received_at, finished_at)
    SELECT :store, 'e' || n, 'product.updated', 'woo_' || n, 'woo_' || n, 'w', v.status, v.reason,
           '{"id": 1, "name": "لامپ"}',
           CAST('2026-11-20T10:00:00Z' AS timestamptz) + n * interval '1 hour', now()
    FROM (VALUES (1, 'failed', 'کلید رد شد'), (2, 'failed', ''), (3, 'succeeded', '')) AS v(n, status, reason)
    RETURNING id
""")

SYNCS = text("""
    INSERT INTO syncs (store_id, workflow_id, run_id, mode, dry_run, allow_gone, status, reason, finished_at)
    VALUES (:store, 'w', 'ended-' || :store, 'full', false, false, 'failed', 'The shop was away.', now()),
           (:store, 'w', 'runs-' || :store, 'incremental', false, false, 'running', '', NULL)
""")


@pytest_asyncio.fixture(loop_scope="session")
async def logged(pilito: Pilito, owner: str, database: Database) -> tuple[int, list[int]]:
    """A store with two failed events and one that succeeded, and the ids of these."""
    store = (await pilito.token("--email", owner, "--store", "Logged"))["store_id"]
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM events WHERE store_id = :store"), {"store": store})
        ids = list((await connection.execute(ROWS, {"store": store})).scalars())
    return store, ids


async def test_events_are_listed_and_shown(pilito: Pilito, logged: tuple[int, list[int]]) -> None:
    """Filtered by status and time, the newest first, with their reasons and payloads."""
    store, (first, second, third) = logged

    async def listed(*options: object) -> list[int]:
        printed = await pilito("events", "list", "--store", store, "--json", *options)
        assert printed.code == 0, printed.text
        return [one["id"] for one in json.loads(printed.text)]

    assert await listed() == [third, second, first]
    assert await listed("--status", "failed") == [second, first]
    assert await listed("--since", "2026-11-20T11:30:00Z", "--until", "2026-11-20T12:30") == [second]
    assert await listed("--external-id", "woo_1") == [first]
    printed = await pilito("events", "list", "--store", store, "--limit", 1)
    assert ("woo_3" in printed.text, "There are older ones" in printed.text) == (True, True)
    printed = await pilito("events", "list", "--since", "yesterday")
    assert (printed.code, printed.text.startswith("--since: write a time such as")) == (1, True)
    shown = json.loads((await pilito("events", "show", first, "--json")).text)
    assert (shown["payload"]["name"], shown["reason"]) == ("لامپ", "کلید رد شد")
    assert "لامپ" in (await pilito("events", "show", first)).text
    assert "There is no event" in (await pilito("events", "show", 10**12)).text


async def test_failed_events_are_retried(
    pilito: Pilito, logged: tuple[int, list[int]], temporal_address: str
) -> None:
    """One by its id, or all that the options find after a yes; the events run in Temporal then."""
    store, (first, _, third) = logged
    servers = {"PILITO_TEMPORAL_ADDRESS": temporal_address, "PILITO_TASK_QUEUE": QUEUE}
    client = await connect(temporal_address, "default")
    names = [product_event_id(QUEUE, store, f"e{number}") for number in (1, 2, 3)]

    async def statuses() -> list[str | None]:
        return [await status_of(client, name) for name in names]

    down = await pilito("events", "retry", first, PILITO_TEMPORAL_ADDRESS="127.0.0.1:1")
    assert (down.code, down.text.startswith("Temporal at 127.0.0.1:1: Connection refused. ")) == (1, True)
    refused = await pilito("events", "retry", third, **servers)
    assert (refused.code, "only failed events can be retried" in refused.text) == (1, True)
    asked = await pilito("events", "retry", "--store", store, typed="n\n", **servers)
    assert (asked.code, "Run 2 failed events again?" in asked.text) == (1, True)
    assert await statuses() == [None, None, None]
    one = await pilito("events", "retry", first, **servers)
    assert (one.code, one.text) == (0, "1 failed event runs again.\n"), one.text
    assert await statuses() == [RUNNING, None, None]
    others = await pilito("events", "retry", "--store", store, "--yes", "--json", **servers)
    assert json.loads(others.text) == {"found": 2, "started": 1}
    assert await statuses() == [RUNNING, RUNNING, None]
    for name in names[:2]:
        await client.get_workflow_handle(name).terminate("end of test")


async def test_syncs_are_listed(pilito: Pilito, logged: tuple[int, list[int]], database: Database) -> None:
    """Of all stores or of one, with what they counted; `--running` shows unfinished ones."""
    store, _ = logged
    async with database.transaction() as connection:
        await connection.execute(SYNCS, {"store": store})
    rows = json.loads((await pilito("sync", "list", "--store", store, "--json")).text)
    assert [(row["mode"], row["status"], row["seen"]) for row in rows] == [
        ("incremental", "running", 0),
        ("full", "failed", 0),
    ]
    running = json.loads((await pilito("sync", "list", "--running", "--json")).text)
    assert [row["id"] for row in running if row["store_id"] == store] == [rows[0]["id"]]
    assert "The shop was away." in (await pilito("sync", "list")).text
