"""The logs of the parts of `pilito up`: bounded in size and in age, with a few older files."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

LARGEST = 20 * 1024 * 1024
"""Bytes of a log before it becomes an older file."""

OLDER = 3
"""Older files of a log, `*.log.1` being the newest."""


def folder_of(state_dir: Path) -> Path:
    return state_dir / "logs"


class Logs:
    """The logs in a folder, written by processes that keep them open.

    A line is kept for at most `kept`: a log becomes an older file after half of that time, and an older file
    is deleted when half of it has passed since its last line. `now` returns seconds of the clock of files.
    """

    def __init__(
        self, folder: Path, *, kept: timedelta, largest: int = LARGEST, now: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._half = kept.total_seconds() / 2
        self._largest = largest
        self._now = now
        self._begun: dict[Path, float] = {}

    def keep_previous(self) -> None:
        """Start each run with empty logs; the previous run's become older files."""
        for log in self._folder.glob("*.log"):
            _shift(log)
            log.replace(_older(log, 1))

    def bound(self) -> None:
        """Turn logs that became too large or too old into older files, and delete older files in time.

        The writers of a log append to it, so it is copied and emptied. Lines that are written between the two
        are lost.
        """
        now = self._now()
        for log in self._folder.glob("*.log"):
            size, begun = log.stat().st_size, self._begun.setdefault(log, now)
            if size > self._largest or now - begun >= self._half:
                self._begun[log] = now
                if size:
                    _turn(log)
        for older in self._folder.glob("*.log.*"):
            if now - older.stat().st_mtime >= self._half:
                older.unlink()


def _turn(log: Path) -> None:
    _shift(log)
    try:
        shutil.copy2(log, _older(log, 1))
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
