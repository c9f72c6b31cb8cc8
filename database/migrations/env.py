"""How Alembic reaches the database: the address of `Settings`, one transaction per migration.

The attribute `report` of the configuration is a function that is called with a sentence for each migration.
"""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
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


def _report(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[Any],
    run_args: Mapping[str, Any],
) -> None:
    """Say which migration has run; Alembic calls it after each."""
    report = context.config.attributes.get("report")
    if report is not None and step.is_upgrade and step.up_revision is not None:
        purpose = getattr(step.up_revision, "doc", "")
        report(f"Tables: {step.up_revision.revision} is applied. {purpose}")


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
            on_version_apply=_report,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
