"""`pilito after-restore`."""

from collections.abc import Set
from dataclasses import asdict, dataclass

import typer
from temporalio.service import RPCError

from commands.environment import database, fail, run, settings
from commands.output import AsJson, print_json
from commands.trouble import temporal_problem
from contracts.wording.counted import counted
from database import after_restore as restored
from database.engine import Database
from settings import Settings
from temporal.after_restore import Installation
from temporal.connecting import open_client

NO_STORE = "The restored database has no such store."
NO_SYNC = "The database was restored; the next sync compares the products again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """How many workflows were terminated, and how many events were started again."""

    terminated: int
    started: int


def after_restore(as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Bring Temporal and a restored database together, before the API and the workers start.

    Leaves out the numbers that rows after the dump may have had, ends what belongs to stores that are gone,
    and runs the events again that Temporal still knows and the database has lost. It may be repeated.
    """
    configured = settings(adopt=True)
    if not configured.temporal_address:
        raise fail("No Temporal: set PILITO_TEMPORAL_ADDRESS, or start `pilito up` first.")
    done = run(bring_together(configured, as_json=as_json))
    if as_json:
        print_json(done)


async def bring_together(configured: Settings, *, as_json: bool = False) -> dict[str, int]:
    """Correct the database and Temporal. Returns the counts of what was done, and prints them for people."""
    async with database(configured) as opened:
        async with opened.transaction() as connection:
            prepared = await restored.prepare(connection)
            stores = await restored.store_ids(connection)
        typer.echo(
            f"Postgres: {counted(prepared.counters, 'counter')} advanced by {restored.GAP:,};"
            f" {counted(prepared.events, 'event')} under way will be recorded again;"
            f" {counted(prepared.syncs, 'sync')} ended.",
            err=as_json,
        )
        try:
            corrected = await _correct_temporal(opened, configured, stores)
        except (RPCError, RuntimeError) as error:
            problem = temporal_problem(error)
            said = f"{problem.said}. {problem.advice}" if problem else "it does not answer."
            raise fail(f"Temporal: {said} Run this command again once it answers.") from None
        typer.echo(
            f"Temporal: {counted(corrected.terminated, 'workflow')} terminated;"
            f" {counted(corrected.started, 'event')} that the database had lost will run again.",
            err=as_json,
        )
        return {**asdict(prepared), **asdict(corrected)}


async def _correct_temporal(opened: Database, configured: Settings, stores: Set[int]) -> Corrected:
    client = await open_client(configured)
    installation = Installation(client, task_queue=configured.task_queue)
    terminated = started = 0
    for found in await installation.running():
        if found.store_id not in stores or found.type == "CatalogSync":
            reason = NO_SYNC if found.store_id in stores else NO_STORE
            await installation.terminate(found, reason=reason)
            terminated += 1
    async for batch in installation.ended_events():
        async with opened.reading() as connection:
            logged = await restored.logged(connection, [found.workflow_id for found in batch])
        for found in batch:
            if found.store_id in stores and found.workflow_id not in logged:
                started += await installation.start_again(found)
    return Corrected(terminated=terminated, started=started)
