"""The configuration of the migrations."""

from pathlib import Path

from alembic.config import Config

from settings import Settings

ROOT = Path(__file__).parent.parent


def alembic(configured: Settings) -> Config:
    """Returns the configuration of the migrations for the configured database."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", (configured.database_url or "").replace("%", "%%"))
    return config
