"""JSON objects of bodies, read strictly."""

from collections.abc import Iterator
from typing import Any

import orjson

from contracts.errors import InvalidBody

MAX_DEPTH = 64


def _containers(outer: dict[str, Any] | list[Any]) -> Iterator[dict[str, Any] | list[Any]]:
    for inner in outer.values() if isinstance(outer, dict) else outer:
        if isinstance(inner, dict | list):
            yield inner


def is_too_deep(value: dict[str, Any]) -> bool:
    """Returns whether containers nest deeper than `MAX_DEPTH`; checks level by level, without recursion."""
    level: list[dict[str, Any] | list[Any]] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return False
    return True


def json_object(body: bytes) -> dict[str, Any]:
    """Returns the JSON object of a body; raises InvalidBody for anything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidBody("The body is not JSON", str(error)) from None
    if not isinstance(value, dict):
        raise InvalidBody("The body must be a JSON object")
    if is_too_deep(value):
        raise InvalidBody("The body nests too deeply", f"more than {MAX_DEPTH} levels")
    return value
