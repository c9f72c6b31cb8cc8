"""`pilito`: everything an operator types."""

import json
import os
from collections.abc import Coroutine
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvicorn
import uvloop
from alembic import command
from alembic.config import Config
from pydantic import ValidationError
from rich.console import Console

import doctor as examination
import settings as configuration
import worker as worker_process
from api.app import create_app
from database import provision, tokens, vector_index
from database.engine import Database, create_engine
from settings import Settings
from workflows.client import connect, register_search_attributes
from workflows.schedules import ensure_schedules

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Keep a shop's knowledge base true.")
admin = typer.Typer(no_args_is_help=True, help="People who may administer.")
user = typer.Typer(no_args_is_help=True, help="People who own stores.")
token = typer.Typer(no_args_is_help=True, help="Tokens that shops send events with.")
app.add_typer(admin, name="admin")
app.add_typer(user, name="user")
app.add_typer(token, name="token")

console = Console()
Answer = TypeVar("Answer")

ROOT = Path(__file__).parent


def _run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return uvloop.run(work)


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def _settings(*, adopt: bool = False) -> Settings:
    """The settings; `adopt` fills in what a `pilito up` of this checkout decided when it runs."""
    try:
        found = configuration.load()
        if adopt and not found.database_url and find_spec("embedded"):
            from embedded.environment import running  # not in the image

            os.environ.update(running(found.state_dir))
            configuration.load.cache_clear()
            found = configuration.load()
    except ValidationError as error:
        problems = "\n".join(
            f"  {'.'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise _fail(f"These settings cannot be used:\n{problems}") from None
    return found


def _alembic(found: Settings) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("sqlalchemy.url", (found.database_url or "").replace("%", "%%"))
    return config


def _database(found: Settings) -> Database:
    if not found.database_url:
        raise _fail("No database: set PILITO_DATABASE_URL, or start `pilito up` first.")
    return Database(create_engine(found.database_url, pool_size=1))


@app.command()
def up() -> None:
    """Start everything this machine needs, with a sample shop, until Ctrl-C."""
    if not find_spec("embedded"):
        raise _fail("This installation starts no servers: run `pilito api` and `pilito worker` beside yours.")
    from embedded import stack, welcome  # not in the image

    raise typer.Exit(stack.run(_settings(), on_ready=welcome.greet))


@app.command()
def api() -> None:
    """Serve HTTP."""
    found = _settings()
    uvicorn.run(
        create_app(found),
        host=found.api_host,
        port=found.api_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


@app.command()
def worker() -> None:
    """Work on events."""
    _settings()
    worker_process.main()


@app.command()
def migrate() -> None:
    """Bring the database to this version: its tables, then the index of the configured vectors."""
    found = _settings(adopt=True)
    if not found.database_url:
        raise _fail("No database: set PILITO_DATABASE_URL.")
    command.upgrade(_alembic(found), "head")
    vector_index.ensure(
        found.database_url, model=found.embedding_model, dimensions=found.embedding_dimensions
    )


@app.command()
def prepare_temporal() -> None:
    """Register our search attributes with a Temporal server that lacks them, and make our schedules."""
    found = _settings(adopt=True)

    async def prepare() -> list[str]:
        if not found.temporal_address:
            raise _fail("No Temporal: set PILITO_TEMPORAL_ADDRESS.")
        client = await connect(found.temporal_address, found.temporal_namespace)
        registered = await register_search_attributes(client)
        await ensure_schedules(client, task_queue=found.task_queue)
        return registered

    typer.echo(f"Registered: {', '.join(_run(prepare())) or 'nothing was missing'}")


@app.command()
def doctor() -> None:
    """Look at everything the service stands on and say what to do."""
    found = _settings(adopt=True)

    async def examine() -> int:
        ill = 0
        async for finding in examination.examine(found, _alembic(found)):
            console.print(f"{'✗' if finding.advice else '✓'} {finding.subject}: {finding.said}", markup=False)
            if finding.advice:
                ill += 1
                console.print(f"  → {finding.advice}", markup=False)
        return ill

    raise typer.Exit(1 if _run(examine()) else 0)


@admin.command("create")
def admin_create(
    email: Annotated[str, typer.Option(help="what the admin signs in with")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="asked for")
    ],
) -> None:
    """Make an admin, or give an existing one a new password."""
    database = _database(_settings(adopt=True))
    _run(provision.save_user(database, email=email, password=password, is_staff=True))
    typer.echo(f"{email} is an admin.")


@user.command("create")
def user_create(
    email: Annotated[str, typer.Option(help="what the user signs in with")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="asked for")
    ],
) -> None:
    """Make a user, or give an existing one a new password, which ends its sessions."""
    database = _database(_settings(adopt=True))
    _run(provision.save_user(database, email=email, password=password))
    typer.echo(f"{email} can sign in.")


@token.command("create")
def token_create(
    email: Annotated[str | None, typer.Option(help="the owner; the configured admin if not given")] = None,
    store: Annotated[str, typer.Option(help="name of the store; made if there is none")] = "My shop",
    name: Annotated[str, typer.Option(help="what to call the token")] = "Integration Token",
    integration_type: Annotated[str, typer.Option("--type", help=", ".join(tokens.FORMATS))] = "woocommerce",
    currency: Annotated[str | None, typer.Option(help="of a store that is made now")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Make a token for a store; its secret is shown this once."""
    if integration_type not in tokens.FORMATS:
        raise _fail(f"Unknown type {integration_type!r}; expected one of {', '.join(tokens.FORMATS)}.")
    found = _settings(adopt=True)
    owner = email or found.admin_email
    issued = _run(
        provision.issue_token(
            _database(found),
            email=owner,
            store_name=store,
            name=name,
            integration_type=integration_type,
            currency=currency,
        )
    )
    if issued is None:
        raise _fail(f"There is no user {owner}; make one with `pilito admin create --email {owner}`.")
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "id": issued.id,
                    "token": issued.secret,
                    "token_preview": issued.preview,
                    "integration_type": issued.integration_type,
                    "name": issued.name,
                    "user_id": issued.user_id,
                    "store_id": issued.store_id,
                }
            )
        )
        return
    typer.echo(f"Token for store {issued.store_id} ({store}), shown only now:\n\n  {issued.secret}\n")
    typer.echo("Paste it into the plugin's settings: WooCommerce → پیلیتو Sync.")


if __name__ == "__main__":
    app()
