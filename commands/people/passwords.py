"""How verbs get a password: from a prompt, from stdin, or from an option that other users can see."""

import sys
from typing import Annotated

import typer

from commands.environment import fail
from database.access.accounts import password_problem

Password = Annotated[
    str | None,
    typer.Option(help="Other users of this machine can see it; without it, the password is asked for."),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]

VISIBLE = "Other users of this machine can see a password in --password; use --password-stdin or the prompt."


def choose(password: str | None, *, from_stdin: bool) -> str:
    """Returns the password that was given; exits with a sentence if there is none or it is refused."""
    chosen = _given(password, from_stdin=from_stdin)
    if problem := password_problem(chosen):
        raise fail(problem)
    return chosen


def _given(password: str | None, *, from_stdin: bool) -> str:
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
        raise fail("No terminal asked for a password: add --password-stdin. Nothing was changed.") from None
    return asked
