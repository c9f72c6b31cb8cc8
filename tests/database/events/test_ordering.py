"""The order of a subject's events, for any number of events."""

import random
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from database.events.ordering import BOUND, alias, is_older
from database.products import upsert as products
from tests.support.shop import Shop

PLAIN = text(f"""
    SELECT bool_and(e.received_at <= :received_at) FROM events e
    WHERE e.store_id = :store_id AND e.external_id = :external_id AND e.id <> :id
      AND {is_older(BOUND, than=alias("e"))} AND e.status NOT IN ('received', 'failed')
""")
"""The definition: compare with every event of the subject, one by one."""

INSERT = text("""
    INSERT INTO events (store_id, event_id, event_type, external_id, product_key, version, received_at,
                        burst_started_at, status, workflow_id, finished_at)
    SELECT :store_id, thing || '/' || n, 'product.updated', thing, thing,
           CASE WHEN version > 0 THEN now() - interval '1 day' + version * interval '1 s' END,
           now() - interval '1 day' + arrived * interval '1 s', now(), status, 'none', now()
    FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS made(
        thing text, n int, version int, arrived int, status text)
""")


async def insert(connection: AsyncConnection, shop: Shop, events: list[dict[str, Any]]) -> None:
    await connection.execute(INSERT, {"store_id": shop.store_id, "events": orjson.dumps(events).decode()})


async def test_the_indexed_condition_finds_what_the_definition_finds(shop: Shop) -> None:
    """For any mixture of given, missing, equal and unordered times, finished or not."""
    chance = random.Random(11)  # noqa: S311 - disorder, not secrecy
    made = [
        {
            "thing": f"thing {thing}",
            "n": n,
            "version": chance.choice([0, 0, *range(1, 6)]),
            "arrived": chance.randrange(1, 6),
            "status": chance.choice(["succeeded", "succeeded", "superseded", "waiting", "failed"]),
        }
        for thing in range(60)
        for n in range(6)
    ]
    seen = []
    async with shop.database.single() as connection:
        await insert(connection, shop, made)
        rows = await connection.execute(
            text("SELECT * FROM events WHERE store_id = :store"), {"store": shop.store_id}
        )
        for row in rows.mappings():
            values = {**row, "product_key": row["external_id"]}
            plain = (await connection.execute(PLAIN, values)).scalar_one()
            loaded = (await connection.execute(products._LOAD, values)).mappings().one()
            assert loaded["came_late"] == plain, row
            seen.append(plain)
    assert {True, False, None} == set(seen)


@pytest.mark.parametrize(("given", "at"), [(1, 9_999), (1, 5_000), (0, 9_999), (0, 0), (2, 9_999), (2, 0)])
async def test_a_subject_with_ten_thousand_events_costs_little_more(shop: Shop, given: int, at: int) -> None:
    """With times, without times, or with every second one: an index finds the newer events."""
    made = [
        {
            "thing": "busy",
            "n": n,
            "version": n + 1 if given == 1 or (given == 2 and n % 2) else 0,
            "arrived": n,
            "status": "succeeded",
        }
        for n in range(10_000)
    ]
    async with shop.database.single() as connection:
        await insert(connection, shop, made)
        await connection.execute(text("ANALYZE events"))
        row = await connection.execute(
            text("SELECT * FROM events WHERE store_id = :store AND event_id = :event"),
            {"store": shop.store_id, "event": f"busy/{at}"},
        )
        values = {**row.mappings().one(), "product_key": "busy"}
        explained = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {products._LOAD.text}")
        plan = (await connection.execute(explained, values)).scalar_one()[0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 1_000, plan
