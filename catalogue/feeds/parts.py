"""How the rows of a feed are shared out among files."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most rows and bytes of a file; bytes are counted before they are packed."""

    rows: int
    size: int


class Parts:
    """Counts the parts of a feed; the same rows are shared out in the same way each time."""

    def __init__(self, limits: Limits, *, head: int) -> None:
        """`head` is the size of the lines at the beginning of each file, in bytes."""
        self._limits = limits
        self._head = head
        self._rows, self._size = 0, head
        self.count = 1

    def place(self, size: int) -> int:
        """Returns the number of the part that the next row, of `size` bytes, belongs to; the first is 1."""
        if self._rows and (self._rows >= self._limits.rows or self._size + size > self._limits.size):
            self.count += 1
            self._rows, self._size = 0, self._head
        self._rows += 1
        self._size += size
        return self.count
