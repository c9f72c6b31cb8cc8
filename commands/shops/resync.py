"""`pilito resync`."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from commands.environment import database, fail, run, settings, temporal
from commands.output import AsJson, print_json
from commands.shops.ids import StoreId
from commands.trouble import NEXT, temporal_problem
from connectors.registry import check_readable
from contracts.errors import InvalidField
from contracts.syncs import Sync, SyncMode, SyncRequest, SyncStatus
from database.access import stores
from database.connecting.problems import Problem
from database.engine import Database
from database.sync import findings as sync_findings
from database.sync import runs as drift
from database.sync import runs as syncs
from temporal.client import RUNNING, status_of
from temporal.starts import start_catalog_sync

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
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Compare a store with its shop and apply the differences. Ctrl-C stops watching, not the sync."""
    mode = SyncMode.FULL if full else SyncMode.INCREMENTAL
    request = SyncRequest(store_id=store_id, mode=mode, dry_run=dry_run, allow_gone=allow_gone)
    try:
        ended = run(_resync(request, wait=not no_wait, as_json=as_json))
    except KeyboardInterrupt:
        raise fail("The sync continues in the background.") from None
    if ended is None:
        return
    typer.echo(ended.reason, err=as_json)
    if ended.status is not SyncStatus.SUCCEEDED:
        raise typer.Exit(1)


async def _resync(request: SyncRequest, *, wait: bool, as_json: bool) -> Sync | None:
    """Start a sync. Returns it once it has ended, None without `wait`.

    With `as_json`, only JSON is printed to stdout: the ended sync, or the ids of the started workflow.
    """
    configured = settings(adopt=True)
    client = await temporal(configured, prompt=True)
    async with database(configured) as opened:
        await _check(opened, request.store_id)
        started, said = await _start(opened, client, request, task_queue=configured.task_queue)
        typer.echo(said, err=as_json)
        if wait:
            return await Watch(opened, client, request.store_id, started, as_json=as_json).follow()
    if as_json:
        print_json(asdict(started))
    return None


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


async def _start(
    opened: Database, client: Client, request: SyncRequest, *, task_queue: str
) -> tuple[Started, str]:
    """Start the sync, unless one of the store is running. Returns the run of the one that runs now.

    Also returns a sentence for people.
    """
    try:
        started = await start_catalog_sync(client, request, task_queue=task_queue)
    except WorkflowAlreadyStartedError as error:
        running = Started(workflow_id=error.workflow_id, run_id=error.first_run_id or error.run_id or "")
        return running, f"A sync of store {request.store_id} is already running; following that one."
    except (RPCError, RuntimeError, OSError) as error:
        problem = temporal_problem(error) or Problem(said="it does not answer", advice=NEXT)
        raise fail(f"Temporal: {problem.said}. {problem.advice} Nothing was started.") from None
    run_id = started.first_execution_run_id or ""
    async with opened.transaction() as connection:
        await syncs.begin(
            connection, request, workflow_id=started.id, run_id=run_id, status=SyncStatus.QUEUED
        )
    said = f"Started the {request.mode} sync of store {request.store_id}."
    return Started(workflow_id=started.id, run_id=run_id), said


class Watch:
    """Shows a running sync: a progress bar on a terminal, else a line for each new state."""

    def __init__(
        self, opened: Database, client: Client, store_id: int, started: Started, *, as_json: bool = False
    ) -> None:
        self._database = opened
        self._client = client
        self._store_id = store_id
        self._workflow_id, self._run_id = started.workflow_id, started.run_id
        self._as_json = as_json
        self._console = Console(stderr=as_json)

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
                        typer.echo(f"{state} ({sync.counts.seen} of {sync.total or '?'})", err=self._as_json)
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
        if self._as_json:
            print_json({**asdict(sync), "findings": kinds})
            return
        table = Table("", "", show_header=False)
        for name, meaning in COUNTED.items():
            table.add_row(meaning, str(getattr(sync.counts, name)))
        table.add_row("embedding tokens saved", str(sync.tokens_saved))
        for kind, count in sorted(kinds.items()):
            table.add_row(f"found: {kind.replace('_', ' ')}", str(count))
        self._console.print(table)
