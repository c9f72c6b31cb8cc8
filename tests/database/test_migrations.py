"""Migrations create the schema, undo it, and match the tables."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine, inspect, make_url, text

from database.search import vector_index
from tests.support.environment import ROOT, migrated

VERSIONS = sorted((ROOT / "database" / "migrations" / "versions").glob("*.py"))


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    url = make_url(postgres_url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE empty"))
        yield _address(url.set(database="empty"))
        connection.execute(text("DROP DATABASE empty WITH (FORCE)"))
    engine.dispose()


def _address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _tables(address: str) -> set[str]:
    engine = create_engine(address)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def test_migrations_go_up_and_down_and_up_again(empty_database: str) -> None:
    """Every downgrade works and leaves nothing behind."""
    config = migrated(empty_database)
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    command.upgrade(config, "head")
    built = _tables(empty_database)
    assert {"users", "stores", "events", "products", "tenant_knowledge"} <= built
    for _ in revisions:
        command.downgrade(config, "-1")
    assert _tables(empty_database) == set()
    command.upgrade(config, "head")
    assert _tables(empty_database) == built


def test_the_tables_are_what_the_migrations_make(empty_database: str) -> None:
    """`alembic check` finds no difference, with and without the vector index."""
    config = migrated(empty_database)
    command.upgrade(config, "head")
    assert vector_index.ensure(empty_database, model="text-embedding-3-small", dimensions=8)
    assert not vector_index.ensure(empty_database, model="text-embedding-3-small", dimensions=8)
    command.check(config)


@pytest.mark.parametrize("migration", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_waits_for_no_lock_for_long(migration: Path) -> None:
    """Upgrade and downgrade set a lock timeout, and the file name has its date."""
    assert migration.read_text().count("SET LOCAL lock_timeout = '5s'") == 2
    assert re.match(r"\d{4}-\d{2}-\d{2}_", migration.name)
