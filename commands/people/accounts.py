"""Accounts as verbs read and change them, by their email."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from pwdlib import PasswordHash

from commands.environment import database, fail, run, settings
from database.access import console_sessions, users
from database.access.accounts import email_problem
from database.access.users import Person
from database.engine import Database

Account = Annotated[str, typer.Argument(help="Email address of the account.", metavar="EMAIL")]

LAST_ADMIN = "{} is the last admin: make another one first, with `pilito admin create`. Nothing was changed."


def fields_of(person: Person) -> dict[str, Any]:
    """Returns an account as JSON and tables show it."""
    return asdict(person)


async def find(opened: Database, email: str) -> Person:
    """Returns the account with this email; exits with a sentence if there is none."""
    async with opened.reading() as connection:
        person = await users.find_person(connection, email.strip())
    if person is None:
        raise fail(f"There is no account {email!r}. `pilito user list` shows all of them.")
    return person


def create(email: str, password: str, *, is_staff: bool) -> Person:
    """Returns a new account; exits with a sentence if there is one with this email."""

    async def work() -> Person:
        hashed = PasswordHash.recommended().hash(password)
        async with database(settings(adopt=True)) as opened:
            async with opened.transaction() as connection:
                created = await users.create_user(
                    connection, email=email, password_hash=hashed, is_staff=is_staff
                )
            if created is None:
                raise fail(_exists(await find(opened, email), wants_admin=is_staff))
            return await find(opened, email)

    return run(work())


def check_email(email: str) -> None:
    """Exits with a sentence for a text that is no email address."""
    if problem := email_problem(email):
        raise fail(problem)


def _exists(person: Person, *, wants_admin: bool) -> str:
    kind = "an admin" if person.is_staff else "a user"
    said = (
        f"{person.email} is {kind} already; nothing was changed. `pilito user password {person.email}` sets a"
        " new password."
    )
    if wants_admin and not person.is_staff:
        said += f" `pilito user promote {person.email}` makes the user an admin."
    return said


def change(email: str, *, is_staff: bool | None = None, is_active: bool | None = None) -> Person:
    """Change the role of an account, and close or open it. Returns the account as it is afterwards.

    A closed account has no session. Exits with a sentence if no active admin would be left.
    """

    async def work() -> Person:
        async with database(settings(adopt=True)) as opened:
            person = await find(opened, email)
            await change_role(opened, person, is_staff=is_staff, is_active=is_active)
            return await find(opened, email)

    return run(work())


async def change_role(
    opened: Database, person: Person, *, is_staff: bool | None = None, is_active: bool | None = None
) -> None:
    """Do what `change` does, in an open database."""
    async with opened.transaction() as connection:
        changed = await users.change_role(connection, person.id, is_staff=is_staff, is_active=is_active)
        if changed and is_active is False:
            await console_sessions.end(connection, person.id)
    if not changed:
        raise fail(LAST_ADMIN.format(person.email))


def set_password(email: str, password: str) -> Person:
    """Set a password and end all sessions of the account. Returns the account."""

    async def work() -> Person:
        hashed = PasswordHash.recommended().hash(password)
        async with database(settings(adopt=True)) as opened:
            person = await find(opened, email)
            async with opened.transaction() as connection:
                await users.set_password(connection, person.id, hashed)
                await console_sessions.end(connection, person.id)
            return person

    return run(work())


def read(email: str) -> Person:
    """Returns an account."""

    async def work() -> Person:
        async with database(settings(adopt=True)) as opened:
            return await find(opened, email)

    return run(work())
