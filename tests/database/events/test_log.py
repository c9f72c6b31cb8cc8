"""The event log: the cost of a page does not depend on the length of the log."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
import pytest_asyncio
from alembic import command
from sqlalchemy import Select, create_engine, make_url, text

from bench.event_rows import fill
from contracts.events import EventStatus, EventType
from database.engine import Database
from database.engine import create_engine as database_engine
from database.events import log as event_log
from database.events.log import Cursor, EventFilter
from tests.support.environment import migrated

COUNT = 200_000
PAGE = 50
BLOCKS_OF_A_PAGE = 500
BLOCKS_OF_TWO_FILTERS = 3_000
"""Two filters that few events satisfy together; the rarer one is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongLog:
    """A log of many events, with matches for every filter of the contract."""

    database: Database
    filters: dict[str, dict[str, Any]]

    async def explain(self, statement: Select[Any]) -> dict[str, Any]:
        sql = str(statement.compile(self.database.engine, compile_kwargs={"literal_binds": True}))
        async with self.database.reading() as connection:
            found = await connection.exec_driver_sql(
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.replace("%", "%%")
            )
            plan: dict[str, Any] = found.scalar_one()[0]["Plan"]
            return plan


@pytest.fixture(scope="module")
def own_database(postgres_url: str) -> str:
    url = make_url(postgres_url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE long_log"))
    engine.dispose()
    address = url.set(database="long_log").render_as_string(hide_password=False)
    command.upgrade(migrated(address), "head")
    return address


@pytest_asyncio.fixture(scope="module")
async def log(own_database: str) -> AsyncIterator[LongLog]:
    database = Database(database_engine(own_database, pool_size=1, statement_timeout_seconds=60))
    async with database.single() as connection:
        stores = await fill(connection, COUNT)
    now = datetime.now(UTC)
    yield LongLog(
        database=database,
        filters={
            "status, one of a hundred": {"status": EventStatus.FAILED},
            "status, nearly none": {"status": EventStatus.RETRYING},
            "status, none": {"status": EventStatus.WAITING},
            "status, most": {"status": EventStatus.SUCCEEDED},
            "type, most": {"event_type": EventType.UPDATED},
            "type, nearly none": {"event_type": EventType.RESTORED},
            "store, the largest": {"store_id": stores[0]},
            "store, the smallest": {"store_id": stores[-1]},
            "thing": {"external_id": "woo_77"},
            "thing, none": {"external_id": "woo_x"},
            "not processed": {"processed_successfully": False},
            "processed": {"processed_successfully": True},
            "time": {
                "since": now - timedelta(seconds=COUNT / 2),
                "until": now - timedelta(seconds=COUNT / 4),
            },
        },
    )
    await database.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def blocks(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def check(name: str, plan: dict[str, Any], at_most: int) -> None:
    """Only index scans; at most a few pages are sorted; few blocks are read."""
    for node in nodes(plan):
        assert node["Node Type"] != "Seq Scan", (name, plan)
        if node["Node Type"].endswith("Sort"):
            sorted_rows = sum(below["Actual Rows"] * below["Actual Loops"] for below in node["Plans"])
            assert sorted_rows <= len(EventStatus) * (PAGE + 1), (name, plan)
    assert blocks(plan) <= at_most, (name, blocks(plan), plan)


async def test_every_page_is_read_from_an_index(log: LongLog) -> None:
    """The first page and a deep one, for every filter and every pair of filters."""
    deep = Cursor(received_at=datetime.now(UTC) - timedelta(seconds=COUNT * 0.9), id=COUNT // 10)
    singly: dict[str, dict[str, Any]] = {"all": {}, **log.filters}
    for name, asked in singly.items():
        for after in (None, deep):
            plan = await log.explain(event_log.page_of(EventFilter(**asked), after=after, limit=PAGE))
            check(f"{name}, {'deep' if after else 'first'}", plan, BLOCKS_OF_A_PAGE)
    for (one, first), (other, second) in combinations(log.filters.items(), 2):
        if not set(first) & set(second):
            asked = {**first, **second}
            plan = await log.explain(event_log.page_of(EventFilter(**asked), after=None, limit=PAGE))
            check(f"{one} and {other}", plan, BLOCKS_OF_TWO_FILTERS)


async def test_counts_come_from_an_index_alone(log: LongLog) -> None:
    """The counts of the whole log and of one store read few blocks."""
    largest, smallest = log.filters["store, the largest"], log.filters["store, the smallest"]
    for name, asked in {"all": {}, "largest": largest, "smallest": smallest}.items():
        plan = await log.explain(event_log.counts_of(EventFilter(**asked)))
        scans = {node["Node Type"] for node in nodes(plan) if "Index Name" in node}
        assert scans == {"Index Only Scan"}, (name, plan)
        assert blocks(plan) <= COUNT / 50, (name, plan)


async def test_a_page_of_several_statuses_is_the_newest_of_them(log: LongLog) -> None:
    """Pages that are read status by status equal pages of the whole log."""
    asked = EventFilter(processed_successfully=False)
    after: Cursor | None = None
    ids: list[int] = []
    async with log.database.reading() as connection:
        for _ in range(3):
            rows, after = await event_log.list_events(connection, asked, after=after, limit=PAGE)
            ids += [row["id"] for row in rows]
        found = await connection.execute(
            text(
                "SELECT id FROM events WHERE status IN ('failed', 'retrying')"
                " ORDER BY received_at DESC, id DESC LIMIT 150"
            )
        )
        assert ids == list(found.scalars())
        contradiction = EventFilter(processed_successfully=True, status=EventStatus.FAILED)
        assert await event_log.list_events(connection, contradiction, after=None, limit=PAGE) == ([], None)
        assert await event_log.count_by_status(connection, contradiction) == {}


async def test_a_page_of_failed_events_counts_the_remaining_ones(log: LongLog) -> None:
    """The events after a page are counted and come next, although earlier ones were restarted."""
    asked = EventFilter(status=EventStatus.FAILED)
    async with log.database.reading() as connection:
        all_of_them = (await event_log.count_by_status(connection, asked))["failed"]
        first = await event_log.failed_events(connection, asked, limit=100)
        second = await event_log.failed_events(connection, asked, limit=100, after=first.following)
    assert (len(first.events), first.remaining) == (100, all_of_them - 100)
    assert (len(second.events), second.remaining) == (100, all_of_them - 200)
    last, following = first.events[-1].received_at, second.events[0].received_at
    assert last is not None
    assert following is not None
    assert last < following
