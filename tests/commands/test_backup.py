"""`pilito backup` and `pilito restore`."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import typer
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from commands.data import nightly, programs
from commands.data.manifest import DUMP, MANIFEST, Manifest
from commands.data.restore import Target, _compare
from database.after_restore import GAP
from database.connecting import libpq
from database.engine import Database, create_engine, create_migration_engine
from database.migrations import revisions
from settings import Settings
from tests.support.environment import empty_database, migrated
from tests.support.pilito import Pilito

TRIGGER = """
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'keep_compact_vectors_updated'
"""
CONTENT = b"no dump, but the checks come first"


@contextmanager
def rows(address: str) -> Iterator[Connection]:
    engine = create_migration_engine(address, purpose="test")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def fields(**changes: Any) -> dict[str, Any]:
    """Returns a manifest that fits CONTENT."""
    return {
        "format": 1,
        "version": "0.1.0",
        "migration": revisions.following(None)[-1],
        "postgres": "18.4",
        "pg_dump": "18",
        "made_at": "2026-11-26T12:00:00Z",
        "bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "rows": {"stores": 2},
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A backup that passes all checks of its files."""
    made = tmp_path / "پشتیبان"
    made.mkdir()
    (made / MANIFEST).write_text(json.dumps(fields()), encoding="utf-8")
    (made / DUMP).write_bytes(CONTENT)
    return made


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilito:
    """Runs `pilito` where no database is set."""
    monkeypatch.chdir(tmp_path)
    return Pilito({})


def test_a_backup_is_checked(offline: Pilito, folder: Path) -> None:
    """Without a database."""
    printed = offline.run("restore", folder, "--check")
    assert (printed.code, printed.text) == (0, "The backup of 2026-11-26 12:00:00 UTC is whole.\n")
    shown = offline.run("restore", folder, "--check", "--json").text.splitlines()[-1]
    assert json.loads(shown)["rows"] == {"stores": 2}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"migration": "0123456789ab"}, "A newer version (0.1.0) made this backup"),
        ({"bytes": len(CONTENT) + 1}, "copy the backup again"),
        ({"sha256": "0" * 64}, "its checksum differs"),
        ({"sha256": "x"}, "is no manifest of this version: sha256:"),
        ({"format": 2}, "is no manifest of this version: format:"),
        ({"rows": {"stores; DROP TABLE users": 1}}, "is no manifest of this version: rows"),
        ({"postgres": None}, "is no manifest of this version: postgres:"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_no_whole_backup_is_refused(
    offline: Pilito, folder: Path, change: dict[str, Any], said: str
) -> None:
    """Before anything is restored, with the file and what to do."""
    (folder / MANIFEST).write_text(json.dumps(fields(**change)), encoding="utf-8")
    printed = offline.run("restore", folder)
    assert (printed.code, said in printed.text) == (1, True), printed.text


def test_a_backup_without_its_files_is_refused(offline: Pilito, folder: Path) -> None:
    """A backup that did not end has no manifest."""
    (folder / DUMP).unlink()
    assert "postgres.dump cannot be read" in offline.run("restore", folder).text
    (folder / MANIFEST).unlink()
    printed = offline.run("restore", folder)
    assert (printed.code, "`pilito backup` did not end" in printed.text) == (1, True), printed.text
    (folder / MANIFEST).write_bytes(b"{" * 2_000_000)
    assert "larger than a manifest" in offline.run("restore", folder).text


@given(whole=st.lists(st.booleans(), max_size=6), keep=st.integers(1, 4))
def test_the_newest_whole_backups_are_kept(whole: list[bool], keep: int) -> None:
    """A backup that did not end goes with the older ones; a file that happens to lie there stays."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "2000-01-01T000000Z").touch()
        names = [f"2026-11-{day:02}T030000Z" for day in range(1, len(whole) + 1)]
        for name, is_whole in zip(names, whole, strict=True):
            (folder / name).mkdir()
            if is_whole:
                (folder / name / MANIFEST).touch()
        removed = [each.name for each in nightly.remove_old(folder, keep=keep, newest=folder / "other")]
        left = [name for name in names if name not in removed]
        assert sorted(each.name for each in folder.iterdir()) == ["2000-01-01T000000Z", *left]
        kept = [name for name, is_whole in zip(names, whole, strict=True) if is_whole][-keep:]
        assert set(kept) <= set(left)
        assert all(name < kept[0] for name in removed)
        assert sum(whole) <= keep or left[0] == kept[0]


def test_the_backup_just_made_stays(tmp_path: Path) -> None:
    """A clock that was wrong once named others with a later time."""
    for name in ("2026-11-26T030000Z", "2027-01-01T030000Z", "2027-01-02T030000Z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).touch()
    removed = nightly.remove_old(tmp_path, keep=1, newest=tmp_path / "2026-11-26T030000Z")
    assert [each.name for each in removed] == ["2027-01-01T030000Z"]


def test_a_backup_is_named_by_its_time() -> None:
    """In UTC, so that names sort by age."""
    now = datetime(2026, 11, 26, 1, 2, 3, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    assert nightly.place(Path("all"), now=now) == Path("all/2026-11-25T213203Z")


def test_no_database_is_set(offline: Pilito, folder: Path) -> None:
    """The setting is named."""
    for arguments in (("backup", "new"), ("restore", folder)):
        printed = offline.run(*arguments)
        assert (printed.code, "set PILITO_DATABASE_URL" in printed.text) == (1, True), printed.text


async def test_an_empty_database_is_not_backed_up(pilito: Pilito, postgres_url: str, tmp_path: Path) -> None:
    """A backup of the wrong database would be found out too late."""
    address = empty_database(postgres_url, "nothing")
    printed = await pilito("backup", tmp_path / "empty", PILITO_DATABASE_URL=address)
    assert (printed.code, "there is nothing to back up" in printed.text) == (1, True), printed.text


async def test_a_backup_is_restored_into_an_empty_database(
    pilito: Pilito, owner: str, postgres_url: str, temporal_address: str, tmp_path: Path
) -> None:
    """With all rows, and numbers of lost rows left out; a second time it is refused."""
    created = await pilito.token("--email", owner, "--store", "فروشگاه پشتیبان")
    folder = tmp_path / "backup"
    printed = await pilito("backup", folder, "--json")
    assert printed.code == 0, printed.text
    made = json.loads(printed.text)
    assert made["rows"]["stores"] > 0
    assert {"leases", "rate_limits"}.isdisjoint(made["rows"])
    assert (folder / DUMP).stat().st_mode & 0o077 == 0
    again = await pilito("backup", folder)
    assert (again.code, "is not empty" in again.text) == (1, True)
    for name in ("2026-01-01T030000Z", "2026-01-02T030000Z", "2026-01-03T030000Z", "notes"):
        (tmp_path / "nightly" / name).mkdir(parents=True)
    for name in ("2026-01-01T030000Z", "2026-01-03T030000Z"):
        (tmp_path / "nightly" / name / MANIFEST).touch()
    newest = await pilito("backup", tmp_path / "nightly", "--keep", "2", "--json")
    assert newest.code == 0, newest.text
    left = sorted(each.name for each in (tmp_path / "nightly").iterdir())
    assert left == ["2026-01-03T030000Z", Path(json.loads(newest.text)["folder"]).name, "notes"]

    address = empty_database(postgres_url, "restored")
    environment = {
        "PILITO_DATABASE_URL": address,
        "PILITO_TEMPORAL_ADDRESS": temporal_address,
        "PILITO_TASK_QUEUE": "restored",
        "PILITO_SECRET_KEY": "another key of thirty-two bytes or more",
    }
    restored = await pilito("restore", folder, **environment)
    assert restored.code == 0, restored.text
    assert "PILITO_SECRET_KEY does not decrypt" in restored.text
    assert "counters advanced" in restored.text
    opened = Database(create_engine(address, pool_size=1))
    async with opened.transaction() as connection:
        found = await connection.execute(
            text("SELECT name FROM stores WHERE id = :id"), {"id": created["store_id"]}
        )
        assert found.scalar_one() == "فروشگاه پشتیبان"
        following = (await connection.execute(text("SELECT nextval('stores_id_seq')"))).scalar_one()
        assert following > GAP
    await opened.close()
    refused = await pilito("restore", folder, **environment)
    assert (refused.code, "The database is not empty" in refused.text) == (1, True), refused.text


async def test_a_backup_of_before_a_trigger_could_be_restored(
    pilito: Pilito, postgres_url: str, tmp_path: Path
) -> None:
    """Its rows are restored and migrated, and the trigger keeps the copies of vectors up to date."""
    before, after = (
        empty_database(postgres_url, "before_trigger"),
        empty_database(postgres_url, "after_trigger"),
    )
    command.upgrade(migrated(before), "7f2b9c4e6a13")
    with rows(before) as connection:
        connection.execute(text("INSERT INTO users (email, password_hash) VALUES ('ژاله@example.com', '')"))
    folder = tmp_path / "backup"
    for verb, address in (("backup", before), ("restore", after)):
        printed = await pilito(verb, folder, PILITO_DATABASE_URL=address, PILITO_TEMPORAL_ADDRESS="")
        assert printed.code == 0, printed.text
    with rows(after) as connection:
        assert connection.execute(text("SELECT email FROM users")).scalars().all() == ["ژاله@example.com"]
        condition = connection.execute(text(TRIGGER)).scalar_one()
    assert "(old.embedding)::text IS DISTINCT FROM (new.embedding)::text" in condition


def test_other_rows_than_in_the_manifest_are_named(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Something wrote to the database while it was restored."""
    target = Target(configured=Settings(_env_file=None), address=database_url)
    with pytest.raises(typer.Exit):
        _compare(target, Manifest.model_validate(fields(rows={"stores": 10**9})))
    assert "and the manifest says" in capsys.readouterr().err


async def test_a_failure_of_pg_dump_is_one_sentence(pilito: Pilito, tmp_path: Path) -> None:
    """Without the password; the folder has no dump that could be taken for a backup."""
    folder = tmp_path / "failed"
    printed = await pilito("backup", folder, PILITO_DATABASE_URL="postgresql://user:SECRET@127.0.0.1:1/name")
    assert (printed.code, len(printed.text.splitlines())) == (1, 1), printed.text
    assert printed.text.startswith("Postgres: ")
    assert "SECRET" not in printed.text
    assert not folder.exists()
    program = programs.find("pg_dump", major=18)
    with pytest.raises(typer.Exit):
        program.run("--schema-only", address="postgresql://user:SECRET@127.0.0.1:1/name")


def version(folder: Path, major: int) -> Path:
    """Makes a program that says that it is pg_dump of this version."""
    folder.mkdir()
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.1 (Debian)'\n")
    program.chmod(0o755)
    return folder


def test_the_program_fits_the_server(
    programs_alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An older pg_dump refuses a newer server, so it is not tried."""
    monkeypatch.setenv("PATH", str(version(tmp_path / "old", 15)))
    with pytest.raises(typer.Exit):
        programs.find("pg_dump", major=18)
    said = capsys.readouterr().err
    assert "is of version 15" in said
    assert "install the clients of Postgres 18" in said
    monkeypatch.setenv("PATH", str(version(tmp_path / "new", 19)))
    assert programs.find("pg_dump", major=18).major == 19


@pytest.fixture
def programs_alone(programs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides the programs of the embedded Postgres."""
    monkeypatch.setattr("commands.data.programs.find_spec", lambda _: None)


def test_programs_get_the_address_by_variables() -> None:
    """So that no password is in the list of processes; several hosts and TLS are kept."""
    found = libpq.environment(
        "postgresql://me:p%40ss@one:5432,two:5433/shop?sslmode=verify-full&keepalives=1"
    )
    assert found == {
        "PGHOST": "one,two",
        "PGPORT": "5432,5433",
        "PGUSER": "me",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "shop",
        "PGSSLMODE": "verify-full",
    }
