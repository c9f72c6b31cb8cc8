"""What PILITO_DATABASE_URL says counts for every command: options, names, several hosts, a pooler."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from contracts.ids import embedding_label
from database.connecting import waits
from database.search.vector_index import index_name
from tests.support.environment import SECRET_KEY, empty_database
from tests.support.network.pooler import Pooler
from tests.support.pilito import Pilito

EMAIL = "admin@example.com"


@pytest.fixture(scope="module")
def url(postgres_url: str) -> str:
    """A database with a schema of the shop."""
    address = empty_database(postgres_url, "schemas")
    with psycopg.connect(address.replace("+psycopg", "")) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute("CREATE EXTENSION vector SCHEMA public")
    return address


@pytest.fixture
def pilito(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilito:
    monkeypatch.chdir(tmp_path)
    return Pilito({"PILITO_SECRET_KEY": SECRET_KEY, "PILITO_EMBEDDING_DIMENSIONS": "64", "COLUMNS": "300"})


def rows(url: str, query: str, *parameters: object) -> list[object]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return [row[0] for row in connection.execute(query.encode(), parameters)]


async def test_options_select_the_schema_for_all_commands(pilito: Pilito, url: str) -> None:
    """Migrations, the vector index, admin commands and checks see the same tables."""
    query = {"options": "-csearch_path=shop,public", "application_name": "our shop"}
    address = make_url(url).update_query_dict(query).render_as_string(hide_password=False)
    migrated = await pilito("migrate", PILITO_DATABASE_URL=address)
    assert migrated.code == 0, migrated.text
    arguments = ("admin", "create", "--email", EMAIL, "--password", "a long password")
    created = await pilito(*arguments, PILITO_DATABASE_URL=address)
    assert created.code == 0, created.text
    checked = (await pilito("doctor", PILITO_DATABASE_URL=address)).text
    for subject in ("Postgres", "Tables", "Vector index", "Storage"):
        assert f"✓ {subject}: " in checked
    assert rows(url, "SELECT email FROM shop.users") == [EMAIL]
    index = index_name(embedding_label("text-embedding-3-small", 64))
    assert rows(url, "SELECT schemaname FROM pg_indexes WHERE indexname = %s", index) == ["shop"]
    assert rows(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


async def test_several_hosts(pilito: Pilito, postgres_url: str) -> None:
    """The first that accepts writes is used, by every command."""
    url = make_url(empty_database(postgres_url, "hosts"))
    address = (
        f"postgresql://{url.username}:{url.password}@127.0.0.1:1,127.0.0.1:{url.port}/{url.database}"
        "?target_session_attrs=read-write"
    )
    for command in (("migrate",), ("store", "list")):
        printed = await pilito(*command, PILITO_DATABASE_URL=address)
        assert printed.code == 0, printed.text


async def test_a_pooler(pilito: Pilito, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All commands work through it; `pilito doctor` says what it leaves out, and what to do."""
    monkeypatch.setattr(waits, "LOOK_EVERY", 0.1)
    direct = empty_database(postgres_url, "pooled")
    async with Pooler(direct) as pooler:
        url = make_url(direct).set(host="127.0.0.1", port=pooler.port)
        address = url.render_as_string(hide_password=False)
        arguments = ("admin", "create", "--email", EMAIL, "--password", "a long password")
        for command in (("migrate",), arguments, ("store", "list"), ("reseal",)):
            printed = await pilito(*command, PILITO_DATABASE_URL=address)
            assert printed.code == 0, printed.text
        checked = (await pilito("doctor", PILITO_DATABASE_URL=address)).text
        assert "through a pooler that leaves statements without a time limit" in checked
        assert "ALTER ROLE" in checked
        with psycopg.connect(direct.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ALTER DATABASE pooled SET statement_timeout = '30s'")
        checked = (await pilito("doctor", PILITO_DATABASE_URL=address)).text
        assert "✓ Postgres: version 18" in checked
        assert "✓ Storage" in checked
