"""`pilito admin` and `pilito user`."""

from typing import Annotated

import typer

from commands.environment import database, run, settings
from database.access import provision

admin = typer.Typer(no_args_is_help=True, help="People who may administer.")
user = typer.Typer(no_args_is_help=True, help="People who own stores.")

Email = Annotated[str, typer.Option(help="what they sign in with")]
Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="asked for")
]


@admin.command("create")
def admin_create(email: Email, password: Password) -> None:
    """Make an admin, or give an existing one a new password."""
    run(provision.save_user(database(settings(adopt=True)), email=email, password=password, is_staff=True))
    typer.echo(f"{email} is an admin.")


@user.command("create")
def user_create(email: Email, password: Password) -> None:
    """Make a user, or give an existing one a new password, which ends its sessions."""
    run(provision.save_user(database(settings(adopt=True)), email=email, password=password))
    typer.echo(f"{email} can sign in.")
