"""Middleware that limits the size of request bodies and the time to receive them."""

import asyncio
import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies_in_flight import FREE_BYTES
from api.errors import ApiError, invalid, too_large
from api.middleware.content_coding import UnpackedBody


def _too_slow() -> ApiError:
    return ApiError(408, {"error": "The body took too long"}, {"Connection": "close"})


class BodyTimeoutMiddleware:
    """Limits the total time to receive a request body (408)."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = self._limited(receive) if scope["type"] == "http" else receive
        await self._app(scope, limited, send)

    def _limited(self, receive: Receive) -> Receive:
        deadline: float | None = asyncio.get_running_loop().time() + self._seconds

        async def receive_in_time() -> Message:
            nonlocal deadline
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            if not message.get("more_body"):
                deadline = None  # the body is complete; the next message is the disconnect of the client
            return message

        return receive_in_time


class BodySizeMiddleware:
    """Limits the size of a request body (413) while it is received, and unpacks it.

    `limits` holds bytes by a pattern for the beginning of the path; `default` is for all other paths. A
    declared length above the limit is refused as soon as the route asks for the body, before any of it is
    received. A response that does not wait for a long body ends the connection, so that the rest of the body
    is not received either.
    """

    def __init__(self, app: ASGIApp, *, limits: Mapping[str, int], default: int) -> None:
        self._app = app
        self._limits = {re.compile(start): size for start, size in limits.items()}
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Mapping[str, str] = Headers(scope=scope) if scope["type"] == "http" else {}
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        limit = next((size for start, size in self._limits.items() if start.match(path)), self._default)
        body = LimitedBody(receive, headers, limit)

        async def send_closing(message: Message) -> None:
            if message["type"] == "http.response.start" and body.is_long and not body.is_complete:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, UnpackedBody(body, scope, headers, limit=limit), send_closing)


class LimitedBody:
    """A `receive` that raises a 413 beyond `limit` bytes, and a 400 where the body breaks off."""

    def __init__(self, receive: Receive, headers: Mapping[str, str], limit: int) -> None:
        self._receive = receive
        self._limit = limit
        declared = headers.get("content-length", "")
        self._is_refused = declared.isdecimal() and int(declared) > limit
        self._size = 0
        self.is_long = not declared.isdecimal() or int(declared) > FREE_BYTES
        self.is_complete = False

    async def __call__(self) -> Message:
        if self._is_refused:
            raise too_large(self._limit)
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.is_complete:
            raise invalid("The body ended too early")
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            raise too_large(self._limit)
        self.is_complete = not message.get("more_body", False)
        return message
