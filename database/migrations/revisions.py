"""The revisions of the tables that this program knows, and which of them a database has."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from database import health
from database.engine import create_migration_engine

MIGRATIONS = Path(__file__).parent


class Tables(StrEnum):
    """How the tables of a database compare with what this program needs."""

    CURRENT = "current"
    OLDER = "older"
    """Or there are none: `pilito migrate` makes them."""

    NEWER = "newer"
    """A newer version of this program made them."""


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    """Returns all revisions of this program, the oldest first."""
    return tuple(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())[::-1]


def compare(revision: str | None) -> Tables:
    """Returns what a revision of a database means; None is a database without tables."""
    known = _known()
    if revision == known[-1]:
        return Tables.CURRENT
    return Tables.OLDER if revision is None or revision in known else Tables.NEWER


def following(revision: str | None) -> tuple[str, ...]:
    """Returns the revisions after a known one, the oldest first; after None, all of them."""
    known = _known()
    return known if revision is None else known[known.index(revision) + 1 :]


def read(address: str, *, purpose: str) -> str | None:
    """Returns the revision of a database, however long another session locks it; None for no tables.

    `purpose` ends the application name of the session. Raises InvalidAddress.
    """
    engine = create_migration_engine(address, purpose=purpose)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


async def tables(connection: AsyncConnection) -> Tables:
    """Returns how the tables of a database compare with what this program needs."""
    return compare(await health.revision(connection))
