"""What a backup has to know of a database, at the moment of its dump and after a restore."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select, table, text

from database.engine import create_migration_engine

_OBJECT = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = CAST('pg_class' AS regclass)
                        AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relkind DESC, c.relname LIMIT 1
""")
"""A relation that no extension brought along."""

_TABLES = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace)
      AND c.relkind = 'r' AND c.relpersistence = 'p'
    ORDER BY c.relname
""")
"""The tables of a backup; the rows of unlogged tables are of use for minutes only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A state of the database that `pg_dump --snapshot` can see too, while the block is open.

    `migration` is None where the database has no tables; `rows` are the rows by table.
    """

    id: str
    at: datetime
    postgres: str
    migration: str | None
    rows: Mapping[str, int]


@contextmanager
def exported(address: str) -> Iterator[Snapshot]:
    """Open a snapshot of the database and hold it during the block; raises InvalidAddress."""
    engine = create_migration_engine(address, purpose="backup")
    try:
        with engine.connect() as connection, connection.begin():
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            migration = MigrationContext.configure(connection).get_current_revision()
            yield Snapshot(
                id=connection.execute(text("SELECT pg_export_snapshot()")).scalar_one(),
                at=connection.execute(text("SELECT now()")).scalar_one(),
                postgres=_version(connection),
                migration=migration,
                rows=_rows(connection) if migration else {},
            )
    finally:
        engine.dispose()


def version(address: str) -> str:
    """Returns the version of the server, such as 18.4; raises InvalidAddress."""
    engine = create_migration_engine(address, purpose="restore")
    try:
        with engine.connect() as connection:
            return _version(connection)
    finally:
        engine.dispose()


def first_object(address: str) -> str | None:
    """Returns the name of something that the database has already; None for an empty database."""
    engine = create_migration_engine(address, purpose="restore")
    try:
        with engine.connect() as connection:
            found: str | None = connection.execute(_OBJECT).scalar_one_or_none()
            return found
    finally:
        engine.dispose()


def rows_by_table(address: str) -> dict[str, int]:
    """Returns the rows by table, and brings the statistics of Postgres's planner up to date."""
    engine = create_migration_engine(address, purpose="restore")
    try:
        with engine.connect() as connection, connection.begin():
            counted = _rows(connection)
            connection.execute(text("ANALYZE"))
            return counted
    finally:
        engine.dispose()


def _version(connection: Connection) -> str:
    return str(connection.execute(text("SHOW server_version")).scalar_one()).split(" ")[0]


def _rows(connection: Connection) -> dict[str, int]:
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in connection.execute(_TABLES).scalars().all()
    }
