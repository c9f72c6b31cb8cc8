"""Connections to Postgres, and the messages of their errors."""

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

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
