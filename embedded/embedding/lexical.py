"""Vectors made from the words and letters of a text: the stand-in for an embedding model.

A text is near another when they share words, parts of words, or words written apart in one and together in
the other. Nothing is learned: a synonym is as far away as any other word.
"""

import math
from array import array
from collections import Counter, defaultdict
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from knowledge.normalise import search_form

GRAM_LENGTHS = (3, 4)
GRAMS_WEIGHT = 0.6
JOINED_WEIGHT = 0.7
PART_LETTERS = 3
SHORT_WORD_WEIGHT = 0.3
"""Words of one or two letters say little in Persian and English alike (و، از، در، به، of, to)."""

Feature = tuple[int, float]
"""A 64-bit hash and a weight; the lowest bit of the hash is the sign."""


def embed(text: str, dimensions: int) -> "array[float]":
    """Returns the unit vector of a text as 32-bit floats; equal texts give equal vectors in every process."""
    words = search_form(text).split()
    sums: dict[int, float] = defaultdict(float)
    for word, weight in _weighted(words).items():
        for number, share in _features(word):
            sums[(number >> 1) % dimensions] += weight * (share if number & 1 else -share)
    length = math.hypot(*sums.values())
    if length < 1e-6:  # no words, or words that cancel each other out
        sums, length = {_hash("text", text) % dimensions: 1.0}, 1.0
    vector = array("f", bytes(4 * dimensions))
    for place, value in sums.items():
        vector[place] = value / length
    return vector


def _weighted(words: list[str]) -> dict[str, float]:
    """Yields each word with its weight, and neighbours as one word if one is short: لپ تاپ matches لپتاپ."""
    weights: dict[str, float] = defaultdict(float)
    for word, count in Counter(words).items():
        weights[word] = (SHORT_WORD_WEIGHT if len(word) <= 2 else 1.0) * (1.0 + math.log(count))
    for left, right in pairwise(words):
        if min(len(left), len(right)) <= PART_LETTERS:
            weights[left + right] = max(weights[left + right], JOINED_WEIGHT)
    return weights


@lru_cache(maxsize=100_000)
def _features(word: str) -> tuple[Feature, ...]:
    framed = f"<{word}>"
    grams = {
        framed[start : start + length] for length in GRAM_LENGTHS for start in range(len(framed) - length + 1)
    }
    share = GRAMS_WEIGHT / math.sqrt(len(grams)) if grams else 0.0
    return ((_hash("word", word), 1.0), *((_hash("gram", gram), share) for gram in sorted(grams)))


def _hash(kind: str, name: str) -> int:
    return int.from_bytes(
        blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, person=kind.encode()).digest()
    )
