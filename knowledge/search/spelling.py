"""Parts that a word has in common with its misspellings: its beginning without one or two letters.

A word and one with a wrong, missing, additional or swapped letter are equal after a letter of each is taken
out (symmetric deletion), so misspelt words are looked up by equality.
"""

from functools import lru_cache
from hashlib import blake2b
from itertools import combinations

BEGINNING = 6
"""Letters of a word that are compared: with more there are too many parts, with fewer too many words."""

TWICE_FROM = 6
"""Letters of a word from which two may be taken out."""


@lru_cache(maxsize=20_000)
def parts(word: str) -> tuple[int, ...]:
    """Returns hashes of the parts of a word, as signed 64-bit numbers, sorted."""
    begin = word[:BEGINNING]
    most = 2 if len(word) >= TWICE_FROM else 1
    texts = {
        "".join(kept) for missing in range(most + 1) for kept in combinations(begin, len(begin) - missing)
    }
    return tuple(sorted(map(_hash, texts)))


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)
