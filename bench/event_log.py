"""Pages of an event log with a million events: the cost of the first page and of a late page."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from rich.progress import Progress
from sqlalchemy import make_url, text

from bench.event_rows import SECONDS_APART, fill
from bench.results import Row, Times, at_most, compared, count, ratio
from bench.system import Servers, migrate
from contracts.events import EventStatus
from database.engine import Database, create_engine
from database.events import log as event_log
from database.events.log import Cursor, EventFilter

NAME = "bench_event_log"
EVENTS = 1_000_000
PAGE = 50
ROUNDS = 40


async def measure(servers: Servers, progress: Progress) -> list[Row]:
    url = make_url(servers.database_url)
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    address = url.set(database=NAME).render_as_string(hide_password=False)
    migrate(address)
    database = Database(create_engine(address, pool_size=1, statement_timeout_seconds=600))
    try:
        task = progress.add_task(f"{EVENTS:,} events", total=1)
        async with database.single() as connection:
            stores = await fill(connection, EVENTS)
        progress.advance(task)
        cases: dict[str, EventFilter] = {
            "all": EventFilter(),
            "one store": EventFilter(store_id=stores[-1]),
            "failed": EventFilter(status=EventStatus.FAILED),
            "not processed": EventFilter(processed_successfully=False),
            "one thing": EventFilter(external_id="woo_77"),
        }
        task = progress.add_task("event log", total=ROUNDS * len(cases))
        return [
            row
            for name, asked in cases.items()
            for row in await _pages(database, name, asked, partial(progress.advance, task))
        ] + [await _counts(database)]
    finally:
        await database.close()


async def _pages(database: Database, name: str, asked: EventFilter, tick: Any) -> list[Row]:
    behind = timedelta(seconds=EVENTS * SECONDS_APART * 0.9)
    deep = Cursor(received_at=datetime.now(UTC) - behind, id=EVENTS // 10)
    first, last = Times(), Times()
    async with database.reading() as connection:

        async def page(after: Cursor | None) -> None:
            await event_log.list_events(connection, asked, after=after, limit=PAGE)

        for _ in range(ROUNDS):
            await first.take(partial(page, None))
            await last.take(partial(page, deep))
            tick()
        statement = event_log.page_of(asked, after=deep, limit=PAGE)
        compiled = statement.compile(database.engine, compile_kwargs={"literal_binds": True})
        explained = await connection.execute(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}"))
        plan = explained.scalar_one()[0]["Plan"]
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return [
        at_most(
            f"event log, {name}: a page in the depth against the first",
            ratio(last, first, 50),
            3,
            compared(last, first, 50),
        ),
        count(f"event log, {name}: blocks read for a page in the depth", blocks, f"{PAGE} of {EVENTS:,}"),
    ]


async def _counts(database: Database) -> Row:
    counting, page = Times(), Times()
    async with database.reading() as connection:
        for _ in range(5):
            await counting.take(partial(event_log.count_by_status, connection, EventFilter()))
            await page.take(partial(event_log.list_events, connection, EventFilter(), after=None, limit=PAGE))
    return at_most(
        "event log: the counts by status against a page",
        ratio(counting, page, 50),
        None,
        compared(counting, page, 50),
    )
