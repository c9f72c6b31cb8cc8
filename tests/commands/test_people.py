"""`pilito admin` and `pilito user`."""

import json
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from sqlalchemy import text

from database.access import users
from database.access.users import User
from database.engine import Database
from tests.support.pilito import Pilito


async def read(database: Database, email: str) -> User:
    async with database.reading() as connection:
        user = await users.find_user(connection, email)
    assert user
    return user


ROWS = text("""
    WITH event AS (
        INSERT INTO events (store_id, event_id, event_type, external_id, product_key, workflow_id, status,
                            payload)
        VALUES (:store, 'e', 'product.updated', 'woo_1', 'woo_1', 'w', 'succeeded', '{"id": 1}'))
    INSERT INTO products (store_id, user_id, external_source, external_id, title, currency, status, is_active,
                          content_hash)
    VALUES (:store, :user, 'woocommerce', 'woo_1', 'لامپ', 'IRT', 'publish', true, 'h')
""")

LEFT = text("""
    SELECT (SELECT count(*) FROM users WHERE id = :user) + (SELECT count(*) FROM stores WHERE user_id = :user)
         + (SELECT count(*) FROM products WHERE store_id = :store)
         + (SELECT count(*) FROM events WHERE store_id = :store)
         + (SELECT count(*) FROM integration_tokens WHERE user_id = :user)
""")


def accepts(user: User, password: str) -> bool:
    return PasswordHash.recommended().verify(password, user.password_hash)


async def test_an_admin_is_created(pilito: Pilito, database: Database) -> None:
    """The password is asked for twice and never printed."""
    printed = await pilito(
        "admin", "create", "--email", "New@Example.com", typed="a long word!\na long word!\n"
    )
    assert (printed.code, "new@example.com is an admin." in printed.text) == (0, True), printed.text
    assert "a long word!" not in printed.text
    admin = await read(database, "new@example.com")
    assert (admin.is_staff, accepts(admin, "a long word!")) == (True, True)


async def test_passwords_that_differ_create_nothing(pilito: Pilito, database: Database) -> None:
    """A typing error locks no admin out."""
    printed = await pilito("admin", "create", "--email", "typo@example.com", typed="one\nother\n")
    assert printed.code == 1
    async with database.reading() as connection:
        assert await users.find_user(connection, "typo@example.com") is None


async def test_a_new_password_ends_sessions(pilito: Pilito, database: Database) -> None:
    """It is set by a verb of its own, and the account keeps its role."""
    email = "u@example.com"
    create = ("user", "create", "--email", email, "--password-stdin")
    printed = await pilito(*create, typed="the first password\n")
    assert (printed.code, printed.text) == (0, f"{email} can sign in.\n")
    before = await read(database, email)
    printed = await pilito("user", "password", email, "--password-stdin", typed="گذرواژه‌ی تازه‌ی من\n")
    assert printed.text == (
        f"The password of the user {email} is replaced; all sessions of the account are ended.\n"
    )
    after = await read(database, email)
    assert (after.is_staff, accepts(after, "گذرواژه‌ی تازه‌ی من")) == (False, True)
    assert before.password_at < after.password_at


@pytest.mark.parametrize("verb", ["user", "admin"])
async def test_creating_an_account_that_exists_changes_nothing(
    pilito: Pilito, database: Database, verb: str
) -> None:
    """Neither its password nor its role; the sentence names the verbs that do."""
    email = f"exists-{verb}@example.com"
    create = ("create", "--email", email, "--password-stdin")
    await pilito("user", *create, typed="the first password\n")
    before = await read(database, email)
    printed = await pilito(verb, *create, typed="the second password\n")
    assert (printed.code, "already; nothing was changed" in printed.text) == (1, True), printed.text
    assert f"`pilito user password {email}`" in printed.text
    assert (f"`pilito user promote {email}`" in printed.text) == (verb == "admin")
    assert await read(database, email) == before


async def test_roles_and_closed_accounts(pilito: Pilito, database: Database, owner: str) -> None:
    """Each verb says what holds now, and the list shows it; the email is found in any case."""
    other = ("--email", "another-admin@example.com", "--password-stdin")
    await pilito("admin", "create", *other, typed="twelve letters\n")
    for verb, says, staff, active in (
        ("promote", "is an admin", True, True),
        ("demote", "is no admin any more", False, True),
        ("disable", "is disabled", False, False),
        ("enable", "can sign in again", False, True),
    ):
        printed = await pilito("user", verb, owner.upper())
        assert (printed.code, says in printed.text) == (0, True), printed.text
        user = await read(database, owner)
        assert (user.is_staff, user.is_active) == (staff, active)
    listed = json.loads((await pilito("user", "list", "--search", owner.upper(), "--json")).text)
    assert [(one["email"], one["is_active"]) for one in listed] == [(owner, True)]
    assert owner in (await pilito("user", "list", "--search", owner)).text


async def test_the_last_admin_stays(pilito: Pilito, database: Database) -> None:
    """Neither demoted nor disabled nor removed, because the console would have no admin left."""
    last = "last@example.com"
    await pilito("admin", "create", "--email", last, "--password-stdin", typed="twelve letters\n")
    for one in json.loads((await pilito("user", "list", "--json", "--limit", 1000)).text):
        if one["is_staff"] and one["email"] != last:
            await pilito("user", "demote", one["email"])
    for verb in (("demote",), ("disable",), ("remove", "--yes")):
        printed = await pilito("user", *verb, last)
        assert (printed.code, "is the last admin" in printed.text) == (1, True), printed.text
    assert (await read(database, last)).is_active


@pytest.mark.parametrize("verb", ["password", "disable", "enable", "promote", "demote", "remove", "export"])
async def test_an_unknown_account_is_named(pilito: Pilito, verb: str) -> None:
    """With the command that lists all accounts."""
    printed = await pilito("user", verb, "stranger@example.com", typed="")
    assert printed.code == 1
    assert printed.text == (
        "There is no account 'stranger@example.com'. `pilito user list` shows all of them.\n"
    )


async def test_an_account_is_exported_and_removed(pilito: Pilito, database: Database, tmp_path: Path) -> None:
    """With its stores, tokens, products and events; the export holds no secret."""
    email = "leaves@example.com"
    await pilito("user", "create", "--email", email, "--password-stdin", typed="twelve letters\n")
    created = await pilito.token("--email", email, "--store", "فروشگاه")
    async with database.transaction() as connection:
        await connection.execute(ROWS, {"store": created["store_id"], "user": created["user_id"]})
    account = json.loads((await pilito("user", "export", email)).text)
    assert (account["account"]["email"], account["stores"][0]["name"]) == (email, "فروشگاه")
    assert account["tokens"][0]["preview"] == created["token_preview"]
    assert not {"webhook_secret", "webhook_secret_before", "credentials"} & account["stores"][0].keys()
    assert "password_hash" not in account["account"]
    assert "secret_hash" not in account["tokens"][0]
    folder = tmp_path / "export"
    printed = await pilito("user", "export", email, "--out", folder)
    assert printed.text == f"{folder} has the account, 1 product and 1 event of 1 store.\n"
    files = folder / f"store-{created['store_id']}"
    assert json.loads((files / "products.jsonl").read_text())["title"] == "لامپ"
    assert json.loads((files / "events.jsonl").read_text())["payload"] == {"id": 1}
    assert files.joinpath("events.jsonl").stat().st_mode & 0o077 == 0
    again = await pilito("user", "export", email, "--out", folder)
    assert (again.code, "is not empty" in again.text) == (1, True)
    asked = await pilito("user", "remove", email, typed="n\n")
    assert (asked.code, "with 1 store and everything" in asked.text) == (1, True)
    without_terminal = await pilito("user", "remove", email, typed="")
    assert (without_terminal.code, "add --yes" in without_terminal.text) == (1, True)
    removed = await pilito("user", "remove", email, "--yes")
    assert (removed.code, "is removed, with 1 store" in removed.text) == (0, True), removed.text
    async with database.reading() as connection:
        left = await connection.execute(LEFT, {"store": created["store_id"], "user": created["user_id"]})
        assert left.scalar_one() == 0


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
