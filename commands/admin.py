"""`pilito admin`."""

import typer

from commands.user import Email, FromStdin, Password, save

admin = typer.Typer(no_args_is_help=True, help="Manage admins, who may do everything with every store.")


@admin.command("create")
def create(email: Email, password: Password = None, password_stdin: FromStdin = False) -> None:  # noqa: FBT002 - a switch
    """Create an admin, or make an existing user an admin with a new password, which ends open sessions."""
    save(email, password, from_stdin=password_stdin, is_staff=True)
    typer.echo(f"{email} is an admin.")
