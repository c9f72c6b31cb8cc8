"""HTTP as uvicorn reads it, with bounds on what comes before a body, and answers that are heard."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Bytes that may arrive without leading to a request or to a part of its body."""

LINGER_SECONDS = 2.0

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Lingering:
    """A transport that, closed while the client still sends, hears it out for a moment.

    The kernel would cut a client off that still sends, before it has read why it is refused.
    """

    def __init__(self, transport: Transport, protocol: "BoundedHead") -> None:
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


class BoundedHead(HttpToolsProtocol):
    """Closes connections whose heads, or trailers, never end; uvicorn would gather them for ever."""

    seconds: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expects_more = False
        self._in_body = False
        self._led_nowhere = 0
        self._end: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self._own = _Lingering(transport, self)
        super().connection_made(self._own)  # type: ignore[arg-type]  # it has all that a transport has
        self._end_in(self.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._go_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._own.lingers:
            return
        self._led_nowhere += len(data)
        self.expects_more = True
        if self._end is None:
            self._end_in(self.seconds)
        super().data_received(data)
        if self._led_nowhere > MAX_HEAD_BYTES and not self._own.is_closing():
            if not self._in_body:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._end_in(2 * self.seconds)  # `Patience` ends sooner; this is for bodies nobody reads
        self._in_body = True
        self._led_nowhere = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._led_nowhere = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._go_on()
        self.expects_more = self._in_body = False
        self._led_nowhere = 0
        super().on_message_complete()

    def _end_in(self, seconds: float) -> None:
        self._go_on()
        self._end = self.loop.call_later(seconds, self.transport.close)

    def _go_on(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None


def bounded(seconds: float) -> type[BoundedHead]:
    """The protocol of a server whose clients have so long to send a head."""
    return type("BoundedHead", (BoundedHead,), {"seconds": seconds})
