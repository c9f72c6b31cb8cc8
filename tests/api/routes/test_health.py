"""`/readyz`: what keeps events from being stored or processed, and the clocks."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import make_url, text

import api.app
from api.metrics import readiness
from api.routes import health as routes
from database import health
from database.engine import Database, create_engine
from database.migrations import revisions
from temporal import queues
from tests.support.environment import Configure, another_database, empty_database
from tests.support.eventually import eventually
from tests.support.network.cable import Cable
from tests.support.system import System, running, serving, working


@pytest.fixture(autouse=True)
def _checks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request checks again."""
    monkeypatch.setattr(readiness, "CHECK_EVERY", 0.0)
    monkeypatch.setattr(readiness, "PREPARED_EVERY", 0.0)
    monkeypatch.setattr(queues, "READ_EVERY", 0.0)
    monkeypatch.setattr(health, "WRITE_EVERY", 0 * health.WRITE_EVERY)


async def ready(http: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await http.get("/readyz")
    body: dict[str, Any] = answer.json()
    return {**body, "code": answer.status_code}


@pytest.fixture(scope="module")
def own_url(postgres_url: str) -> str:
    """A database that these tests break."""
    return another_database(postgres_url, "ready")


@pytest_asyncio.fixture
async def operator(own_url: str) -> AsyncIterator[Database]:
    """A connection that may change the database."""
    opened = Database(create_engine(own_url, pool_size=1))
    yield opened
    async with opened.single() as connection:
        await connection.execute(text("ALTER DATABASE ready RESET default_transaction_read_only"))
        await connection.execute(text("DROP TRIGGER IF EXISTS full_disk ON storage_checks"))
    await opened.close()


async def change(operator: Database, *statements: str) -> None:
    async with operator.single() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_all_is_well(system: System) -> None:
    """The worker of the tests listens, so nothing is wrong."""
    shown = await eventually(lambda: ready(system.http), lambda shown: shown["status"] == "ok", what="ready")
    assert shown == {"status": "ok", "postgres": "ok", "temporal": "ok", "warnings": [], "code": 200}


async def test_a_database_that_became_read_only(
    configure: Configure, own_url: str, operator: Database
) -> None:
    """Old connections may still write, but new ones do not; it is ready again once they do."""
    async with serving(configure(database_url=own_url)) as http:
        assert (await ready(http))["postgres"] == "ok"
        await change(operator, "ALTER DATABASE ready SET default_transaction_read_only = on")
        shown = await ready(http)
        assert (shown["code"], shown["status"], shown["postgres"]) == (503, "degraded", "read_only")
        assert "Postgres accepts no writes: it is read-only or a standby." in shown["warnings"]
        await change(
            operator,
            "SET default_transaction_read_only = off",
            "ALTER DATABASE ready RESET default_transaction_read_only",
        )
        assert (await ready(http))["postgres"] == "ok"


async def test_connections_that_refuse_writes_are_discarded(
    configure: Configure, own_url: str, operator: Database
) -> None:
    """After a failover they still lead to the former primary: one refusal, then sign-ins work again."""
    credentials = {"email": "unknown@example.com", "password": "wrong"}
    await change(operator, "ALTER DATABASE ready SET default_transaction_read_only = on")
    async with serving(configure(database_url=own_url)) as http:
        refused = await http.post("/api/v1/auth/token/", json=credentials)
        assert (refused.status_code, refused.json()) == (
            503,
            {"error": "The database stores nothing right now"},
        )
        await change(
            operator,
            "SET default_transaction_read_only = off",
            "ALTER DATABASE ready RESET default_transaction_read_only",
        )
        answers = [(await http.post("/api/v1/auth/token/", json=credentials)).status_code for _ in range(2)]
        assert answers[-1] == 401


async def test_a_full_disk(configure: Configure, own_url: str, operator: Database) -> None:
    """A row is really added, so a server that can read and not store is not ready."""
    await change(
        operator,
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON storage_checks FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    async with serving(configure(database_url=own_url)) as http:
        shown = await ready(http)
        assert (shown["code"], shown["postgres"]) == (503, "disk_full")
        await change(operator, "DROP TRIGGER full_disk ON storage_checks")
        assert (await ready(http))["postgres"] == "ok"


async def test_a_server_without_a_connection_left(
    configure: Configure, own_url: str, operator: Database
) -> None:
    """The API has its connections, and goes on with them; it takes none away from itself for the check."""
    await change(
        operator,
        "DROP ROLE IF EXISTS crowded",
        "CREATE ROLE crowded LOGIN PASSWORD 'crowded'",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO crowded",
    )
    url = make_url(own_url).set(username="crowded", password="crowded")
    async with serving(configure(database_url=url.render_as_string(hide_password=False))) as http:
        assert (await ready(http))["postgres"] == "ok"
        await change(operator, "ALTER ROLE crowded CONNECTION LIMIT 0")
        shown = [(await ready(http))["postgres"] for _ in range(25)]
        assert shown == ["ok"] * len(shown)
        await change(
            operator, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crowded'"
        )
        shown_then = await eventually(
            lambda: ready(http), lambda shown: shown["postgres"] != "ok", what="no connection"
        )
        assert shown_then["postgres"] == "unreachable"
    await change(operator, "DROP OWNED BY crowded", "DROP ROLE crowded")


async def test_the_table_of_checks_stays_small(
    operator: Database, own_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check takes a new page of the disk, and the table is emptied from time to time."""
    database = Database(create_engine(own_url, pool_size=1))

    async def size() -> int:
        async with database.reading() as connection:
            return int(
                (await connection.execute(text("SELECT pg_relation_size('storage_checks')"))).scalar_one()
            )

    before = await size()
    for _ in range(3):
        await health.check_writes(database)
    assert await size() >= before + 3 * 8192
    monkeypatch.setattr(health, "LARGEST_CHECKS", 0)
    await health.check_writes(database)
    assert await size() == 0
    await database.close()


async def test_a_database_without_tables(configure: Configure, postgres_url: str) -> None:
    """It answers, but nothing can be stored there."""
    async with serving(configure(database_url=empty_database(postgres_url, "bare"))) as http:
        shown = await ready(http)
        assert (shown["code"], shown["postgres"]) == (503, "not_migrated")
        assert "pilito migrate" in shown["warnings"][0]
        answer = await http.post("/api/v1/auth/token/", json={"email": "a@example.com", "password": "p"})
        assert answer.status_code == 503


async def set_revision(operator: Database, revision: str) -> None:
    async with operator.single() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


async def test_tables_of_another_version(configure: Configure, own_url: str, operator: Database) -> None:
    """Older ones are not enough, newer ones are another program's; both are no outage that passes.

    A process that used the tables before they were migrated goes on: it is about to be replaced.
    """
    *_, before, newest = revisions.following(None)
    settings = configure(database_url=own_url)
    try:
        for revision, found in ((before, "not_migrated"), ("0123456789ab", "newer")):
            await set_revision(operator, revision)
            async with serving(settings) as http:
                shown = await ready(http)
                assert (shown["code"], shown["postgres"]) == (503, found)
        assert "install that version" in shown["warnings"][0]
        await set_revision(operator, newest)
        async with serving(settings) as http:
            assert (await ready(http))["postgres"] == "ok"
            await set_revision(operator, "0123456789ab")
            shown = await ready(http)
            assert (shown["code"], shown["postgres"]) == (200, "ok")
            assert any("replace it soon" in warning for warning in shown["warnings"])
    finally:
        await set_revision(operator, newest)


async def test_without_a_worker_events_are_accepted_and_a_warning_says_so(configure: Configure) -> None:
    """The process stays in rotation; once a worker listens, nothing is wrong."""
    settings = configure(task_queue="forsaken")
    async with running(settings, work=False) as idle:
        shown = await ready(idle.http)
        assert (shown["code"], shown["status"], shown["postgres"]) == (200, "degraded", "ok")
        assert shown["warnings"] == ["No worker listens on the task queue forsaken: start `pilito worker`."]
        async with working(settings):
            shown = await eventually(
                lambda: ready(idle.http), lambda shown: not shown["warnings"], what="a worker"
            )
            assert (shown["code"], shown["status"]) == (200, "ok")


async def test_servers_that_do_not_answer_are_named(configure: Configure) -> None:
    """Each one on its own."""
    url = make_url(configure().database_url or "")
    async with Cable(url.host or "", url.port or 0) as postgres:
        here = url.set(host="127.0.0.1", port=postgres.port).render_as_string(hide_password=False)
        async with serving(configure(database_url=here)) as http:
            await postgres.cut()
            shown = await ready(http)
            assert (shown["code"], shown["postgres"], shown["temporal"]) == (503, "unreachable", "ok")
    async with serving(configure(temporal_address="127.0.0.1:1")) as http:
        shown = await ready(http)
        assert (shown["code"], shown["postgres"], shown["temporal"]) == (503, "ok", "unreachable")


@pytest.mark.parametrize(("ahead", "said"), [(-90, "90 s behind"), (6, "6 s ahead of"), (1, None)])
async def test_a_wrong_clock_is_named(configure: Configure, ahead: int, said: str | None) -> None:
    """It does no harm, but logs, certificates and the clocks of other programs depend on it."""
    async with serving(configure(), wall=lambda: time.time() + ahead) as http:
        shown = await ready(http)
        assert (shown["code"], shown["postgres"]) == (200, "ok")
        wrong = [warning for warning in shown["warnings"] if "clock" in warning]
        expected = [f"The clock of this process is {said} that of Postgres."] if said else []
        assert wrong == expected


MANY = 20


async def test_a_network_that_asks_very_often_waits(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another network is answered at once, so its monitoring goes on."""
    monkeypatch.setattr(api.app, "PROBES_PER_SECOND", 1.0)
    released, waits = asyncio.Event(), list[float]()

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        await released.wait()

    monkeypatch.setattr(routes, "pause", pause)
    often, other = ({"X-Forwarded-For": address} for address in ("203.0.113.7", "198.51.100.7"))
    async with serving(configure(trusted_proxies="127.0.0.1")) as http:
        asked = [asyncio.create_task(http.get("/healthz", headers=often)) for _ in range(MANY)]
        assert (await http.get("/healthz", headers=other)).status_code == 200
        await eventually(lambda: asyncio.sleep(0, waits), what="a request that waits")
        assert all(0 < wait <= MANY for wait in waits)
        assert not all(one.done() for one in asked)
        released.set()
        assert {one.status_code for one in await asyncio.gather(*asked)} == {200}
