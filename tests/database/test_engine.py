"""Connections to Postgres, and the messages of their errors."""

import asyncio

import psycopg.waiting
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from database.engine import Database, create_engine, create_migration_engine
from tests.support.shop import Shop


async def test_an_error_contains_no_values(shop: Shop) -> None:
    """Errors are logged, so they must not contain values."""
    with pytest.raises(DBAPIError) as caught:
        async with shop.database.reading() as connection:
            await connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "kept-to-myself"})
    assert "nowhere" in str(caught.value)
    assert "kept-to-myself" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ],
)
async def test_postgres_lets_go_of_a_client_that_vanished(shop: Shop, name: str, value: str) -> None:
    """A statement, a transaction or a silent connection holds locks only for a limited time."""
    async with shop.database.reading() as connection:
        shown = await connection.execute(text("SELECT current_setting(:name)"), {"name": name})
    assert shown.scalar_one() == value


@pytest.mark.parametrize(
    ("parameters", "name", "value"),
    [
        ({"options": "-c statement_timeout=1min"}, "statement_timeout", "1min"),
        ({"options": "-csearch_path=shop,public"}, "search_path", "shop,public"),
        ({"options": "--work-mem=5MB"}, "lock_timeout", "10s"),
        ({"application_name": "shop"}, "application_name", "shop"),
        ({}, "application_name", "pilito"),
    ],
)
async def test_parameters_of_the_address_take_precedence(
    database_url: str, parameters: dict[str, str], name: str, value: str
) -> None:
    """And leave the limits that they do not name."""
    address = make_url(database_url).update_query_dict(parameters).render_as_string(hide_password=False)
    database = Database(create_engine(address, pool_size=1))
    async with database.reading() as connection:
        shown = await connection.execute(text("SELECT current_setting(:name)"), {"name": name})
        assert shown.scalar_one() == value
    await database.close()
    with create_migration_engine(address, purpose="test").connect() as migrating:
        migrated = migrating.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
        limits = migrating.execute(text("SELECT current_setting('statement_timeout')")).scalar_one()
    expected = {"lock_timeout": "0", "application_name": f"{value} test"}
    assert migrated == expected.get(name, value)
    assert limits == (value if name == "statement_timeout" else "0")


def checked_out(database: Database) -> int:
    pool = database.engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.mark.parametrize("purpose", ["transaction", "single", "reading"])
async def test_a_task_returns_its_connection_wherever_it_is_cancelled(
    database_url: str, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    """Also where psycopg gives way to other tasks, as it does where the event loop has been busy."""
    monkeypatch.setattr(psycopg.waiting, "MAX_BUSY_TIME", 0)
    database = Database(create_engine(database_url, pool_size=1))

    async def work() -> None:
        async with getattr(database, purpose)() as connection:
            await connection.execute(text("SELECT 1"))

    steps = 0
    while True:
        await database.ping()
        working = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        working.cancel()
        (result,) = await asyncio.gather(working, return_exceptions=True)
        assert checked_out(database) == 0
        if result is None:
            break
        assert isinstance(result, asyncio.CancelledError)
        steps += 1
    assert steps > 5
    await database.close()
