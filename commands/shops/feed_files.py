"""The files of a feed: written in a folder of their own, and moved to their places once all are complete."""

import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from itertools import count
from os import fsync
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from catalogue.feeds.formats import Format
from catalogue.feeds.parts import Limits


class Unwritable(Exception):
    """The folder or the disk cannot be written; the message says why, in the words of the system."""


@contextmanager
def feed_files(out: Path, form: Format, store_id: int, limits: Limits) -> "Iterator[FeedFiles]":
    """Write the files of a feed inside the block; `out` has them after it, and stays as it was if it raises.

    Parts of an earlier, larger feed are removed. Raises Unwritable.
    """
    with _checked():
        out.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(prefix=".feed-", dir=out, ignore_cleanup_errors=True)
    with folder, FeedFiles(Path(folder.name), form, store_id, limits) as files:
        yield files
        files.complete()
        with _checked():
            for name in (*files.names, files.report_name):
                (Path(folder.name) / name).replace(out / name)
            for part in count(len(files.names) + 1):
                if not (later := out / form.file_name(store_id, part)).is_file():
                    break
                later.unlink()


class FeedFiles:
    """Writes rows to the files of a feed, and lines to the file of its report; raises Unwritable."""

    def __init__(self, folder: Path, form: Format, store_id: int, limits: Limits) -> None:
        self._folder, self._form, self._store_id = folder, form, store_id
        self._parts = form.parts(limits)
        self._part = 0
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with self._opened:
            self._report = self._open(self.report_name)
            self._begin()
            self._opened = self._opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def names(self) -> list[str]:
        """The names of the files of the feed, in order."""
        return [self._form.file_name(self._store_id, part) for part in range(1, self._part + 1)]

    @property
    def report_name(self) -> str:
        """The name of the file that says what products lack."""
        return self._form.report_name(self._store_id)

    def write(self, row: bytes) -> None:
        """Write a row, to the next file if this one is full."""
        if self._parts.place(len(row)) != self._part:
            self._end()
            self._begin()
        self._put(row)

    def note(self, line: bytes) -> None:
        """Write a line of the report."""
        _write(self._report, line)

    def complete(self) -> None:
        """Write what is left; returns once all bytes are on the disk."""
        self._end()
        _close(self._report)

    def _open(self, name: str) -> FileIO:
        with _checked():
            return self._opened.enter_context((self._folder / name).open("wb", buffering=0))

    def _begin(self) -> None:
        self._part += 1
        self._packer = zlib.compressobj(wbits=31)
        self._file = self._open(self.names[-1])
        self._put(self._form.head)

    def _put(self, data: bytes) -> None:
        _write(self._file, self._packer.compress(data) if self._form.packed else data)

    def _end(self) -> None:
        if self._form.packed:
            _write(self._file, self._packer.flush())
        _close(self._file)


@contextmanager
def _checked() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(error.strerror or str(error)) from None


def _write(file: FileIO, data: bytes) -> None:
    with _checked():
        while data:
            data = data[file.write(data) :]


def _close(file: FileIO) -> None:
    with _checked():
        fsync(file.fileno())
        file.close()
