"""`pilito admin`."""

import typer

from commands.environment import run
from commands.user import Email, Password, save

admin = typer.Typer(no_args_is_help=True, help="Manage admins, who may do everything with every store.")


@admin.command("create")
def create(email: Email, password: Password) -> None:
    """Create an admin, or make an existing user an admin with a new password, which ends open sessions."""
    run(save(email, password, is_staff=True))
    typer.echo(f"{email} is an admin.")
