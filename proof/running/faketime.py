"""Debian's libfaketime, which moves the clock of a process that asks libc for the time."""

from functools import lru_cache
from pathlib import Path

PACKAGE = "libfaketime"


@lru_cache
def library() -> Path | None:
    """Returns the library for processes with threads; None if the package is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None
