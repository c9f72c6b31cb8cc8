"""How a long-running process uses memory: garbage collection, freed blocks, forks."""

import ctypes
import gc
import platform

_MMAP_THRESHOLD = -3
"""The number of `M_MMAP_THRESHOLD` in glibc's malloc.h."""


def return_large_blocks() -> bool:
    """Return freed blocks of a megabyte or more to the system at once; returns whether malloc is glibc's.

    By default its threshold grows with the blocks that are freed: large bodies and answers of shops then left
    holes in the heap, and the process kept twice its memory.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 2**20))


def tune_garbage_collector() -> None:
    """Freeze imported objects and raise the threshold of the garbage collector.

    Parsing pages allocates many short-lived objects without cycles; checking them cost a tenth of an import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


def share_with_forks() -> None:
    """Leave what exists now out of collections, which would write to memory that forks share."""
    gc.collect()
    gc.freeze()
