"""The logs of `pilito up` do not fill the disk, and do not keep lines longer than they may."""

import os
from datetime import timedelta
from pathlib import Path

from embedded.children.logs import OLDER, Logs

LARGEST = 1_000
DAY = 86_400.0
KEPT = timedelta(days=30)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_log_that_grows_becomes_an_older_file(tmp_path: Path) -> None:
    """Its writer goes on in the empty file, and only a few older ones stay."""
    logs = Logs(tmp_path, kept=KEPT, largest=LARGEST)
    with (tmp_path / "worker.log").open("ab", buffering=0) as writer:
        for number in range(OLDER + 3):
            writer.write(f"{number}".encode() * (LARGEST + 1))
            logs.bound()
        writer.write(b"now")
    newest = OLDER + 2
    assert texts(tmp_path) == {
        "worker.log": "now",
        **{f"worker.log.{age + 1}": f"{newest - age}" * (LARGEST + 1) for age in range(OLDER)},
    }


def test_a_small_log_stays(tmp_path: Path) -> None:
    """Up to the bound itself."""
    (tmp_path / "api.log").write_text("x" * LARGEST)
    Logs(tmp_path, kept=KEPT, largest=LARGEST).bound()
    assert list(texts(tmp_path)) == ["api.log"]


def test_each_run_starts_with_empty_logs(tmp_path: Path) -> None:
    """The logs of the previous runs are the older files."""
    logs = Logs(tmp_path, kept=KEPT)
    for run in ("first", "second"):
        (tmp_path / "api.log").write_text(run)
        logs.keep_previous()
    assert texts(tmp_path) == {"api.log.1": "second", "api.log.2": "first"}


def test_no_line_is_kept_longer_than_it_may(tmp_path: Path) -> None:
    """A part that writes a line a day for months: only the lines of the last days are left."""
    now = 0.0
    logs = Logs(tmp_path, kept=KEPT, now=lambda: now)
    log = tmp_path / "api.log"
    days: list[int] = []
    for day in range(200):
        now = day * DAY
        logs.bound()
        with log.open("a") as writer:
            writer.write(f"{day}\n")
        os.utime(log, (now, now))
        days = [int(line) for text in texts(tmp_path).values() for line in text.split()]
        assert max(days) == day
        assert day - min(days) <= KEPT.days
    assert len(days) > KEPT.days / 2


def test_logs_of_a_previous_run_end_in_their_time(tmp_path: Path) -> None:
    """Also where the part writes nothing more."""
    now = 0.0
    logs = Logs(tmp_path, kept=KEPT, now=lambda: now)
    (tmp_path / "api.log").write_text("earlier")
    os.utime(tmp_path / "api.log", (now, now))
    logs.keep_previous()
    now = KEPT.total_seconds() / 2 - 1
    logs.bound()
    assert texts(tmp_path) == {"api.log.1": "earlier"}
    now += 1
    logs.bound()
    assert texts(tmp_path) == {}
