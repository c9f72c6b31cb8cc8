"""Codes in texts: model numbers and SKUs, however their parts are written together or apart."""

from collections.abc import Iterator, Sequence

MOST_PARTS = 5
LEAST_CHARACTERS = 3
LONGEST = 40
MARK = "#"
"""The first character of a code among the words of a text: no word has it."""


def runs(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yields where words may be the parts of one code: up to five neighbours of Latin letters and digits.

    Places are (start, end); at least one of the words has a digit.
    """
    for start in range(len(words)):
        has_digit, length = False, 0
        for end in range(start + 1, min(start + MOST_PARTS, len(words)) + 1):
            word = words[end - 1]
            length += len(word)
            if not _is_part(word) or length > LONGEST:
                break
            has_digit = has_digit or any(map(str.isdigit, word))
            if has_digit and length >= LEAST_CHARACTERS:
                yield start, end


def codes(words: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Returns the codes that words may contain, marked, with the first place of each."""
    found: dict[str, tuple[int, int]] = {}
    for start, end in runs(words):
        found.setdefault(MARK + "".join(words[start:end]).replace(".", ""), (start, end))
    return found


def _is_part(word: str) -> bool:
    return word.isascii() and word.replace(".", "").isalnum()
