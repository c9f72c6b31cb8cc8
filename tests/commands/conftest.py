"""`pilito` as an operator runs it, on a database of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from database.engine import Database, create_engine
from tests.support.environment import SECRET_KEY, another_database
from tests.support.pilito import Pilito


@pytest.fixture(scope="session")
def commands_url(postgres_url: str) -> str:
    return another_database(postgres_url, "commands")


@pytest_asyncio.fixture(loop_scope="session")
async def database(commands_url: str) -> AsyncIterator[Database]:
    opened = Database(create_engine(commands_url, pool_size=1))
    yield opened
    await opened.close()


@pytest.fixture
def pilito(commands_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilito:
    """Runs `pilito` with the settings of the test's database and key."""
    monkeypatch.chdir(tmp_path)
    environment = {"PILITO_DATABASE_URL": commands_url, "PILITO_SECRET_KEY": SECRET_KEY, "COLUMNS": "160"}
    return Pilito(environment)


@pytest_asyncio.fixture(loop_scope="session")
async def owner(pilito: Pilito) -> str:
    """The address of a user that exists."""
    email = "owner@example.com"
    await asyncio.to_thread(pilito.run, "user", "create", "--email", email, "--password", "a long password")
    return email
