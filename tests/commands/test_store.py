"""`pilito store` and `pilito reseal`."""

import json
from pathlib import Path
from typing import get_args

import pytest

from contracts.errors import UnknownKey
from crypto import SecretBox
from database.access import stores
from database.data.export import Kind
from database.engine import Database
from tests.support.environment import SECRET_KEY
from tests.support.pilito import Pilito

NEW_KEY = "another key of thirty-two bytes or more"


async def secrets_of(database: Database, store_id: int, *keys: str) -> list[str]:
    """Returns the webhook secrets that are valid for a store, decrypted with these keys, newest first."""
    async with database.reading() as connection:
        terms = await stores.delivery_terms(connection, store_id)
    assert terms
    return [SecretBox(keys or (SECRET_KEY,)).decrypt(secret) for secret in terms.encrypted_secrets]


async def test_stores_are_listed_newest_first(pilito: Pilito, owner: str) -> None:
    """With id, type, name and owner; the number of stores beyond the limit is printed."""
    ids = [
        (await pilito.token("--email", owner, "--store", name, "--type", type_))["store_id"]
        for name, type_ in (("Older", "custom"), ("Newer", "shopify"))
    ]
    printed = await pilito("store", "list")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.text.splitlines()]
    assert [row[:4] for row in rows if row and row[0] in map(str, ids)] == [
        [str(ids[1]), "shopify", "Newer", owner],
        [str(ids[0]), "custom", "Older", owner],
    ]
    printed = await pilito("store", "list", "--limit", 1)
    assert ("Newer" in printed.text, "Older" in printed.text, "more." in printed.text) == (
        True,
        False,
        True,
    )


async def test_a_store_is_shown(pilito: Pilito, owner: str) -> None:
    """Its settings, what it has, and no secret; a name cannot steer the terminal."""
    created = await pilito.token("--email", owner, "--store", "فروشگاه\x1b[2J[red]")
    store_id = created["store_id"]
    shown = json.loads((await pilito("store", "show", store_id, "--json")).text)
    assert (shown["name"], shown["user_email"], shown["tokens"]) == ("فروشگاه\x1b[2J[red]", owner, 1)
    assert shown["products"] == {"known": 0, "waiting": 0, "hidden": 0}
    assert (shown["events"], shown["last_event_at"], shown["last_sync_at"]) == ({}, None, None)
    printed = await pilito("store", "show", store_id)
    assert (printed.code, "فروشگاه [2J[red]" in printed.text) == (0, True), printed.text
    assert created["webhook_secret"] not in printed.text
    assert (await pilito("store", "show", 10**9)).text == f"There is no store {10**9}.\n"
    listed = json.loads((await pilito("store", "list", "--json", "--limit", 1)).text)
    assert [one["id"] for one in listed] == [store_id]


@pytest.mark.parametrize(
    "command",
    [
        ("store", "list"),
        ("token", "list"),
        ("user", "list"),
        ("events", "list"),
        ("sync", "list"),
        ("reseal",),
    ],
    ids=" ".join,
)
async def test_json_is_all_that_is_printed(pilito: Pilito, command: tuple[str, ...]) -> None:
    """So that a program can read it, also where a list is empty."""
    printed = await pilito(*command, "--json")
    assert isinstance(json.loads(printed.text), dict if command == ("reseal",) else list)


async def test_a_secret_is_rotated(pilito: Pilito, owner: str, database: Database) -> None:
    """The previous secret stays valid for the overlap; without an overlap it does not."""
    created = await pilito.token("--email", owner, "--store", "Rotated")
    printed = await pilito("store", "rotate-secret", created["store_id"])
    assert printed.code == 0, printed.text
    valid = await secrets_of(database, created["store_id"])
    assert valid[1:] == [created["webhook_secret"]]
    assert valid[0] in printed.text
    printed = await pilito("store", "rotate-secret", created["store_id"], "--overlap-hours", 0)
    (valid_now,) = await secrets_of(database, created["store_id"])
    assert valid_now in printed.text
    assert valid_now not in valid
    printed = await pilito("store", "rotate-secret", 10**9)
    assert (printed.code, printed.text) == (1, f"There is no store {10**9}.\n")


async def test_a_store_is_removed_after_a_question(pilito: Pilito, owner: str, database: Database) -> None:
    """Without a yes, nothing is removed."""
    created = await pilito.token("--email", owner, "--store", "Removed")
    store_id = created["store_id"]

    async def exists() -> bool:
        async with database.reading() as connection:
            return await stores.read(connection, store_id) is not None

    printed = await pilito("store", "remove", store_id, typed="n\n")
    assert (printed.code, "Nothing was changed." in printed.text, await exists()) == (1, True, True)
    printed = await pilito("store", "remove", store_id, typed="y\n")
    assert (printed.code, f"Store {store_id} is removed." in printed.text, await exists()) == (0, True, False)
    printed = await pilito("store", "remove", store_id, "--yes")
    assert (printed.code, printed.text) == (1, f"There is no store {store_id}.\n")


async def test_a_store_is_exported(pilito: Pilito, owner: str, tmp_path: Path) -> None:
    """With settings, tokens and synonyms, files for its rows, and no secret; a used folder is refused."""
    created = await pilito.token("--email", owner, "--store", "صادرشده")
    folder = tmp_path / "export"
    printed = await pilito("store", "export", created["store_id"], "--out", folder, "--json")
    assert (printed.code, json.loads(printed.text)["products"]) == (0, 0), printed.text
    exported = json.loads((folder / "store.json").read_text())
    assert (exported["store"]["name"], exported["owner"]) == ("صادرشده", owner)
    assert exported["tokens"][0]["preview"] == created["token_preview"]
    assert not {"webhook_secret", "webhook_secret_before", "credentials"} & exported["store"].keys()
    assert "secret_hash" not in exported["tokens"][0]
    assert {file.stem for file in folder.glob("*.jsonl")} == set(get_args(Kind))
    again = await pilito("store", "export", created["store_id"], "--out", folder)
    assert (again.code, "is not empty" in again.text) == (1, True)
    missing = await pilito("store", "export", 10**9, "--out", tmp_path / "missing")
    assert (missing.code, missing.text) == (1, f"There is no store {10**9}.\n")
    assert not (tmp_path / "missing").exists()


async def test_secrets_are_encrypted_with_the_first_key(
    pilito: Pilito, owner: str, database: Database
) -> None:
    """A missing old key changes nothing; afterwards the old key is not needed."""
    created = await pilito.token("--email", owner, "--store", "Resealed")
    store_id, secret = created["store_id"], created["webhook_secret"]
    printed = await pilito("reseal", PILITO_SECRET_KEY=NEW_KEY)
    assert (printed.code, "Nothing was changed" in printed.text) == (1, True), printed.text
    assert await secrets_of(database, store_id) == [secret]
    printed = await pilito("reseal", PILITO_SECRET_KEY=f"{NEW_KEY},{SECRET_KEY}")
    assert (printed.code, "are encrypted with the first key" in printed.text) == (0, True), printed.text
    assert await secrets_of(database, store_id, NEW_KEY) == [secret]
    with pytest.raises(UnknownKey):
        await secrets_of(database, store_id)
    printed = await pilito("reseal", PILITO_SECRET_KEY=f"{SECRET_KEY},{NEW_KEY}")
    assert (printed.code, await secrets_of(database, store_id)) == (0, [secret])
