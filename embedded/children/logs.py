"""The logs of the parts of `pilito up`: bounded in size, with a few older files."""

import os
import shutil
from pathlib import Path

LARGEST = 20 * 1024 * 1024
"""Bytes of a log before it becomes an older file."""

OLDER = 3
"""Older files of a log, `*.log.1` being the newest."""


def folder_of(state_dir: Path) -> Path:
    return state_dir / "logs"


def keep_previous(folder: Path) -> None:
    """Start each run with empty logs; the previous run's become older files."""
    for log in folder.glob("*.log"):
        _shift(log)
        log.replace(_older(log, 1))


def bound(folder: Path, *, largest: int = LARGEST) -> None:
    """Turn logs that became too large into older files.

    Their writers keep the file open and append to it, so it is copied and emptied. Lines that are written
    between the two are lost.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > largest:
            _shift(log)
            try:
                shutil.copyfile(log, _older(log, 1))
            except OSError:  # a full disk needs the space more than the old lines
                _older(log, 1).unlink(missing_ok=True)
            os.truncate(log, 0)


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _shift(log: Path) -> None:
    """Make room for a new `*.log.1`; the oldest file goes."""
    for number in range(OLDER - 1, 0, -1):
        if _older(log, number).exists():
            _older(log, number).replace(_older(log, number + 1))
