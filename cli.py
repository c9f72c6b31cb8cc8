"""`pilito`: the command line of operators. Each verb is a module of `commands`."""

from typing import Annotated

import typer

from commands.after_restore import after_restore
from commands.data.backup import backup
from commands.data.restore import restore
from commands.doctor.command import doctor
from commands.people.admin import admin
from commands.people.session import session
from commands.people.user import user
from commands.prepare import migrate, prepare_temporal
from commands.roll_out import roll_out
from commands.server import api, up, worker
from commands.shops.events import events
from commands.shops.feed import feed
from commands.shops.resync import resync
from commands.shops.store import reseal, store
from commands.shops.sync import sync
from commands.shops.synonyms import synonyms
from commands.shops.token import token
from commands.trouble import Sentences
from contracts.ids import VERSION

app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Keep a pgvector knowledge base in sync with the catalogues of shops.",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        typer.echo(f"pilito {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[  # noqa: FBT002 - a command line flag
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Keep a pgvector knowledge base in sync with the catalogues of shops."""


for verb in (up, api, worker, migrate, prepare_temporal, doctor, backup, restore, after_restore):
    app.command()(verb)
app.add_typer(admin, name="admin")
app.add_typer(user, name="user")
app.add_typer(session, name="session")
app.add_typer(token, name="token")
app.add_typer(store, name="store")
app.add_typer(events, name="events")
app.add_typer(sync, name="sync")
app.add_typer(synonyms, name="synonyms")
app.command()(feed)
app.command()(resync)
app.command()(roll_out)
app.command()(reseal)


if __name__ == "__main__":
    app()
