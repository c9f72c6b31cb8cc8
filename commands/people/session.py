"""`pilito session`."""

from typing import Annotated

import typer

from commands.environment import database, fail, run, settings
from commands.output import AsJson, say
from commands.people.accounts import find
from contracts.wording.counted import counted
from database.access import console_sessions

session = typer.Typer(
    no_args_is_help=True, help="Manage the sessions of people, in the console and of the API."
)


@session.callback()
def sessions() -> None:
    """Manage the sessions of people, in the console and of the API."""


@session.command("end")
def end(
    user: Annotated[str | None, typer.Option(help="Email address of the account.")] = None,
    of_all: Annotated[bool, typer.Option("--all", help="End the sessions of all accounts.")] = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """End all sessions of an account, or of all accounts, at once. Passwords stay."""
    if (user is not None) == of_all:
        raise fail("Name one of: --user, --all.")

    async def work() -> int:
        async with database(settings(adopt=True)) as opened:
            account = None if user is None else (await find(opened, user)).id
            async with opened.transaction() as connection:
                return await console_sessions.end_everywhere(connection, account)

    count = run(work())
    of = counted(count, "account") if user is None else user
    say(f"All sessions of {of} are ended.", {"accounts": count, "ended": True}, as_json=as_json)
