"""The beginnings of a text that are embedded where the whole text is refused."""

from collections.abc import Iterator

SHORTEST = 8
"""Characters of the shortest text that is tried."""


def beginnings(text: str) -> Iterator[str]:
    """Yields shorter and shorter beginnings of a text, about half of it at first."""
    length = len(text) // 2
    while length >= SHORTEST:
        yield beginning(text, length)
        length //= 2


def beginning(text: str, length: int) -> str:
    """Returns the beginning of a text, up to a space if one is near the end."""
    piece = text[: max(length, 1)]
    shorter = piece.rsplit(maxsplit=1)[0]
    return shorter if len(shorter) >= 3 * len(piece) // 4 else piece
