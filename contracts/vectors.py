"""A vector on its way from the embedding service to Postgres."""

from array import array
from typing import TypeAlias

Vector: TypeAlias = "array[float]"
"""Numbers of single precision: an `array("f")`."""
