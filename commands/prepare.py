"""`pilito migrate` and `pilito prepare-temporal`: what a new version needs before it runs."""

import typer
from alembic import command
from alembic.util import CommandError

from commands.environment import alembic, fail, run, settings
from database.chunks import vector_index
from temporal.client import connect, register_search_attributes
from temporal.schedules import ensure_schedules


def migrate() -> None:
    """Upgrade the database to this version: its tables, then the index of the configured vectors."""
    configured = settings(adopt=True)
    if not configured.database_url:
        raise fail("No database: set PILITO_DATABASE_URL.")
    try:
        command.upgrade(alembic(configured), "head")
    except CommandError as error:
        raise fail(f"A newer version made these tables: install that version. {error}") from None
    vector_index.ensure(
        configured.database_url, model=configured.embedding_model, dimensions=configured.embedding_dimensions
    )


def prepare_temporal() -> None:
    """Register missing search attributes with the Temporal server, and create the schedules."""
    configured = settings(adopt=True)

    async def prepare() -> list[str]:
        if not configured.temporal_address:
            raise fail("No Temporal: set PILITO_TEMPORAL_ADDRESS.")
        client = await connect(configured.temporal_address, configured.temporal_namespace)
        registered = await register_search_attributes(client)
        await ensure_schedules(client, task_queue=configured.task_queue)
        return registered

    typer.echo(f"Registered: {', '.join(run(prepare())) or 'nothing was missing'}")
