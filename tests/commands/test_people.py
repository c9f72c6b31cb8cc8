"""`pilito admin create` and `pilito user create`."""

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


def accepts(user: User, password: str) -> bool:
    return PasswordHash.recommended().verify(password, user.password_hash)


async def test_an_admin_is_created(pilito: Pilito, database: Database) -> None:
    """The password is asked for twice and never printed."""
    printed = await pilito("admin", "create", "--email", "New@Example.com", typed="a secret\na secret\n")
    assert (printed.code, "New@Example.com is an admin." in printed.text) == (0, True), printed.text
    assert "a secret" not in printed.text
    admin = await read(database, "new@example.com")
    assert (admin.is_staff, accepts(admin, "a secret")) == (True, True)


async def test_passwords_that_differ_create_nothing(pilito: Pilito, database: Database) -> None:
    """A typing error locks no admin out."""
    printed = await pilito("admin", "create", "--email", "typo@example.com", typed="one\nother\n")
    assert printed.code == 1
    async with database.reading() as connection:
        assert await users.find_user(connection, "typo@example.com") is None


async def test_a_user_is_created_and_gets_a_new_password(pilito: Pilito, database: Database) -> None:
    """A new password ends the sessions that the old one opened."""
    changed_at = []
    for password in ("first", "second"):
        printed = await pilito("user", "create", "--email", "u@example.com", "--password", password)
        assert (printed.code, printed.text) == (0, "u@example.com can sign in.\n")
        user = await read(database, "u@example.com")
        assert (user.is_staff, accepts(user, password)) == (False, True)
        changed_at.append(user.password_at)
    assert changed_at[0] < changed_at[1]


async def test_a_user_becomes_an_admin_and_stays_one(pilito: Pilito, database: Database) -> None:
    """`user create` for an existing admin changes only the password."""
    for verb in ("user", "admin", "user"):
        await pilito(verb, "create", "--email", "both@example.com", "--password", f"as {verb}")
    admin = await read(database, "both@example.com")
    assert (admin.is_staff, accepts(admin, "as user")) == (True, True)


async def test_a_missing_database_is_named(pilito: Pilito) -> None:
    """One sentence says which setting is missing."""
    printed = await pilito(
        "admin", "create", "--email", "a@example.com", "--password", "p", PILITO_DATABASE_URL=""
    )
    assert (printed.code, "set PILITO_DATABASE_URL" in printed.text) == (1, True), printed.text


async def test_an_invalid_setting_is_named(pilito: Pilito) -> None:
    """With the name of the variable and without its value."""
    printed = await pilito("store", "list", PILITO_SECRET_KEY="short-secret")
    assert (printed.code, "SECRET_KEY: " in printed.text) == (1, True), printed.text
    assert "short-secret" not in printed.text
