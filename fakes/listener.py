"""A threaded HTTP server on a port of 127.0.0.1; the fake servers decide what it answers."""

import contextlib
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Protocol

LOOPBACK = "127.0.0.1"

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing the socket sends RST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request; the names of headers are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Answer(Protocol):
    """What is sent back; `{asked}` in a header stands for the request's target."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer chosen by a test; `{asked}` in a header stands for the request's target."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Received], Answer | Literal["drop", "reset"]]
"""Returns the answer to a request; "drop" and "reset" close the connection with RST instead."""


class Listener(ThreadingHTTPServer):
    """Owns its port from the start, also while it refuses connections; answers between `start` and `stop`.

    `headers` are sent with every answer that does not set them. `mistakes` holds what handlers raised, except
    errors of connections that the client closed.
    """

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self,
        handler: Handler,
        *,
        headers: Mapping[str, str],
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        name: str,
    ) -> None:
        super().__init__((LOOPBACK, port), _Connection, bind_and_activate=False)
        self.handler = handler
        self.default_headers = headers
        self.mistakes: list[BaseException] = []
        self._name = name
        self._thread: threading.Thread | None = None
        self._connections: set[Any] = set()
        self.server_bind()
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def start(self) -> None:
        self.server_activate()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=self._name)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, and wait for the threads that served them."""
        if self._thread:
            self.shutdown()
            self._thread.join()
            self._thread = None
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = LOOPBACK, self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: Any) -> None:
        """Keep the error instead of printing it, unless the client closed the connection."""
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.mistakes.append(error)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        answer = self.server.handler(
            Received(method=self.command, target=self.path, headers=headers, body=body)
        )
        if isinstance(answer, str):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.connection.close()
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        sent = {"Date": formatdate(usegmt=True), **self.server.default_headers, **answer.headers}
        for name, value in sent.items():
            self.send_header(name, value.replace("{asked}", self.path))
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Print nothing: tests read the requests that the fake recorded."""
