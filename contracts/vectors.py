"""A vector on its way from the embedding service to Postgres."""

import struct
from typing import TypeAlias

Vector: TypeAlias = bytes
"""Numbers of half precision, two bytes each and the larger one first, as Postgres keeps and takes them."""


def numbers(vector: Vector) -> list[float]:
    """What a vector is made of."""
    return list(struct.unpack(f">{len(vector) // 2}e", vector))
