"""Poolers in transaction mode: sessions change, and `options` are refused or ignored."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from database.connecting.poolers import is_pooled
from database.connecting.problems import problem_of
from database.engine import Database, create_engine
from tests.support.environment import Configure
from tests.support.network.pooler import Pooler
from tests.support.system import running

REPEATS = 20
"""More than the five executions after which psycopg prepares a statement."""


def through(pooler: Pooler, address: str, **query: str) -> str:
    url = make_url(address).set(host="127.0.0.1", port=pooler.port).update_query_dict(query)
    return url.render_as_string(hide_password=False)


@pytest_asyncio.fixture(params=[False, True], ids=["refuses options", "ignores options"])
async def pooler(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Pooler]:
    async with Pooler(database_url, ignores_options=request.param) as opened:
        yield opened


@pytest_asyncio.fixture
async def pooled(pooler: Pooler, database_url: str) -> AsyncIterator[Database]:
    database = Database(create_engine(through(pooler, database_url), pool_size=1))
    yield database
    await database.close()


async def test_statements_are_repeated_in_other_sessions(pooled: Database) -> None:
    """No statement is prepared, because the next session does not know it."""
    sessions = set()
    for _ in range(REPEATS):
        async with pooled.reading() as connection:
            found = await connection.execute(
                text("SELECT pg_backend_pid() + CAST(:none AS int)"), {"none": 0}
            )
            sessions.add(found.scalar_one())
            assert await is_pooled(connection)
    assert len(sessions) == 2
    for _ in range(REPEATS):
        async with pooled.transaction() as connection:
            await connection.execute(text("SELECT CAST(:none AS int)"), {"none": 0})


async def test_a_transaction_has_the_limits(pooled: Database) -> None:
    """They end with it, so that no other client of the pooler has them."""
    limits = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    for _ in range(3):
        async with pooled.transaction() as connection:
            assert tuple((await connection.execute(limits)).one()) == ("30s", "10s")
        async with pooled.reading() as connection:
            assert tuple((await connection.execute(limits)).one()) == ("0", "0")


async def test_options_of_the_address_are_never_dropped(pooler: Pooler, database_url: str) -> None:
    """A pooler that refuses or ignores them is named, with what to do."""
    address = through(pooler, database_url, options="-csearch_path=shop,public")
    database = Database(create_engine(address, pool_size=1))
    with pytest.raises(OperationalError) as caught:
        await database.ping()
    await database.close()
    problem = problem_of(caught.value, address)
    assert problem
    assert "options" in problem.said
    assert "ALTER ROLE" in problem.advice


async def test_a_direct_connection_prepares_statements(database_url: str) -> None:
    """They are faster, and a session of Postgres has the number that it gave."""
    database = Database(create_engine(database_url, pool_size=1))
    async with database.reading() as connection:
        assert not await is_pooled(connection)
        for _ in range(REPEATS):
            await connection.execute(text("SELECT CAST(:none AS int)"), {"none": 0})
        prepared = await connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))
        assert prepared.scalar_one() > 0
    await database.close()


async def test_a_lost_statement_is_prepared_no_more(database_url: str) -> None:
    """A pooler that passes on the number of a session is noticed by a statement that the session lacks."""
    database = Database(create_engine(database_url, pool_size=1))

    async def repeat(times: int) -> None:
        async with database.reading() as connection:
            for _ in range(times):
                await connection.execute(text("SELECT CAST(:none AS int)"), {"none": 0})
                await connection.exec_driver_sql("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")

    with pytest.raises(DBAPIError):
        await repeat(REPEATS)
    await repeat(REPEATS)
    await database.close()


async def test_an_event_is_processed_through_a_pooler(
    configure: Configure, pooler: Pooler, database_url: str
) -> None:
    """API and worker need no session of Postgres."""
    settings = configure(task_queue=f"pooled-{pooler.port}", database_url=through(pooler, database_url))
    async with running(settings) as system:
        shop = await system.shop()
        for name in ("Lamp", "Red lamp"):
            event_id = await shop.submit({"id": 1, "name": name, "price": "5"})
            assert (await shop.ended(event_id))["status"] == "succeeded"
