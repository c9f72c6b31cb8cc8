"""What servers spend: the CPU of a process with its children, and Temporal's writes to its database."""

import os
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.results import Row
from embedded.ports import LOOPBACK

WRITES = re.compile(
    r'^persistence_requests\{[^}]*operation="(?:Append|Complete|Create|Delete|RangeDelete|Update|Upsert|Add'
    r'|ConflictResolve|Set|RecordWorkflow)\w*"[^}]*\} ([0-9.e+]+)$',
    re.MULTILINE,
)
"""The counters of operations that change rows; the others read."""


def _stat(pid: int) -> list[str]:
    """Returns the fields of a process after its name; none if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return []


def _descendants(pid: int) -> Iterator[int]:
    """Yields a process and all processes that it started, directly or not."""
    parents = {
        int(folder.name): int(fields[1])
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and (fields := _stat(int(folder.name)))
    }
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    yield from found


def cpu_of_family(pid: int) -> float:
    """Returns the CPU seconds of a process, its descendants, and their children that ended. Linux only."""
    ticks = sum(sum(map(int, fields[11:15])) for each in _descendants(pid) if (fields := _stat(each)))
    return ticks / os.sysconf("SC_CLK_TCK")


def temporal_writes(pid: int) -> float:
    """Returns how many writes the Temporal server has made so far, by its own metrics."""
    arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    port = arguments[arguments.index("--metrics-port") + 1]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{LOOPBACK}:{port}/metrics", timeout=10) as answer:
        return sum(map(float, WRITES.findall(answer.read().decode())))


def amount(measurement: str, value: float, unit: str, made_of: str) -> Row:
    """Returns the row of an amount in a unit, with three digits."""
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return Row(measurement=measurement, result=f"{shown} {unit}", made_of=made_of)
