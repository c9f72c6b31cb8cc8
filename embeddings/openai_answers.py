"""Read the answers of OpenAI's embeddings endpoint, in the forms that compatible servers give them."""

import base64
from array import array
from collections.abc import Mapping, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from contracts.errors import UnusableAnswer, WrongDimensions
from contracts.search import Vector
from embeddings.base import Embedded

SINGLE, DOUBLE = 4, 8
"""Bytes of a number of single and of double precision."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

SMALLEST, LARGEST = 2.0**-10, 65_520.0
"""A vector with its largest number between these keeps its direction in half precision, and is finite."""

LARGEST_SINGLE = 1e10
"""More than any number of a vector; the lower halves of doubles, read as singles, have larger ones."""

Singles = NDArray[np.float32]


def parsed(content: bytes) -> object:
    """Returns the JSON of an answer. Raises UnusableAnswer."""
    try:
        return orjson.loads(content.removeprefix(BYTE_ORDER_MARK))
    except ValueError:
        raise UnusableAnswer("the embedding service did not answer with JSON") from None


def read(body: object, count: int, dimensions: int) -> Embedded:
    """Returns the vectors in an answer to `count` texts.

    Raises UnusableAnswer unless there is one answer for each text and it is clear which belongs to which, or
    if no vector is usable; WrongDimensions if all have another length.
    """
    entries = _entries(body)
    if len(entries) != count:
        raise UnusableAnswer(
            f"the embedding service did not answer with {count} vectors, but with {len(entries)}"
        )
    received = [_numbers(entry, dimensions) for entry in _in_order(entries)]
    lengths = {len(vector) for vector in received if vector is not None}
    if lengths and dimensions not in lengths:
        raise WrongDimensions(
            f"the embedding service answered vectors of {min(lengths)} numbers where {dimensions} are"
            " configured (PILITO_EMBEDDING_DIMENSIONS)"
        )
    vectors = _stored(received, dimensions)
    if not any(vectors):
        raise UnusableAnswer("the embedding service answered no vector that is made of numbers")
    return Embedded(vectors=vectors, tokens=_tokens(body))


def _entries(body: object) -> Sequence[object]:
    """Returns what an answer has for each text, also where it is wrapped or has no `data`."""
    match body:
        case {"data": list(entries)} | {"embeddings": list(entries)} | list(entries):
            return entries
        case {"result": dict() | list() as inner}:
            return _entries(inner) if not isinstance(inner, dict) or "result" not in inner else ()
    raise UnusableAnswer("the embedding service answered JSON without vectors")


def _in_order(entries: Sequence[object]) -> list[object]:
    """Returns the vectors of entries in the order of the texts. Raises UnusableAnswer if that is not clear.

    Servers leave `index` out, or where it is 0, write 0 everywhere, count from 1 or write numbers as text.
    """
    places = [_place(entry) for entry in entries]
    vectors = [entry.get("embedding") if isinstance(entry, dict) else entry for entry in entries]
    if all(place is None for place in places) or all(place == 0 for place in places):
        return vectors
    numbers = [place or 0 for place in places]
    first = 1 if min(numbers) == 1 and None not in places else 0
    if sorted(numbers) != list(range(first, first + len(numbers))):
        raise UnusableAnswer("the embedding service answered vectors that belong to no text")
    by_place = dict(zip(numbers, vectors, strict=True))
    return [by_place[place] for place in sorted(by_place)]


def _place(entry: object) -> int | None:
    """Returns the index of an entry; None if it has none."""
    index = entry.get("index") if isinstance(entry, dict) else None
    if index is None:
        return None
    if isinstance(index, str) and index.isascii() and index.isdecimal() and len(index) < 10:
        return int(index)
    if isinstance(index, float) and index.is_integer():
        index = int(index)
    if isinstance(index, int) and not isinstance(index, bool) and index >= 0:
        return index
    raise UnusableAnswer("the embedding service answered an index that is not a number")


def _numbers(vector: object, dimensions: int) -> Singles | None:
    """Returns a vector, out of base64 or a list, which may be inside of a list; None if it is no vector."""
    if isinstance(vector, list) and len(vector) == 1 and isinstance(vector[0], list):
        (vector,) = vector
    if not vector:
        return None
    try:
        if isinstance(vector, list):
            return np.asarray(array("f", vector), "<f4")
        if isinstance(vector, str):
            packed = base64.b64decode(vector, validate=True)
            if len(packed) == dimensions * DOUBLE and not _are_singles(packed):
                with np.errstate(over="ignore"):
                    return np.frombuffer(packed, "<f8").astype("<f4")
            return np.frombuffer(packed, "<f4")
    except (ValueError, TypeError, OverflowError):
        return None
    return None


def _are_singles(packed: bytes) -> bool:
    """Returns whether bytes are numbers of single precision, and not half as many of double precision.

    The lower half of a double is as good as random, or zero where the number has few digits.
    """
    singles = np.frombuffer(packed, "<f4")
    lower_halves = singles[::2]
    with np.errstate(invalid="ignore"):
        return bool(lower_halves.any() and (np.abs(singles) < LARGEST_SINGLE).all())


def _stored(received: Sequence[Singles | None], dimensions: int) -> list[Vector | None]:
    """Returns vectors in the half precision they are stored in; None for vectors that cannot be compared.

    Only the direction of a vector counts, so one with numbers beyond half precision is scaled to length 1.
    """
    missing = np.zeros(dimensions, "<f4")
    rows = [one if one is not None and len(one) == dimensions else missing for one in received]
    singles = np.concatenate(rows).reshape(-1, dimensions)
    largest = np.abs(singles).max(axis=1)
    usable = np.isfinite(largest) & (largest > 0)  # the largest is NaN if any number is
    beyond = usable & ~((largest > SMALLEST) & (largest < LARGEST))
    if beyond.any():
        doubles = singles[beyond].astype("<f8")
        singles[beyond] = doubles / np.linalg.norm(doubles, axis=1, keepdims=True)
    return [
        vector.tobytes() if good else None
        for vector, good in zip(np.where(usable[:, None], singles, 0).astype(">f2"), usable, strict=True)
    ]


def _tokens(body: object) -> int:
    """Returns the tokens that were billed; 0 if a compatible server does not say."""
    if isinstance(body, dict) and "usage" not in body:
        body = body.get("result")
    usage = body.get("usage") if isinstance(body, Mapping) else None
    total = (usage.get("total_tokens") or usage.get("prompt_tokens")) if isinstance(usage, dict) else None
    if isinstance(total, int | float) and not isinstance(total, bool) and 0 < total < 1e12:
        return int(total)
    return 0
