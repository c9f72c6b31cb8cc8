"""`pilito restore`."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from alembic import command

from commands.after_restore import bring_together
from commands.data import manifest
from commands.data.manifest import DUMP, Manifest
from commands.data.programs import Program, find
from commands.environment import database, fail, run, settings
from commands.migrations import alembic
from commands.output import AsJson, print_json, shown
from contracts.wording.counted import counted
from crypto import SecretBox
from database import health
from database.access import stores
from database.connecting import libpq
from database.data import snapshot
from database.health import leading_number
from database.migrations import revisions
from database.migrations.revisions import Tables
from database.search import vector_index
from settings import Settings

AFTERWARDS = "Run `pilito after-restore` before the API and the workers start, and not this command again."

NOT_OURS = re.compile(r"^\d+; .* COMMENT - EXTENSION ")
"""An entry of the dump that only the owner of an extension may restore."""

RESTORABLE_TRIGGER = "c4d8e2a7f931"
"""The migration that replaces a trigger by one that pg_restore can create."""

UNRESTORABLE = re.compile(r"^\d+; .* TRIGGER .* tenant_knowledge keep_compact_vectors_updated ")
"""The entry of that trigger in a dump of before the migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The database that a backup goes into, and the settings that name it."""

    configured: Settings
    address: str


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder that `pilito backup` wrote.", metavar="FOLDER")],
    check: Annotated[  # noqa: FBT002 - a command line flag
        bool, typer.Option("--check", help="Check the backup, and restore nothing.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002 - a command line flag
) -> None:
    """Restore a backup into an empty database, and bring Temporal and the database together.

    The API and the workers have to be stopped. A dump of an earlier version is migrated.
    """
    made = manifest.read(folder)
    if revisions.compare(made.migration) is Tables.NEWER:
        raise fail(
            f"A newer version ({made.version}) made this backup, with the tables {made.migration}: install"
            " that version."
        )
    manifest.check(folder, made)
    if check:
        _say(f"The backup of {shown(made.made_at)} is whole.", as_json=as_json)
        if as_json:
            print_json(made.model_dump())
        return
    configured = settings(adopt=True)
    if not configured.database_url:
        raise fail("No database: set PILITO_DATABASE_URL, or start `pilito up` first.")
    target = Target(configured=configured, address=configured.database_url)
    program = _fitting(target, made)
    _load(target, folder, program, made)
    _compare(target, made)
    _say(f"Postgres: {counted(sum(made.rows.values()), 'row is', 'rows are')} restored.", as_json=as_json)
    _bring_up_to_date(target, made, as_json=as_json)
    done = _bring_together(target, as_json=as_json)
    if as_json:
        print_json({**made.model_dump(), **done})


def _say(sentence: str, *, as_json: bool) -> None:
    typer.echo(sentence, err=as_json)


def _fitting(target: Target, made: Manifest) -> Program:
    """Returns pg_restore for this backup and this server; exits with a sentence if they do not fit."""

    async def unsupported() -> str | None:
        async with database(target.configured) as opened, opened.transaction() as connection:
            return await health.unsupported(connection)

    if sentence := run(unsupported()):
        raise fail(sentence)
    found = snapshot.first_object(target.address)
    if found is not None:
        raise fail(
            f"The database is not empty: it has {found}. Create an empty database, and name it in"
            " PILITO_DATABASE_URL. Nothing was changed."
        )
    version = snapshot.version(target.address)
    if leading_number(version) < leading_number(made.postgres):
        raise fail(
            f"The backup is of Postgres {made.postgres}, and this server is {version}: restore into Postgres"
            f" {leading_number(made.postgres)} or later. Nothing was changed."
        )
    return find("pg_restore", major=max(leading_number(version), leading_number(made.pg_dump)))


def _load(target: Target, folder: Path, program: Program, made: Manifest) -> None:
    """Restore the dump in one transaction, so that the database stays empty if it fails.

    What pg_restore cannot create is left out, and created by a later migration.
    """
    is_old = RESTORABLE_TRIGGER in revisions.following(made.migration)
    left_out = (NOT_OURS, UNRESTORABLE) if is_old else (NOT_OURS,)
    dump = folder / DUMP
    entries = program.run("--list", dump, address=target.address).splitlines()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list") as chosen:
        chosen.writelines(
            f"{entry}\n" for entry in entries if not any(each.match(entry) for each in left_out)
        )
        chosen.flush()
        program.run(
            *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"),
            *(f"--use-list={chosen.name}", "--dbname", _name(target), dump),
            address=target.address,
        )


def _name(target: Target) -> str:
    return libpq.environment(target.address).get("PGDATABASE", "")


def _compare(target: Target, made: Manifest) -> None:
    """Exit with a sentence if a table has other rows than the manifest says."""
    rows = snapshot.rows_by_table(target.address)
    differing = sorted(
        name for name in rows.keys() | made.rows.keys() if rows.get(name, 0) != made.rows.get(name, 0)
    )
    if differing:
        name = differing[0]
        raise fail(
            f"The table {name} has {counted(rows.get(name, 0), 'row')}, and the manifest says"
            f" {made.rows.get(name, 0):,}: something wrote to the database. Stop the API and the workers, and"
            " restore into another empty database."
        )


def _bring_up_to_date(target: Target, made: Manifest, *, as_json: bool) -> None:
    """Migrate the tables, create the index of the configured model, and say which secrets stay closed."""
    configured = target.configured
    if revisions.compare(made.migration) is Tables.OLDER:
        configuration = alembic(configured)
        configuration.attributes.update(
            purpose="restore", report=lambda sentence: _say(sentence, as_json=as_json)
        )
        command.upgrade(configuration, "head")
    vector_index.ensure(
        target.address,
        model=configured.embedding_model,
        dimensions=configured.embedding_dimensions,
        variant=configured.embedding_variant,
        purpose="restore",
    )

    async def not_decrypted() -> list[int]:
        async with database(configured) as opened, opened.reading() as connection:
            return await stores.not_decrypted(connection, SecretBox(configured.secret_keys))

    if configured.secret_keys and (closed := run(not_decrypted())):
        _say(
            f"PILITO_SECRET_KEY does not decrypt the secrets of the stores {', '.join(map(str, closed))}: add"
            " the key of the time of the backup.",
            as_json=as_json,
        )


def _bring_together(target: Target, *, as_json: bool) -> dict[str, Any]:
    """Do what `pilito after-restore` does. Returns its counts; none where no Temporal is set."""
    if not target.configured.temporal_address:
        _say(f"No Temporal is set. {AFTERWARDS}", as_json=as_json)
        return {}
    try:
        return dict(run(bring_together(target.configured, as_json=as_json)))
    except typer.Exit:
        typer.echo(f"The database is restored. {AFTERWARDS}", err=True)
        raise
