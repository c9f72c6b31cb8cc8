"""`pilito user`."""

import sys
from typing import Annotated

import typer

from commands.environment import database, fail, run, settings
from database.access import provision, users
from database.access.accounts import email_problem, password_problem

user = typer.Typer(no_args_is_help=True, help="Manage users, who own stores.")

Email = Annotated[str, typer.Option(help="Email address for signing in.")]
Password = Annotated[
    str | None,
    typer.Option(help="Other users of this machine can see it; without it, the password is asked for."),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]

VISIBLE = "Other users of this machine can see a password in --password; use --password-stdin or the prompt."


@user.command("create")
def create(email: Email, password: Password = None, password_stdin: FromStdin = False) -> None:  # noqa: FBT002 - a switch
    """Create a user, or give an existing one a new password, which ends open sessions."""
    if not save(email, password, from_stdin=password_stdin, is_staff=False):
        typer.echo(f"{email} can sign in.")


def save(email: str, password: str | None, *, from_stdin: bool, is_staff: bool) -> bool:
    """Create a user or change an existing one; returns whether the account existed, and says so."""
    if problem := email_problem(email):
        raise fail(problem)
    chosen = _choose(password, from_stdin=from_stdin)
    if problem := password_problem(chosen):
        raise fail(problem)
    existed = run(_save(email, chosen, is_staff=is_staff))
    if existed:
        typer.echo(f"{email} existed already. It has the new password now, and its sessions have ended.")
    return existed


def _choose(password: str | None, *, from_stdin: bool) -> str:
    if from_stdin:
        if password is not None:
            raise fail("Use either --password or --password-stdin.")
        return sys.stdin.readline().rstrip("\r\n")
    if password is not None:
        typer.echo(VISIBLE, err=True)
        return password
    try:
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    except typer.Abort:
        raise fail("No password was given. Without a terminal, use --password-stdin.") from None
    return asked


async def _save(email: str, password: str, *, is_staff: bool) -> bool:
    async with database(settings(adopt=True)) as opened:
        async with opened.reading() as connection:
            known = await users.find_user(connection, email)
        await provision.save_user(opened, email=email, password=password, is_staff=is_staff)
    return known is not None
