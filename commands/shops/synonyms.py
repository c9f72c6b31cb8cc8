"""`pilito synonyms`: the synonyms of a store as a text file."""

from pathlib import Path
from typing import Annotated

import typer

from commands.environment import database, fail, run, settings
from commands.output import AsJson, print_json, say
from commands.shops.ids import StoreId
from contracts.wording.counted import counted
from database.search import synonyms as stored
from database.search.synonyms import SynonymList, Unchecked
from knowledge.search.builtin import KINDS, groups
from knowledge.search.synonym_lists import parse, problems, tidy, write

synonyms = typer.Typer(no_args_is_help=True, help="Manage synonyms of stores.")

LARGEST_FILE = 4 * 2**20
"""In bytes."""

LISTED = 20
"""The most problems of a file that are printed."""


@synonyms.command("export")
def export(store_id: StoreId, as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Print the synonyms of a store, one group a line, phrases separated by `=`."""

    async def work() -> SynonymList | None:
        async with database(settings(adopt=True)) as opened, opened.reading() as connection:
            return await stored.read(connection, store_id)

    if (found := run(work())) is None:
        raise fail(f"There is no store {store_id}.")
    if as_json:
        print_json(found.groups)
    else:
        typer.echo(write(found.groups), nl=False)


@synonyms.command("import")
def import_(
    store_id: StoreId,
    file: Annotated[
        Path, typer.Argument(help="Text file in UTF-8, as `export` prints it.", exists=True, dir_okay=False)
    ],
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Replace the synonyms of a store with those in a file. The next search uses them."""
    with file.open("rb") as opened:
        content = opened.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise fail(f"{file} is larger than {LARGEST_FILE} bytes; nothing was changed.")
    try:
        listed = parse(content.decode())
    except UnicodeDecodeError:
        raise fail(f"{file} is not text in UTF-8; nothing was changed.") from None
    if wrong := problems(listed):
        lines = "\n".join(f"  {problem.sentence}" for problem in wrong[:LISTED])
        raise fail(f"{file} has {counted(len(wrong), 'problem')}; nothing was changed.\n{lines}")

    async def work() -> bool:
        async with database(settings(adopt=True)) as opened, opened.transaction() as connection:
            if await stored.read(connection, store_id) is None:
                return False
            await stored.replace(connection, store_id, tidy(listed), expected=Unchecked())
            return True

    if not run(work()):
        raise fail(f"There is no store {store_id}.")
    said = f"Store {store_id} has {counted(len(listed), 'group')} of synonyms."
    say(said, {"id": store_id, "groups": len(listed)}, as_json=as_json)


@synonyms.command("builtin")
def builtin(as_json: AsJson = False) -> None:  # noqa: FBT002 - a command line flag
    """Print the synonyms that each store has."""
    if as_json:
        print_json({kind: groups(kind) for kind in KINDS})
        return
    for kind in KINDS:
        typer.echo(f"# {kind}\n\n{write(groups(kind))}")
