"""The versions of Postgres and pgvector that are needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from database import health
from database.engine import Database, create_engine
from tests.support.environment import another_database, empty_database
from tests.support.pilito import Pilito


@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=4), st.sampled_from(["", "beta1", "rc2", " (Debian)"])
)
def test_a_version_is_compared_by_its_numbers(numbers: list[int], rest: str) -> None:
    """What follows them is not read."""
    version = ".".join(map(str, numbers)) + rest
    assert health.version_numbers(version) == tuple(numbers)
    assert health.leading_number(version) == numbers[0]


@given(st.text(max_size=20))
def test_any_text_is_a_version(version: str) -> None:
    """Without numbers it is the oldest."""
    assert health.leading_number(version) >= 0


@pytest.fixture(scope="module")
def url(postgres_url: str) -> str:
    return another_database(postgres_url, "versions")


async def sentence(address: str) -> str | None:
    database = Database(create_engine(address, pool_size=1))
    try:
        async with database.reading() as connection:
            return await health.unsupported(connection)
    finally:
        await database.close()


async def test_these_versions_serve(url: str, postgres_url: str) -> None:
    """A database without the extension serves too, where the server has it."""
    assert await sentence(url) is None
    assert await sentence(empty_database(postgres_url, "versions_empty")) is None


async def test_a_server_that_is_too_old(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence has both versions."""
    monkeypatch.setattr(health, "OLDEST_SERVER", 99)
    said = await sentence(url) or ""
    assert said.startswith("This is Postgres 18")
    assert said.endswith("Pilito Sync needs version 99 or later.")


async def test_a_pgvector_that_is_too_old(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server has a newer one, the statement that installs it is named."""
    monkeypatch.setattr(health, "OLDEST_VECTOR", (99, 0, 0))
    assert (await sentence(url) or "").endswith("Pilito Sync needs version 99.0.0 or later.")
    monkeypatch.setattr(health, "OLDEST_VECTOR", (0, 8, 0))
    database = Database(create_engine(url, pool_size=1))
    async with database.single() as connection:
        update = "UPDATE pg_extension SET extversion = '{}' WHERE extname = 'vector'"
        found = await health.pgvector_version(connection)
        await connection.execute(text(update.format("0.7.4")))
        said = await health.unsupported(connection) or ""
        await connection.execute(text(update.format(found)))
    await database.close()
    assert said.startswith("This is pgvector 0.7.4; Pilito Sync needs version 0.8.0 or later.")
    assert "ALTER EXTENSION vector UPDATE" in said


async def test_every_command_that_needs_them_asks(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """API, worker and migrations end with the sentence; `pilito doctor` advises it."""
    monkeypatch.setattr(health, "OLDEST_SERVER", 99)
    environment = {"PILITO_DATABASE_URL": url, "PILITO_TEMPORAL_ADDRESS": "127.0.0.1:1", "COLUMNS": "300"}
    pilito = Pilito({**environment, "PILITO_SECRET_KEY": "k" * 32, "PILITO_LOG_FORMAT": "text"})
    monkeypatch.setattr("observability.logs.configure", lambda _: None)
    monkeypatch.setattr("commands.processes.api._check_port", lambda *_: None)
    for command in ("api", "worker", "migrate"):
        printed = await pilito(command)
        assert (printed.code, printed.text.count("needs version 99")) == (1, 1), printed.text
    assert "→ This is Postgres 18" in (await pilito("doctor")).text
