"""Backups one after the other in a folder of their own, of which only the newest are kept."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from commands.data.manifest import MANIFEST

_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")


def place(folder: Path, *, now: datetime) -> Path:
    """Returns where in a folder the backup of this moment belongs."""
    return folder / now.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")


def remove_old(folder: Path, *, keep: int, newest: Path) -> list[Path]:
    """Remove all that is older than the newest backups. Returns what was removed, oldest first.

    The `newest` stays, also where a clock was wrong and others seem to be newer. Backups that did not end do
    not count as kept. Other files and folders stay.
    """
    made = sorted(each for each in folder.iterdir() if _NAME.fullmatch(each.name) and each.is_dir())
    whole = [each for each in made if (each / MANIFEST).exists()]
    if len(whole) <= keep:
        return []
    removed = [each for each in made if each < whole[-keep] and each != newest]
    for each in removed:
        shutil.rmtree(each)
    return removed
