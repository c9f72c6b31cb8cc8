"""Folders and files of exports and backups: new, and readable only by the user that writes them."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from commands.environment import fail

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700

_BLOCK = 2**20


def make_folder(folder: Path) -> None:
    """Create a folder; exits with a sentence if it has files already."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if any(folder.iterdir()):
        raise fail(f"{folder} is not empty: name a new folder. Nothing was written there.")


def new_file(path: Path) -> TextIO:
    """Returns a new file for text; raises OSError if it exists."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w", encoding="utf-8")


@contextmanager
def written_to(out: Path) -> Iterator[None]:
    """Exit with a sentence if the block cannot write to a folder."""
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        raise fail(f"{out} cannot be written: {said}. Free the disk, or name another folder.") from None


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
