"""`pilito`: everything an operator types."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from alembic import command
from alembic.config import Config
from rich.console import Console

import worker as worker_process
from api.app import create_app
from api.middleware.http_protocol import bounded
from commands import doctor as examination
from commands import people, stores, syncs, tokens
from commands.environment import fail, run, settings
from database.chunks import vector_index
from observability import logs
from settings import Settings
from temporal import client as runtime
from temporal.client import connect, register_search_attributes
from temporal.schedules import ensure_schedules

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Keep a shop's knowledge base true.")
app.add_typer(people.admin, name="admin")
app.add_typer(people.user, name="user")
app.add_typer(tokens.token, name="token")
app.add_typer(stores.store, name="store")
app.command()(syncs.resync)
app.command()(stores.reseal)

console = Console()

ROOT = Path(__file__).parent


def _alembic(found: Settings) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", (found.database_url or "").replace("%", "%%"))
    return config


@app.command()
def up() -> None:
    """Start everything this machine needs, with a sample shop, until Ctrl-C."""
    if not find_spec("embedded"):
        raise fail("This installation starts no servers: run `pilito api` and `pilito worker` beside yours.")
    from embedded import stack, welcome  # not in the image

    raise typer.Exit(stack.run(settings(), on_ready=welcome.greet))


@app.command()
def api() -> None:
    """Serve HTTP."""
    found = settings()
    logs.configure(found.log_format)
    runtime.install()
    uvicorn.run(
        create_app(found),
        host=found.api_host,
        port=found.api_port,
        loop="uvloop",
        http=bounded(found.request_timeout_seconds),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


@app.command()
def worker(
    only: Annotated[
        worker_process.Share | None, typer.Option(help="Do only this, and leave the rest to other processes.")
    ] = None,
) -> None:
    """Work on events and on bulk syncs."""
    found = settings()
    logs.configure(found.log_format)
    if only is worker_process.Share.BULK:
        os.nice(worker_process.COURTESY)
    runtime.install(found.worker_metrics_address)
    worker_process.main(only)


@app.command()
def migrate() -> None:
    """Bring the database to this version: its tables, then the index of the configured vectors."""
    found = settings(adopt=True)
    if not found.database_url:
        raise fail("No database: set PILITO_DATABASE_URL.")
    command.upgrade(_alembic(found), "head")
    vector_index.ensure(
        found.database_url, model=found.embedding_model, dimensions=found.embedding_dimensions
    )


@app.command()
def prepare_temporal() -> None:
    """Register our search attributes with a Temporal server that lacks them, and make our schedules."""
    found = settings(adopt=True)

    async def prepare() -> list[str]:
        if not found.temporal_address:
            raise fail("No Temporal: set PILITO_TEMPORAL_ADDRESS.")
        client = await connect(found.temporal_address, found.temporal_namespace)
        registered = await register_search_attributes(client)
        await ensure_schedules(client, task_queue=found.task_queue)
        return registered

    typer.echo(f"Registered: {', '.join(run(prepare())) or 'nothing was missing'}")


@app.command()
def doctor() -> None:
    """Look at everything the service stands on and say what to do."""
    found = settings(adopt=True)

    async def examine() -> int:
        ill = 0
        async for finding in examination.examine(found, _alembic(found)):
            console.print(f"{'✗' if finding.advice else '✓'} {finding.subject}: {finding.said}", markup=False)
            if finding.advice:
                ill += 1
                console.print(f"  → {finding.advice}", markup=False)
        return ill

    raise typer.Exit(1 if run(examine()) else 0)


if __name__ == "__main__":
    app()
