"""Connections to Postgres, and what their errors tell."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.system import Shop

pytestmark = pytest.mark.slow


async def test_an_error_tells_no_values(shop: Shop) -> None:
    """Values are shops' and people's; an error ends in logs."""
    with pytest.raises(DBAPIError) as caught:
        async with shop.database.reading() as connection:
            await connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "kept-to-myself"})
    assert "nowhere" in str(caught.value)
    assert "kept-to-myself" not in str(caught.value)
