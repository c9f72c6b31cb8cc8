"""`pilito backup`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from commands.data import manifest, nightly
from commands.data.files import make_folder, sha256_of, written_to
from commands.data.manifest import DUMP, Manifest
from commands.data.programs import find
from commands.environment import fail, settings
from commands.output import AsJson, say, shown
from contracts.ids import VERSION
from contracts.wording.counted import counted
from database.data import snapshot
from database.data.snapshot import Snapshot
from database.health import leading_number

NOT_DUMPED = "--no-unlogged-table-data"
"""Rate limits, leases and other rows that are of use for minutes only."""


def backup(
    folder: Annotated[Path, typer.Argument(help="New folder of the backup.", metavar="FOLDER")],
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            metavar="NUMBER",
            help="Make a folder in FOLDER, named by the time, and remove all but the newest backups there.",
        ),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Dump Postgres into a new folder, with a manifest that `pilito restore` checks.

    The dump is of one moment; the service may go on. Settings, among them PILITO_SECRET_KEY, are not in it.
    """
    configured = settings(adopt=True)
    if not configured.database_url:
        raise fail("No database: set PILITO_DATABASE_URL, or start `pilito up` first.")
    with written_to(folder):
        with snapshot.exported(configured.database_url) as taken:
            if taken.migration is None:
                raise fail("The database has no tables: there is nothing to back up.")
            out = folder if keep is None else nightly.place(folder, now=taken.at)
            make_folder(out)
            made = _dump(configured.database_url, taken, taken.migration, out)
        manifest.write(out, made)
        removed = nightly.remove_old(folder, keep=keep, newest=out) if keep else []
    said = (
        f"{out} has {counted(sum(made.rows.values()), 'row')} in {made.bytes:,} bytes,"
        f" of {shown(made.made_at)}. Keep PILITO_SECRET_KEY elsewhere: the secrets in the dump are encrypted"
        " with it."
    )
    if removed:
        said += f" Removed from {folder}: {', '.join(old.name for old in removed)}."
    fields = {"folder": str(out), **made.model_dump(), "removed": [str(old) for old in removed]}
    say(said, fields, as_json=as_json)


def _dump(address: str, taken: Snapshot, migration: str, folder: Path) -> Manifest:
    """Write the dump. Returns its manifest; a dump that was interrupted is removed with its folder."""
    dump = folder / DUMP
    try:
        program = find("pg_dump", major=leading_number(taken.postgres))
        program.run(
            *("--format=custom", "--no-owner", "--no-privileges", NOT_DUMPED, "--no-password"),
            *(f"--snapshot={taken.id}", f"--file={dump}"),
            address=address,
        )
        return Manifest(
            version=VERSION,
            migration=migration,
            postgres=taken.postgres,
            pg_dump=str(program.major),
            made_at=taken.at,
            bytes=dump.stat().st_size,
            sha256=sha256_of(dump),
            rows=dict(taken.rows),
        )
    except BaseException:
        dump.unlink(missing_ok=True)
        with suppress(OSError):  # it is the root of a volume
            folder.rmdir()
        raise
