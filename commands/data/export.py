"""Write a store, or all stores of an account, into files; and `pilito store export`."""

from collections import Counter
from pathlib import Path
from typing import Annotated, get_args

import orjson
import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.data.files import make_folder, new_file, written_to
from commands.environment import database, fail, run, settings
from commands.output import AsJson, say
from commands.shops.ids import UNKNOWN, StoreId
from contracts.wording.counted import counted
from database.data import export

Out = Annotated[Path, typer.Option(help="New folder of the files.")]


async def write_store(connection: AsyncConnection, store_id: int, folder: Path) -> Counter[str]:
    """Write a store and its rows as JSON lines into a new folder. Returns the lines by file.

    Returns no counts if there is no such store; then there is no folder either. Raises OSError.
    """
    found = await export.store(connection, store_id)
    if found is None:
        return Counter()
    make_folder(folder)
    _write_object(folder / "store.json", found)
    counts = Counter(dict.fromkeys(get_args(export.Kind), 0))
    for kind in get_args(export.Kind):
        with new_file(folder / f"{kind}.jsonl") as file:
            async for line in export.lines(connection, store_id, kind):
                file.write(line + "\n")
                counts[kind] += 1
    return counts


async def write_account(connection: AsyncConnection, user_id: int, folder: Path) -> Counter[str]:
    """Write an account and its stores into a new folder. Returns the lines by kind of file, and `stores`."""
    found = await export.account(connection, user_id) or '{"stores": []}'
    make_folder(folder)
    _write_object(folder / "account.json", found)
    counts = Counter(dict.fromkeys((*get_args(export.Kind), "stores"), 0))
    for store in orjson.loads(found)["stores"]:
        counts += await write_store(connection, store["id"], folder / f"store-{store['id']}")
        counts["stores"] += 1
    return counts


def export_store(store_id: StoreId, out: Out, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Export a store: its settings, tokens and synonyms as JSON, and all its rows as JSON lines.

    Secrets are not exported. Everything is of one moment.
    """

    async def work() -> Counter[str]:
        async with database(settings(adopt=True)) as opened, opened.transaction() as connection:
            await export.use_one_snapshot(connection)
            with written_to(out):
                return await write_store(connection, store_id, out)

    counts = run(work())
    if not counts:
        raise fail(UNKNOWN.format(store_id))
    rows = f"{counted(counts['products'], 'product')} and {counted(counts['events'], 'event')}"
    said = f"{out} has store {store_id}: {rows}."
    say(said, {"folder": str(out), "id": store_id, **counts}, as_json=as_json)


def _write_object(path: Path, text: str) -> None:
    with new_file(path) as file:
        file.write(orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode() + "\n")
