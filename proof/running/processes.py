"""Processes of Linux with all their descendants: signals, CPU and memory, read from `/proc`."""

import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB_PER_MIB = 1024


def _fields(pid: int) -> list[str]:
    """Returns the fields of `/proc/PID/stat` from the state on; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def family(pid: int) -> list[int]:
    """Returns a process and its descendants, parents first."""
    children = defaultdict[int, list[int]](list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _fields(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found = [pid]
    for each in found:
        found += children[each]
    return found


def freeze(pid: int) -> None:
    """Stop a process and its descendants, twice: the first time one of them may just be forking."""
    for _ in range(2):
        _signal(family(pid), signal.SIGSTOP)


def thaw(pid: int) -> None:
    _signal(reversed(family(pid)), signal.SIGCONT)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for each in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, number)


def cpu_seconds(pid: int) -> float:
    """Returns the CPU seconds of a process, its descendants, and the children of them that have ended."""
    ticks = 0
    for each in family(pid):
        if fields := _fields(each):
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def memory(pid: int) -> float:
    """Returns the MiB of a process and its descendants; processes that share a page divide it."""
    kib = 0
    for each in family(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib / KIB_PER_MIB
