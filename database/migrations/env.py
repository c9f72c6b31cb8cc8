"""How Alembic reaches the database: the address of `Settings`, one transaction per migration."""

from alembic import context
from sqlalchemy.sql.schema import SchemaItem

import settings
from database.engine import create_migration_engine
from database.tables import metadata

VECTOR_INDEX_PREFIX = "ix_tenant_knowledge_embedding_"


def _is_ours(
    item: SchemaItem,
    name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001 - Alembic's signature
    other: SchemaItem | None,
) -> bool:
    """Vector indexes depend on the configured dimensions, so `database.vector_index` makes them."""
    return not (kind == "index" and (name or "").startswith(VECTOR_INDEX_PREFIX))


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or settings.load().database_url
    if not url:
        raise SystemExit("PILITO_DATABASE_URL is not set: say which database to migrate.")
    engine = create_migration_engine(url, purpose=context.config.attributes.get("purpose", "migrate"))
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=_is_ours,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
