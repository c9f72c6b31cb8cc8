"""`pilito admin create` and `pilito user create`."""

import pytest
from pwdlib import PasswordHash

from database.access import users
from database.access.users import User
from database.engine import Database
from tests.support.pilito import Pilito


async def read(database: Database, email: str) -> User:
    async with database.reading() as connection:
        user = await users.find_user(connection, email)
    assert user
    return user


EXISTED = "{} existed already. It has the new password now, and its sessions have ended.\n"


def accepts(user: User, password: str) -> bool:
    return PasswordHash.recommended().verify(password, user.password_hash)


async def test_an_admin_is_created(pilito: Pilito, database: Database) -> None:
    """The password is asked for twice and never printed."""
    printed = await pilito(
        "admin", "create", "--email", "New@Example.com", typed="a long word!\na long word!\n"
    )
    assert (printed.code, "New@Example.com is an admin." in printed.text) == (0, True), printed.text
    assert "a long word!" not in printed.text
    admin = await read(database, "new@example.com")
    assert (admin.is_staff, accepts(admin, "a long word!")) == (True, True)


async def test_passwords_that_differ_create_nothing(pilito: Pilito, database: Database) -> None:
    """A typing error locks no admin out."""
    printed = await pilito("admin", "create", "--email", "typo@example.com", typed="one\nother\n")
    assert printed.code == 1
    async with database.reading() as connection:
        assert await users.find_user(connection, "typo@example.com") is None


async def test_a_user_is_created_and_gets_a_new_password(pilito: Pilito, database: Database) -> None:
    """A new password ends the sessions that the old one opened."""
    changed_at = []
    for password, says in (
        ("the first password", "u@example.com can sign in.\n"),
        ("the second password", EXISTED.format("u@example.com")),
    ):
        create = ("user", "create", "--email", "u@example.com", "--password-stdin")
        printed = await pilito(*create, typed=f"{password}\n")
        assert (printed.code, printed.text) == (0, says)
        user = await read(database, "u@example.com")
        assert (user.is_staff, accepts(user, password)) == (False, True)
        changed_at.append(user.password_at)
    assert changed_at[0] < changed_at[1]


async def test_a_user_becomes_an_admin_and_stays_one(pilito: Pilito, database: Database) -> None:
    """`user create` for an existing admin changes only the password."""
    for verb in ("user", "admin", "user"):
        await pilito(verb, "create", "--email", "both@example.com", "--password", f"password as {verb}")
    admin = await read(database, "both@example.com")
    assert (admin.is_staff, accepts(admin, "password as user")) == (True, True)


@pytest.mark.parametrize("verb", ["user", "admin"])
@pytest.mark.parametrize("how", ["option", "stdin", "prompt"])
async def test_a_short_password_is_refused(pilito: Pilito, database: Database, verb: str, how: str) -> None:
    """However it is given; eleven characters are too few."""
    short = "elevenchars"
    create = (verb, "create", "--email", "short@example.com")
    match how:
        case "option":
            printed = await pilito(*create, "--password", short)
        case "stdin":
            printed = await pilito(*create, "--password-stdin", typed=f"{short}\n")
        case _:
            printed = await pilito(*create, typed=f"{short}\n{short}\n")
    assert (printed.code, "at least 12 characters" in printed.text) == (1, True), printed.text
    async with database.reading() as connection:
        assert await users.find_user(connection, "short@example.com") is None


@pytest.mark.parametrize(
    "email", ["", "notanemail", "a@", "@b", "a b@c.d", "a@b@c", "a@b\n.c", "<a@b.c>", f"{'a' * 250}@b.cd"]
)
async def test_an_account_needs_an_email_address(pilito: Pilito, email: str) -> None:
    """The sentence shows what was given."""
    printed = await pilito("user", "create", f"--email={email}", "--password-stdin", typed="twelve letters\n")
    assert (printed.code, "is not an email address" in printed.text) == (1, True), printed.text


async def test_a_visible_password_is_warned_about(pilito: Pilito) -> None:
    """Other users of the machine see it in the list of processes."""
    create = ("user", "create", "--email", "seen@example.com", "--password", "twelve letters")
    printed = await pilito(*create)
    assert (printed.code, "--password-stdin" in printed.text) == (0, True), printed.text
    both = await pilito(*create, "--password-stdin", typed="twelve letters\n")
    assert (both.code, "Use either" in both.text) == (1, True), both.text


async def test_without_a_terminal_the_way_is_named(pilito: Pilito) -> None:
    """As with `docker compose exec -T`."""
    printed = await pilito("user", "create", "--email", "none@example.com", typed="")
    assert (printed.code, "--password-stdin" in printed.text) == (1, True), printed.text


async def test_a_missing_database_is_named(pilito: Pilito) -> None:
    """One sentence says which setting is missing."""
    printed = await pilito(
        "admin", "create", "--email", "a@example.com", "--password", "twelve letters", PILITO_DATABASE_URL=""
    )
    assert (printed.code, "set PILITO_DATABASE_URL" in printed.text) == (1, True), printed.text


async def test_an_invalid_setting_is_named(pilito: Pilito) -> None:
    """With the name of the variable and without its value."""
    printed = await pilito("store", "list", PILITO_SECRET_KEY="short-secret")
    assert (printed.code, "SECRET_KEY: " in printed.text) == (1, True), printed.text
    assert "short-secret" not in printed.text
