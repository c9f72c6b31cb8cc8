"""Vectors of texts by the words and letters in them: the stand-in for a model that understands meaning.

A text is near another when they share words, parts of words, or words written apart in one and together in
the other. Nothing is learned: a synonym is as far away as any other word.
"""

import math
import re
from array import array
from collections import Counter, defaultdict
from functools import lru_cache
from hashlib import blake2b

from knowledge.normalise import search_form

WORD = re.compile(r"[^\W_]+")
GRAM_LENGTHS = (3, 4)
GRAMS_WEIGHT = 0.6
JOINED_WEIGHT = 0.4
SHORT_WORD_WEIGHT = 0.3
"""Words of one or two letters say little in Persian and English alike (و، از، در، به، of, to)."""

ZERO_WIDTH_NON_JOINER = "\u200c"

Feature = tuple[int, float]
"""A 64-bit hash, whose lowest bit is the sign, and a weight."""


def embed(text: str, dimensions: int) -> "array[float]":
    """The unit vector of a text as 32-bit floats; equal texts give equal vectors in every process."""
    words = WORD.findall(search_form(text).replace(ZERO_WIDTH_NON_JOINER, " ").casefold())
    sums: dict[int, float] = defaultdict(float)
    for word, count in Counter(words).items():
        frequency = 1.0 + math.log(count)
        for number, weight in _word_features(word):
            sums[(number >> 1) % dimensions] += frequency * (weight if number & 1 else -weight)
    for number, weight in map(_joined_feature, words, words[1:]):
        sums[(number >> 1) % dimensions] += weight if number & 1 else -weight
    length = math.hypot(*sums.values())
    if length < 1e-6:  # no words, or words that cancel each other out
        sums, length = {_hash("text", text) % dimensions: 1.0}, 1.0
    vector = array("f", bytes(4 * dimensions))
    for place, value in sums.items():
        vector[place] = value / length
    return vector


@lru_cache(maxsize=100_000)
def _word_features(word: str) -> tuple[Feature, ...]:
    weight = SHORT_WORD_WEIGHT if len(word) <= 2 else 1.0
    framed = f"<{word}>"
    grams = {
        framed[start : start + length] for length in GRAM_LENGTHS for start in range(len(framed) - length + 1)
    }
    grams.discard(framed)
    share = weight * GRAMS_WEIGHT / math.sqrt(len(grams)) if grams else 0.0
    return ((_hash("word", word), weight), *((_hash("gram", gram), share) for gram in sorted(grams)))


@lru_cache(maxsize=100_000)
def _joined_feature(left: str, right: str) -> Feature:
    """Two neighbours as if they were one word: لپ تاپ meets لپتاپ."""
    return _hash("word", left + right), JOINED_WEIGHT


def _hash(kind: str, name: str) -> int:
    return int.from_bytes(
        blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, person=kind.encode()).digest()
    )
