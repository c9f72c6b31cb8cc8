"""Request bodies: bounded in size and time while they are read, then JSON objects."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Refused, invalid

MAX_DEPTH = 64


def _too_large(limit: int) -> Refused:
    return Refused(
        413,
        {"error": "Payload too large", "limit_bytes": limit},
        {"Connection": "close"},
    )


def _too_slow() -> Refused:
    return Refused(408, {"error": "The body took too long"}, {"Connection": "close"})


class Patience:
    """Waits so many seconds for the whole of a body, however many drops it comes in; then it is a 408."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        patient = self._patient(receive) if scope["type"] == "http" else receive
        await self._app(scope, patient, send)

    def _patient(self, receive: Receive) -> Receive:
        until: float | None = asyncio.get_running_loop().time() + self._seconds

        async def receive_in_time() -> Message:
            nonlocal until
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            if not message.get("more_body"):
                until = None  # all is here; who receives again waits for the client to leave
            return message

        return receive_in_time


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
