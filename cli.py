"""`pilito`: the command line of operators. Each verb is a module of `commands`."""

import typer

from commands.admin import admin
from commands.after_restore import after_restore
from commands.doctor.command import doctor
from commands.feed import feed
from commands.prepare import migrate, prepare_temporal
from commands.resync import resync
from commands.roll_out import roll_out
from commands.server import api, up, worker
from commands.store import reseal, store
from commands.synonyms import synonyms
from commands.token import token
from commands.trouble import Sentences
from commands.user import user

app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Keep a pgvector knowledge base in sync with the catalogues of shops.",
)
for verb in (up, api, worker, migrate, prepare_temporal, doctor, after_restore):
    app.command()(verb)
app.add_typer(admin, name="admin")
app.add_typer(user, name="user")
app.add_typer(token, name="token")
app.add_typer(store, name="store")
app.add_typer(synonyms, name="synonyms")
app.command()(feed)
app.command()(resync)
app.command()(roll_out)
app.command()(reseal)


if __name__ == "__main__":
    app()
