"""Each part that is down makes its alert fire."""

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import make_url, text

from api.metrics import installation, readiness
from database.engine import Database, create_engine
from temporal import queues
from tests.deploy.test_monitoring import firing
from tests.support.alerts import samples
from tests.support.environment import Configure, another_database
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.system import serving, working

READ_ONLY = "ALTER DATABASE alerts SET default_transaction_read_only = on"


async def test_parts_are_taken_down_and_their_alerts_fire(
    configure: Configure, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers, Temporal, Postgres, both, and a Postgres that refuses writes; none fires afterwards."""
    monkeypatch.setattr(installation, "READ_EVERY", 0.0)
    monkeypatch.setattr(readiness, "CHECK_EVERY", 0.0)
    monkeypatch.setattr(queues, "READ_EVERY", 0.0)
    url = make_url(another_database(postgres_url, "alerts"))
    temporal_host, temporal_port = (configure().temporal_address or "").split(":")
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(Cable(str(url.host), int(url.port or 0)))
        temporal = await stack.enter_async_context(Cable(temporal_host, int(temporal_port)))
        operator = Database(create_engine(url.render_as_string(hide_password=False), pool_size=1))
        stack.push_async_callback(operator.close)
        uncut = configure(
            task_queue="alerts",
            database_url=url.render_as_string(hide_password=False),
        )
        cut = configure(
            task_queue="alerts",
            database_url=url.set(port=postgres.port).render_as_string(hide_password=False),
            temporal_address=f"127.0.0.1:{temporal.port}",
        )
        http = await stack.enter_async_context(serving(cut))

        async def fired() -> set[str]:
            return firing(samples((await http.get("/metrics")).text))

        async def expect(*names: str) -> None:
            await eventually(fired, lambda found: found == set(names), what=f"{names}")

        await expect("PilitoNoWorker")
        await stack.enter_async_context(working(uncut))
        await expect()
        await temporal.cut()
        await expect("PilitoTemporalDown")
        await postgres.cut()
        await expect("PilitoTemporalDown", "PilitoDatabaseDown", "PilitoNothingAccepted")
        await temporal.restore()
        await expect("PilitoDatabaseDown")
        async with operator.single() as connection:
            await connection.execute(text(READ_ONLY))
        await postgres.restore()
        await expect("PilitoDatabaseRefusesWrites")
        async with operator.single() as connection:
            await connection.execute(text("SET default_transaction_read_only = off"))
            await connection.execute(text("ALTER DATABASE alerts RESET default_transaction_read_only"))
        await postgres.cut()
        await postgres.restore()
        await expect()
