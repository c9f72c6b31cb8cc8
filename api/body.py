"""Request bodies: bounded while they are read, then JSON objects."""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect

from api.errors import Refused, invalid

MAX_DEPTH = 64


def _too_large(limit: int) -> Refused:
    return Refused(
        413,
        {"error": "Payload too large", "limit_bytes": limit},
        {"Connection": "close"},
    )


async def read_body(request: Request, *, limit: int) -> bytes:
    """The raw body; refused as soon as it is known to be over `limit` bytes."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
    except ClientDisconnect:  # nobody is left to read this
        raise invalid("The body ended too early") from None
    return b"".join(parts)


def _containers(outer: dict[str, Any] | list[Any]) -> Iterator[dict[str, Any] | list[Any]]:
    for inner in outer.values() if isinstance(outer, dict) else outer:
        if isinstance(inner, dict | list):
            yield inner


def _too_deep(value: dict[str, Any]) -> bool:
    """Whether containers nest deeper than MAX_DEPTH, looked at level by level."""
    level: list[dict[str, Any] | list[Any]] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return False
    return True


def json_object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid("The body is not JSON", problem=str(error)) from None
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object")
    if _too_deep(value):
        raise invalid("The body nests too deeply", problem=f"more than {MAX_DEPTH} levels")
    return value
