"""Connections to Postgres, and the messages of their errors."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

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
