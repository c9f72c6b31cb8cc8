"""What tests, fixtures and their subprocesses share: paths, secrets, and databases made by the migrations.

Imports of the product stay inside the functions, so that a unit test does not pay for a server it never uses.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

    from settings import Settings

ROOT = Path(__file__).parents[2]
DIMENSIONS = 256
SECRET_KEY = "a key of thirty-two bytes or more for tests"

Configure = Callable[..., "Settings"]
"""Returns settings for the servers of this run; keyword arguments override single settings."""


def migrated(url: str) -> "Config":
    """Returns the Alembic configuration for the database at `url`."""
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Create the tables and the vector index of the tests' embedding model in the database at `url`."""
    from alembic import command

    from database.search import vector_index

    command.upgrade(migrated(url), "head")
    vector_index.ensure(url, model="text-embedding-3-small", dimensions=DIMENSIONS)


def empty_database(postgres_url: str, name: str) -> str:
    """Create one more database on the same server. Returns its URL."""
    from sqlalchemy import create_engine, make_url, text

    url = make_url(postgres_url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def another_database(postgres_url: str, name: str) -> str:
    """Create and migrate one more database on the same server. Returns its URL."""
    address = empty_database(postgres_url, name)
    migrate(address)
    return address
