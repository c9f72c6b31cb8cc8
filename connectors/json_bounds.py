"""JSON of strangers, with bounds on what it becomes in memory.

A short text can hold millions of values: `{},` is three bytes, and an empty object takes 64 bytes in Python.
The number of values is therefore counted before the text is parsed.
"""

from collections.abc import Callable, Iterator
from typing import Any

from connectors import json_text

MOST_VALUES = 250_000
"""A hundred products of a shop with many extra fields have 100,000 values."""

MAX_DEPTH = 64
"""Far less than orjson writes, which is 254 levels."""


class TooManyValues(ValueError):
    """A text may hold more values than are read."""


class TooDeep(ValueError):
    """Lists and objects nest deeper than is read."""


def values_at_most(text: bytes) -> int:
    """Returns a number that the values of a JSON text do not exceed; characters in strings count too."""
    return 1 + text.count(b",") + text.count(b"[") + text.count(b"{")


def check_values(text: bytes, *, most: int = MOST_VALUES) -> None:
    """Raises TooManyValues if a JSON text may hold more than `most` values."""
    if values_at_most(text) > most:
        raise TooManyValues(f"more than {most:,} values")


def _containers(outer: dict[str, Any] | list[Any]) -> Iterator[dict[str, Any] | list[Any]]:
    for inner in outer.values() if isinstance(outer, dict) else outer:
        if isinstance(inner, dict | list):
            yield inner


def check_depth(value: object, *, most: int = MAX_DEPTH) -> None:
    """Raises TooDeep if containers nest in more than `most` levels; level by level, without recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return
    raise TooDeep(f"more than {most} levels")


def parse(
    text: bytes | memoryview,
    *,
    max_depth: int = MAX_DEPTH,
    loads: Callable[[bytes | memoryview], Any] = json_text.loads,
) -> Any:
    """Returns the value of a JSON text; raises JSONDecodeError or TooDeep."""
    try:
        value = loads(text)
    except RecursionError:
        raise TooDeep(f"more than {max_depth} levels") from None
    check_depth(value, most=max_depth)
    return value
