"""A failover of Postgres: pooled connections lead to a server that refuses writes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from database.engine import Database, create_engine
from tests.support.environment import Configure, another_database
from tests.support.eventually import eventually
from tests.support.system import running, working

LAMP = {"id": 1, "name": "لامپ", "description": "<p>روشن</p>", "price": "5"}
CREDENTIALS = {"email": "unknown@example.com", "password": "wrong"}


@pytest.fixture(scope="module")
def url(postgres_url: str) -> str:
    return another_database(postgres_url, "failover")


@pytest_asyncio.fixture
async def operator(url: str) -> AsyncIterator[Database]:
    """A connection that may write at any time."""
    opened = Database(create_engine(url, pool_size=1))
    async with opened.single() as connection:
        await connection.execute(text("SET default_transaction_read_only = off"))
    yield opened
    await opened.close()


async def test_api_and_worker_continue_after_a_failover(
    configure: Configure, url: str, operator: Database
) -> None:
    """Their connections lead to a former primary, and only new ones may write.

    What waited is processed within seconds, without a restart; sign-ins work again.
    """
    settings = configure(task_queue="failover", database_url=url)
    async with running(settings, work=False) as system:
        shop = await system.shop()
        async with operator.single() as connection:
            await connection.execute(text("ALTER DATABASE failover SET default_transaction_read_only = on"))
        await system.database.engine.dispose()
        async with working(settings):
            event_id = await shop.submit(LAMP)
            answer = await shop.http.post("/api/v1/auth/token/", json=CREDENTIALS)
            assert answer.status_code in (401, 503)
            async with operator.single() as connection:
                await connection.execute(text("ALTER DATABASE failover RESET default_transaction_read_only"))

            async def sign_in() -> int:
                return (await shop.http.post("/api/v1/auth/token/", json=CREDENTIALS)).status_code

            assert (await shop.ended(event_id, patience=30))["status"] == "succeeded"
            await eventually(sign_in, lambda status: status == 401, what="a sign-in", patience=10)
