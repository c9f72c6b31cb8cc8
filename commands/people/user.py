"""`pilito user`."""

from pathlib import Path
from typing import Annotated

import typer

from commands.environment import database, run, settings
from commands.output import AsJson, Confirmed, Limit, confirm, print_json, print_rows, say
from commands.people import accounts
from commands.people.accounts import Account, fields_of
from commands.people.create import creation
from commands.people.export import export_account
from commands.people.passwords import FromStdin, Password, choose
from commands.people.removal import remove_account
from contracts.wording.counted import counted
from database.access import users
from database.access.users import Person

user = typer.Typer(no_args_is_help=True, help="Manage accounts: users, who own stores, and admins.")

COLUMNS = ("id", "email", "is_staff", "is_active", "stores", "created_at", "seen_at")


@user.command("list")
def list_(
    part: Annotated[str, typer.Option("--search", help="Part of the email address.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """List accounts, newest first, with their number of stores and their last request in the console."""

    async def work() -> tuple[int, list[Person]]:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await users.page_of_people(connection, part=part, limit=limit)

    count, people = run(work())
    print_rows(list(map(fields_of, people)), COLUMNS, as_json=as_json, more=count - len(people))


user.command("create")(creation("a user", is_staff=False, said="can sign in."))


@user.command("password")
def password_(
    email: Account,
    password: Password = None,
    password_stdin: FromStdin = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Set a new password of a user or an admin, and end all sessions of the account."""
    accounts.read(email)
    person = accounts.set_password(email, choose(password, from_stdin=password_stdin))
    kind = "admin" if person.is_staff else "user"
    said = f"The password of the {kind} {person.email} is replaced; all sessions of the account are ended."
    say(said, fields_of(person), as_json=as_json)


@user.command("disable")
def disable(email: Account, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Close an account: it cannot sign in, its sessions end, and the tokens of its stores are refused."""
    person = accounts.change(email, is_active=False)
    said = f"{person.email} is disabled: its sessions are ended, and deliveries of its stores are refused."
    say(said, fields_of(person), as_json=as_json)


@user.command("enable")
def enable(email: Account, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Open a disabled account again, with the password it had."""
    person = accounts.change(email, is_active=True)
    say(f"{person.email} can sign in again.", fields_of(person), as_json=as_json)


@user.command("promote")
def promote(email: Account, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Make a user an admin; the password stays."""
    person = accounts.change(email, is_staff=True)
    say(f"{person.email} is an admin.", fields_of(person), as_json=as_json)


@user.command("demote")
def demote(email: Account, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Make an admin a user, who sees their own stores only; the password stays."""
    person = accounts.change(email, is_staff=False)
    say(f"{person.email} is no admin any more.", fields_of(person), as_json=as_json)


@user.command("remove")
def remove(
    email: Account,
    confirmed: Confirmed = False,  # noqa: FBT002 - a command line flag
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Remove an account with its stores and everything in them, also in the shops and in Temporal.

    Prints what remains where, and until when. May be repeated.
    """
    person = accounts.read(email)
    owned = counted(person.stores, "store")
    confirm(f"Remove {person.email} with {owned} and everything in them?", confirmed=confirmed)
    removed = remove_account(email)
    said = f"{person.email} is removed, with {owned}.\n{removed.sentences()}"
    say(said, {**fields_of(person), "removed": True, **removed.fields()}, as_json=as_json)


@user.command("export")
def export(
    email: Account,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the files, with products and events; without it, the account is printed."
        ),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Export an account with its stores and tokens as JSON; with --out, also all products and events.

    Secrets are not exported.
    """
    exported = export_account(email, out)
    if out is None:
        print_json(exported.account)
        return
    counts = (
        f"{counted(exported.products, 'product')} and {counted(exported.events, 'event')} of"
        f" {counted(exported.stores, 'store')}"
    )
    fields = {
        "folder": str(out),
        "stores": exported.stores,
        "products": exported.products,
        "events": exported.events,
    }
    say(f"{out} has the account, {counts}.", fields, as_json=as_json)
