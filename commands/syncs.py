"""`pilito resync`."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from commands.environment import database, fail, run, settings
from connectors.registry import check_readable
from contracts.errors import InvalidField
from contracts.ids import catalog_sync_id
from contracts.syncs import Sync, SyncMode, SyncRequest, SyncStatus
from database.access import stores
from database.engine import Database
from database.sync import findings as sync_findings
from database.sync import runs as drift
from database.sync import runs as syncs
from temporal.client import connect, start_catalog_sync, status_of

LOOK_EVERY = 0.3
ASK_TEMPORAL_EVERY = 20
"""Looks between two questions whether the workflow still runs."""

COUNTED = {
    "seen": "products the shop lists",
    "new": "new here",
    "changed": "changed",
    "unchanged": "the same",
    "gone": "removed",
    "failed": "unreadable",
    "embedded": "texts embedded",
    "reused": "texts whose vector was known",
    "tokens_spent": "embedding tokens spent",
}


def resync(
    store_id: Annotated[int, typer.Argument(help="its id, as `pilito store list` shows it", metavar="STORE")],
    full: Annotated[bool, typer.Option("--full", help="compare everything, and remove what is gone")] = False,  # noqa: FBT002 - a command line flag
    dry_run: Annotated[bool, typer.Option("--dry-run", help="change nothing, tell what differs")] = False,  # noqa: FBT002 - a command line flag
    allow_gone: Annotated[bool, typer.Option("--allow-gone", help="let more than a fifth vanish")] = False,  # noqa: FBT002 - a command line flag
    no_wait: Annotated[bool, typer.Option("--no-wait", help="start it and leave")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Compare a shop with what is known of it, and take over what differs; Ctrl-C leaves it running."""
    mode = SyncMode.FULL if full else SyncMode.INCREMENTAL
    request = SyncRequest(store_id=store_id, mode=mode, dry_run=dry_run, allow_gone=allow_gone)
    try:
        ended = run(_resync(request, wait=not no_wait))
    except KeyboardInterrupt:
        raise fail("It goes on without being watched.") from None
    if ended is None:
        return
    typer.echo(ended.reason)
    if ended.status is not SyncStatus.SUCCEEDED:
        raise typer.Exit(1)


async def _resync(request: SyncRequest, *, wait: bool) -> Sync | None:
    found = settings(adopt=True)
    if not found.temporal_address:
        raise fail("No Temporal: set PILITO_TEMPORAL_ADDRESS, or start `pilito up` first.")
    kept = database(found)
    try:
        await _check(kept, request.store_id)
        client = await connect(found.temporal_address, found.temporal_namespace, prompt=True)
        run_id = await _start(kept, client, request, task_queue=found.task_queue)
        return await Watch(kept, client, request.store_id, run_id).follow() if wait else None
    finally:
        await kept.close()


async def _check(kept: Database, store_id: int) -> None:
    async with kept.reading() as connection:
        store = await stores.read(connection, store_id)
    if store is None:
        raise fail(f"There is no store {store_id}.")
    try:
        check_readable(store)
    except InvalidField as error:
        raise fail(f"Store {store_id} cannot be read. {error}.") from None


async def _start(kept: Database, client: Client, request: SyncRequest, *, task_queue: str) -> str:
    """The run that was started, or that is under way already."""
    try:
        started = await start_catalog_sync(client, request, task_queue=task_queue)
    except WorkflowAlreadyStartedError as error:
        typer.echo(f"A sync of store {request.store_id} is under way already; this is that one.")
        return error.first_run_id or error.run_id or ""
    except (RPCError, RuntimeError, OSError):
        raise fail("Temporal does not answer; nothing was started.") from None
    run_id = started.first_execution_run_id or ""
    async with kept.transaction() as connection:
        await syncs.begin(
            connection, request, workflow_id=started.id, run_id=run_id, status=SyncStatus.QUEUED
        )
    typer.echo(f"The {request.mode} sync of store {request.store_id} is started.")
    return run_id


class Watch:
    """A sync as it goes on, on a terminal or in lines."""

    def __init__(self, kept: Database, client: Client, store_id: int, run_id: str) -> None:
        self._database = kept
        self._client = client
        self._store_id = store_id
        self._run_id = run_id
        self._console = Console()

    async def follow(self) -> Sync:
        """Show it to its end, then its report."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[changed]} changed"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as bar:
            task = bar.add_task("queued", total=None, changed=0)
            sync, looks, told = await self._read(), 0, ""
            while sync is None or sync.finished_at is None:
                if sync:
                    changed = sync.counts.new + sync.counts.changed
                    text = sync.reason or sync.status.value
                    bar.update(
                        task, description=text, total=sync.total, completed=sync.counts.seen, changed=changed
                    )
                    if text != told and not self._console.is_terminal:
                        typer.echo(f"{text} ({sync.counts.seen} of {sync.total or '?'})")
                        told = text
                await asyncio.sleep(LOOK_EVERY)
                looks += 1
                over = looks % ASK_TEMPORAL_EVERY == 0 and await self._over()
                sync = await self._read()
                if over and (sync is None or sync.finished_at is None):
                    raise fail("Its workflow ended before it could tell how; look at it in the Temporal UI.")
        await self._report(sync)
        return sync

    async def _over(self) -> bool:
        try:
            return await status_of(self._client, catalog_sync_id(self._store_id)) != "RUNNING"
        except RPCError:  # nobody can tell right now
            return False

    async def _read(self) -> Sync | None:
        async with self._database.reading() as connection:
            sync_id = await drift.under_way(connection, self._store_id, self._run_id)
            return await syncs.read(connection, self._store_id, sync_id) if sync_id else None

    async def _report(self, sync: Sync) -> None:
        async with self._database.reading() as connection:
            kinds = await sync_findings.by_kind(connection, sync.id)
        table = Table("", "", show_header=False)
        for name, meaning in COUNTED.items():
            table.add_row(meaning, str(getattr(sync.counts, name)))
        table.add_row("embedding tokens saved", str(sync.tokens_saved))
        for kind, count in sorted(kinds.items()):
            table.add_row(f"found: {kind.replace('_', ' ')}", str(count))
        self._console.print(table)
