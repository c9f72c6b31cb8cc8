"""The HTTP protocol of uvicorn, with limits on connections and request heads.

It also makes sure that clients receive the responses that end a connection.
"""

import logging
from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Bytes that may arrive without completing a request head or adding to a body."""

LINGER_SECONDS = 2.0

RETRY_AFTER_SECONDS = 5

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


_BUSY_BODY = b'{"error":"Too many connections; please try again"}'

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\nRetry-After: %d\r\nConnection: close\r\n\r\n%s"
) % (len(_BUSY_BODY), RETRY_AFTER_SECONDS, _BUSY_BODY)

logger = logging.getLogger("pilito.api")


class _Lingering:
    """A transport that waits before it closes a connection on which the client still sends.

    The kernel would reset the connection at once, before the client has read the error response.
    """

    def __init__(self, transport: Transport, protocol: "BoundedProtocol") -> None:
        self._transport = transport
        self._protocol = protocol
        self.lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self.lingers or self._transport.is_closing()

    def close(self) -> None:
        if self.is_closing():
            return
        if self._protocol.expects_more and self._transport.can_write_eof():
            self.lingers = True
            self._transport.write_eof()
            self._transport.resume_reading()
            self._protocol.loop.call_later(LINGER_SECONDS, self._transport.close)
        else:
            self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections on which a head or trailers do not end, and refuses connections over a limit.

    Beyond `most_connections`, a connection gets a 503 without being read. As many may wait for their 503 to
    arrive; further ones are closed at once, so that the number of open sockets is limited too.
    """

    seconds: float
    most_connections: int
    refused: "set[BoundedProtocol]"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expects_more = False
        self._in_body = False
        self._unused_bytes = 0
        self._timeout: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # the same type as in uvicorn
        self._lingering = _Lingering(transport, self)
        super().connection_made(self._lingering)  # type: ignore[arg-type]  # delegates to a transport
        self._close_after(self.seconds)
        if len(self.connections) > self.most_connections:
            self._refuse()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timeout()
        self.refused.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._lingering.lingers:
            return
        self._unused_bytes += len(data)
        self.expects_more = True
        if self._timeout is None:
            self._close_after(self.seconds)
        super().data_received(data)
        if self._unused_bytes > MAX_HEAD_BYTES and not self._lingering.is_closing():
            if not self._in_body:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._close_after(2 * self.seconds)  # `BodyTimeoutMiddleware` is earlier, where a route reads
        self._in_body = True
        self._unused_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unused_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._cancel_timeout()
        self.expects_more = self._in_body = False
        self._unused_bytes = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        """Answer with a 503 and close; a refused connection takes no place from others."""
        self.connections.discard(self)
        if len(self.refused) >= self.most_connections:
            self.transport.abort()
            return
        if not self.refused:
            logger.warning("%d connections are open; further ones are refused", len(self.connections))
        self.refused.add(self)
        self.expects_more = True  # the request, which the client may send before it reads the response
        self.transport.write(_BUSY)
        self.transport.close()

    def _close_after(self, seconds: float) -> None:
        self._cancel_timeout()
        self._timeout = self.loop.call_later(seconds, self.transport.close)

    def _cancel_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None


def bounded(seconds: float, most_connections: int) -> type[BoundedProtocol]:
    """Returns a protocol class that gives clients this time to send a head, for so many connections."""
    bounds = {"seconds": seconds, "most_connections": most_connections, "refused": set()}
    return type("BoundedProtocol", (BoundedProtocol,), bounds)
