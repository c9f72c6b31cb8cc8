"""`pilito admin`."""

import typer

from commands.output import AsJson, say
from commands.people import accounts
from commands.people.passwords import FromStdin, Password, choose
from commands.people.user import Email

admin = typer.Typer(no_args_is_help=True, help="Manage admins, who may do everything with every store.")


@admin.command("create")
def create(
    email: Email,
    password: Password = None,
    password_stdin: FromStdin = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Create an admin. An account that exists is not changed."""
    accounts.check_email(email)
    person = accounts.create(email, choose(password, from_stdin=password_stdin), is_staff=True)
    say(f"{person.email} is an admin.", accounts.fields_of(person), as_json=as_json)
