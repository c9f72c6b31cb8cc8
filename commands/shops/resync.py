"""`pilito resync`."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from commands.environment import database, fail, run, settings
from commands.shops.store import StoreId
from connectors.registry import check_readable
from contracts.errors import InvalidField
from contracts.syncs import Sync, SyncMode, SyncRequest, SyncStatus
from database.access import stores
from database.engine import Database
from database.sync import findings as sync_findings
from database.sync import runs as drift
from database.sync import runs as syncs
from temporal.client import RUNNING, connect, start_catalog_sync, status_of

POLL_SECONDS = 0.3
POLLS_PER_WORKFLOW_CHECK = 20
"""How often the sync's row is read between two questions whether its workflow still runs."""

COUNTED = {
    "seen": "products the shop lists",
    "new": "new here",
    "changed": "changed",
    "unchanged": "unchanged",
    "gone": "removed",
    "failed": "unreadable or not embedded",
    "embedded": "texts embedded",
    "reused": "texts with a reused vector",
    "tokens_spent": "embedding tokens spent",
}
"""Count of a sync -> its name in the report."""


def resync(
    store_id: StoreId,
    full: Annotated[  # noqa: FBT002 - a command line flag
        bool, typer.Option("--full", help="Compare all products, and remove those the shop no longer has.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report differences.")] = False,  # noqa: FBT002 - a command line flag
    allow_gone: Annotated[  # noqa: FBT002 - a command line flag
        bool, typer.Option("--allow-gone", help="Allow removing more than a fifth of the products.")
    ] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start the sync and exit.")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Compare a store with its shop and apply the differences. Ctrl-C stops watching, not the sync."""
    mode = SyncMode.FULL if full else SyncMode.INCREMENTAL
    request = SyncRequest(store_id=store_id, mode=mode, dry_run=dry_run, allow_gone=allow_gone)
    try:
        ended = run(_resync(request, wait=not no_wait))
    except KeyboardInterrupt:
        raise fail("The sync continues in the background.") from None
    if ended is None:
        return
    typer.echo(ended.reason)
    if ended.status is not SyncStatus.SUCCEEDED:
        raise typer.Exit(1)


async def _resync(request: SyncRequest, *, wait: bool) -> Sync | None:
    """Start a sync. Returns it once it has ended, None without `wait`."""
    configured = settings(adopt=True)
    if not configured.temporal_address:
        raise fail("No Temporal: set PILITO_TEMPORAL_ADDRESS, or start `pilito up` first.")
    async with database(configured) as opened:
        await _check(opened, request.store_id)
        client = await connect(configured.temporal_address, configured.temporal_namespace, prompt=True)
        started = await _start(opened, client, request, task_queue=configured.task_queue)
        return await Watch(opened, client, request.store_id, started).follow() if wait else None


async def _check(opened: Database, store_id: int) -> None:
    async with opened.reading() as connection:
        store = await stores.read(connection, store_id)
    if store is None:
        raise fail(f"There is no store {store_id}.")
    try:
        check_readable(store)
    except InvalidField as error:
        raise fail(f"Store {store_id} cannot be read. {error}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The workflow of a sync, and its first run."""

    workflow_id: str
    run_id: str


async def _start(opened: Database, client: Client, request: SyncRequest, *, task_queue: str) -> Started:
    """Start the sync, unless one of the store is running. Returns the run of the one that runs now."""
    try:
        started = await start_catalog_sync(client, request, task_queue=task_queue)
    except WorkflowAlreadyStartedError as error:
        typer.echo(f"A sync of store {request.store_id} is already running; following that one.")
        return Started(workflow_id=error.workflow_id, run_id=error.first_run_id or error.run_id or "")
    except (RPCError, RuntimeError, OSError):
        raise fail("Temporal does not answer; nothing was started.") from None
    run_id = started.first_execution_run_id or ""
    async with opened.transaction() as connection:
        await syncs.begin(
            connection, request, workflow_id=started.id, run_id=run_id, status=SyncStatus.QUEUED
        )
    typer.echo(f"Started the {request.mode} sync of store {request.store_id}.")
    return Started(workflow_id=started.id, run_id=run_id)


class Watch:
    """Shows a running sync: a progress bar on a terminal, else a line for each new state."""

    def __init__(self, opened: Database, client: Client, store_id: int, started: Started) -> None:
        self._database = opened
        self._client = client
        self._store_id = store_id
        self._workflow_id, self._run_id = started.workflow_id, started.run_id
        self._console = Console()

    async def follow(self) -> Sync:
        """Show the sync until it ends, then print its report. Returns the ended sync.

        Exits with a message if the workflow ends without writing a result.
        """
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[changed]} changed"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as bar:
            task = bar.add_task("queued", total=None, changed=0)
            sync, polls, printed = await self._read(), 0, ""
            while sync is None or sync.finished_at is None:
                if sync:
                    changed = sync.counts.new + sync.counts.changed
                    state = sync.reason or sync.status.value
                    bar.update(
                        task, description=state, total=sync.total, completed=sync.counts.seen, changed=changed
                    )
                    if state != printed and not self._console.is_terminal:
                        typer.echo(f"{state} ({sync.counts.seen} of {sync.total or '?'})")
                        printed = state
                await asyncio.sleep(POLL_SECONDS)
                polls += 1
                closed = polls % POLLS_PER_WORKFLOW_CHECK == 0 and await self._is_closed()
                sync = await self._read()
                if closed and (sync is None or sync.finished_at is None):
                    raise fail("The workflow ended without reporting a result; see the Temporal UI.")
        await self._report(sync)
        return sync

    async def _is_closed(self) -> bool:
        try:
            return await status_of(self._client, self._workflow_id) != RUNNING
        except RPCError:  # Temporal does not answer right now
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
