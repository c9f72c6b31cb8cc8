"""`pilito admin`."""

import typer

from commands.people.create import creation

admin = typer.Typer(no_args_is_help=True, help="Manage admins, who may do everything with every store.")
admin.command("create")(creation("an admin", is_staff=True, said="is an admin."))
