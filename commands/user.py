"""`pilito user`."""

from typing import Annotated

import typer

from commands.environment import database, run, settings
from database.access import provision

user = typer.Typer(no_args_is_help=True, help="Manage users, who own stores.")

Email = Annotated[str, typer.Option(help="Email address for signing in.")]
Password = Annotated[
    str,
    typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if missing."),
]


@user.command("create")
def create(email: Email, password: Password) -> None:
    """Create a user, or give an existing one a new password, which ends open sessions."""
    run(save(email, password, is_staff=False))
    typer.echo(f"{email} can sign in.")


async def save(email: str, password: str, *, is_staff: bool) -> None:
    """Create a user or change an existing one, in the configured database."""
    async with database(settings(adopt=True)) as opened:
        await provision.save_user(opened, email=email, password=password, is_staff=is_staff)
