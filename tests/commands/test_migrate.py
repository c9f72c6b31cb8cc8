"""`pilito migrate` names the sessions it waits for, and gives up after a while."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from commands import prepare
from contracts.ids import embedding_label
from database import health
from database.connecting import waits
from database.engine import Database, create_engine, create_migration_engine
from database.migrations import revisions
from database.search.vector_index import index_name
from tests.support.environment import another_database, migrated
from tests.support.eventually import eventually
from tests.support.pilito import Pilito, Printed

MODEL = "text-embedding-3-small"


@pytest.fixture(scope="module")
def own_url(postgres_url: str) -> str:
    return another_database(postgres_url, "waits")


@pytest.fixture
def pilito(own_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilito:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(waits, "LOOK_EVERY", 0.1)
    return Pilito({"PILITO_DATABASE_URL": own_url, "PILITO_STATE_DIR": str(tmp_path)})


@asynccontextmanager
async def session(url: str, *statements: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Another session, in a transaction after these statements."""
    address = url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(address, application_name="nightly dump") as other:
        for statement in statements:
            await other.execute(statement.encode())
        yield other


async def is_valid(url: str, dimensions: int) -> bool:
    database = Database(create_engine(url, pool_size=1))
    try:
        async with database.reading() as connection:
            return await health.has_index(connection, index_name(embedding_label(MODEL, dimensions)))
    finally:
        await database.close()


SNAPSHOT = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT 1")


async def test_it_gives_up_waiting_for_an_old_transaction(pilito: Pilito, own_url: str) -> None:
    """Such as that of a dump: the index waits for it. The next run builds the index again."""
    async with session(own_url, *SNAPSHOT) as other:
        printed = await pilito("migrate", "--wait-seconds", 0.2, PILITO_EMBEDDING_DIMENSIONS="16")
        pid = other.info.backend_pid
    assert printed.code == 1
    named = f"pid {pid} (nightly dump, user pilito, idle in transaction, transaction since 20"
    assert f"Waiting for {named}" in printed.text
    assert "Gave up after" in printed.text
    assert "pg_terminate_backend" in printed.text
    assert not await is_valid(own_url, 16)
    assert (await pilito("migrate", PILITO_EMBEDDING_DIMENSIONS="16")).code == 0
    assert await is_valid(own_url, 16)


async def end_once_waited_for(
    url: str, other: psycopg.AsyncConnection, running: "asyncio.Task[Printed]"
) -> Printed:
    """End the transaction of another session as soon as a session waits for it."""
    address = url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as operator:

        async def waiting() -> bool:
            found = await operator.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
                [other.info.backend_pid],
            )
            row = await found.fetchone()
            return bool(row and row[0])

        await eventually(waiting, what="a session that waits", patience=60)
    await other.rollback()
    return await running


async def test_it_continues_when_the_other_session_ends(pilito: Pilito, own_url: str) -> None:
    """It is waited for as long as `--wait-seconds` says, which is minutes."""
    async with session(own_url, *SNAPSHOT) as other:
        running = asyncio.create_task(pilito("migrate", PILITO_EMBEDDING_DIMENSIONS="32"))
        printed = await end_once_waited_for(own_url, other, running)
    assert printed.code == 0, printed.text
    assert await is_valid(own_url, 32)


async def test_a_migration_waits_for_a_lock(pilito: Pilito, own_url: str) -> None:
    """The session that holds it is named; nothing is changed until a later run."""
    config = migrated(own_url)
    await asyncio.to_thread(command.downgrade, config, "-1")
    async with session(own_url, "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE") as other:
        printed = await pilito("migrate", "--wait-seconds", 0.2)
        assert printed.code == 1
        assert f"pid {other.info.backend_pid} (nightly dump" in printed.text
        running = asyncio.create_task(pilito("migrate"))
        printed = await end_once_waited_for(own_url, other, running)
    assert printed.code == 0, printed.text
    *_, before, newest = revisions.following(None)
    assert printed.text.startswith(f"Tables: at {before}; 1 migration is left, up to {newest}.\n")
    assert f"Tables: {newest} is applied. " in printed.text
    assert printed.text.endswith("The tables and the vector index are up to date.\n")
    again = await pilito("migrate")
    assert again.text.startswith(f"Tables: at {newest}; no migration is left.\n")
    fields = json.loads((await pilito("migrate", "--json")).text.splitlines()[-1])
    assert fields == {"was": newest, "applied": [], "vector_index_created": False}


def test_a_lock_that_is_not_free_in_time_is_asked_for_again(
    own_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration waits for a few seconds at a time, so that it holds up no other statements for long."""
    outcomes: list[Exception | None] = [
        OperationalError("", {}, LockNotAvailable()),
        OperationalError("", {}, LockNotAvailable()),
        None,
    ]

    def upgrade(*_: object) -> None:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    monkeypatch.setattr("commands.prepare.command.upgrade", upgrade)
    watch = waits.Watch(create_migration_engine(own_url), "test", report=print, patience_seconds=1)
    watch.waits_for = "Waiting for pid 1."
    prepare._upgrade(migrated(own_url), watch, purpose="test", report=print)
    assert outcomes == []
    outcomes = [OperationalError("", {}, LockNotAvailable())]
    watch.gave_up = True
    with pytest.raises(OperationalError):
        prepare._upgrade(migrated(own_url), watch, purpose="test", report=print)
