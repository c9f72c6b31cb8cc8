"""Write an account with its stores, products and events into files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, get_args

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.environment import database, fail, run, settings
from commands.people.accounts import find
from database.access import export

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Only the user that exports may read the files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The JSON of an account, and how much was written into files; all counts are 0 without a folder."""

    account: dict[str, Any]
    stores: int
    products: int = 0
    events: int = 0


def export_account(email: str, out: Path | None) -> Exported:
    """Returns an account; with a folder, also writes it there, with the products and events of its stores.

    All is of one moment. Exits with a sentence if the folder is in use or cannot be written.
    """

    async def work() -> Exported:
        async with database(settings(adopt=True)) as opened:
            person = await find(opened, email)
            async with opened.transaction() as connection:
                await export.use_one_snapshot(connection)
                found = orjson.loads(await export.account(connection, person.id) or "{}")
                if out is None:
                    return Exported(account=found, stores=len(found["stores"]))
                with _checked(out):
                    return await _write(connection, found, out)

    return run(work())


async def _write(connection: AsyncConnection, found: dict[str, Any], out: Path) -> Exported:
    _make(out)
    with _private(out / "account.json") as file:
        file.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    counts = dict.fromkeys(get_args(export.Kind), 0)
    for store in found["stores"]:
        folder = out / f"store-{store['id']}"
        _make(folder)
        for kind in counts:
            with _private(folder / f"{kind}.jsonl") as file:
                async for line in export.lines(connection, store["id"], kind):
                    file.write(line + "\n")
                    counts[kind] += 1
    return Exported(
        account=found, stores=len(found["stores"]), products=counts["products"], events=counts["events"]
    )


def _make(folder: Path) -> None:
    """Create a folder; exits with a sentence if it has files already."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if any(folder.iterdir()):
        raise fail(f"{folder} is not empty: name a new folder. Nothing was written there.")


def _private(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w", encoding="utf-8")


@contextmanager
def _checked(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        raise fail(f"{out} cannot be written: {said}. Free the disk, or name another --out.") from None
