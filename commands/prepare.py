"""`pilito migrate` and `pilito prepare-temporal`: what a new version needs before it runs."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import uuid4

import typer
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from commands.environment import database, fail, run, settings, temporal
from commands.migrations import alembic
from commands.output import AsJson, say
from contracts.wording.counted import counted
from database import health
from database.connecting.waits import WaitedTooLong, Watch, lock_not_available, watched
from database.engine import create_migration_engine
from database.migrations import revisions
from database.migrations.revisions import Tables
from database.search import vector_index
from settings import Settings
from temporal.client import register_search_attributes
from temporal.histories import keep_for
from temporal.schedules import ensure_schedules

Report = Callable[[str], None]
"""Is called with a sentence about what happens."""


def migrate(
    wait_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for other sessions of Postgres before giving up.")
    ] = 300,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Upgrade the database to this version: its tables, then the index of the configured vectors.

    Says which sessions of Postgres it waits for.
    """
    configured = settings(adopt=True)
    if not configured.database_url:
        raise fail("No database: set PILITO_DATABASE_URL.")
    run(_check_server(configured))
    purpose = f"migrate {uuid4().hex[:8]}"
    report = partial(typer.echo, err=as_json)
    engine = create_migration_engine(configured.database_url, purpose="watch")
    try:
        with watched(engine, purpose, report=report, patience_seconds=wait_seconds) as watch:
            current = revisions.read(configured.database_url, purpose=purpose)
            report(_plan(current))
            _upgrade(alembic(configured), watch, purpose=purpose, report=report)
            created = vector_index.ensure(
                configured.database_url,
                model=configured.embedding_model,
                dimensions=configured.embedding_dimensions,
                variant=configured.embedding_variant,
                purpose=purpose,
            )
    except WaitedTooLong as error:
        raise fail(str(error)) from None
    if created:
        report(f"Vector index: created for {configured.embedding_model}.")
    left = revisions.following(current)
    fields = {"was": current, "applied": left, "vector_index_created": created}
    say("The tables and the vector index are up to date.", fields, as_json=as_json)


async def _check_server(configured: Settings) -> None:
    async with database(configured) as opened, opened.transaction() as connection:
        sentence = await health.unsupported(connection)
    if sentence:
        raise fail(sentence)


def _plan(current: str | None) -> str:
    """Returns what the database has and what will be done; exits with a sentence if it is newer."""
    if revisions.compare(current) is Tables.NEWER:
        raise fail(f"A newer version made these tables ({current}): install that version.")
    left = revisions.following(current)
    if not left:
        return f"Tables: at {current}; no migration is left."
    count = counted(len(left), "migration is", "migrations are")
    return f"Tables: {'none' if current is None else f'at {current}'}; {count} left, up to {left[-1]}."


def _upgrade(configuration: Config, watch: Watch, *, purpose: str, report: Report) -> None:
    """Run the migrations, again while another session keeps a lock; each waits a few seconds for its locks.

    So that other statements are not held up behind a migration that waits. Raises WaitedTooLong.
    """
    configuration.attributes.update(purpose=purpose, report=report)
    while True:
        try:
            command.upgrade(configuration, "head")
        except DBAPIError as error:
            if watch.gave_up or not watch.waits_for or not lock_not_available(error):
                raise
        else:
            return


def prepare_temporal(as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Register missing search attributes with the Temporal server, and create the schedules.

    With PILITO_HISTORY_RETENTION_DAYS, also says how long the namespace keeps histories.
    """
    configured = settings(adopt=True)

    async def prepare() -> list[str]:
        client = await temporal(configured)
        registered = await register_search_attributes(client)
        await ensure_schedules(client, task_queue=configured.task_queue)
        if configured.history_retention_days is not None:
            await keep_for(client, configured.history_retention_days)
        return registered

    registered = run(prepare())
    made = f" Registered now: {', '.join(registered)}." if registered else ""
    said = f"Search attributes and schedules are in place.{made}"
    say(said, {"registered": registered}, as_json=as_json)
