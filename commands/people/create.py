"""`pilito user create` and `pilito admin create`."""

from collections.abc import Callable
from typing import Annotated

import typer

from commands.output import AsJson, say
from commands.people import accounts
from commands.people.passwords import FromStdin, Password, choose

Email = Annotated[str, typer.Option(help="Email address for signing in.")]


def creation(kind: str, *, is_staff: bool, said: str) -> Callable[..., None]:
    """Returns the command that creates accounts of one kind; `said` is printed after the new email."""

    def create(
        email: Email,
        password: Password = None,
        password_stdin: FromStdin = False,  # noqa: FBT002 - a command line flag
        as_json: AsJson = False,  # noqa: FBT002 - a command line flag
    ) -> None:
        accounts.check_email(email)
        person = accounts.create(email, choose(password, from_stdin=password_stdin), is_staff=is_staff)
        say(f"{person.email} {said}", accounts.fields_of(person), as_json=as_json)

    create.__doc__ = f"Create {kind}. An account that exists is not changed."
    return create
