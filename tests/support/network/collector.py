"""A collector of traces that receives OTLP over HTTP and records spans and bytes."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from embedded.ports import LOOPBACK


class Collector(ThreadingHTTPServer):
    """Use it as a context manager; `endpoint` is what `OTEL_EXPORTER_OTLP_ENDPOINT` is set to."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.endpoint = f"http://{LOOPBACK}:{self.server_port}"
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="collector")

    def __enter__(self) -> "Collector":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in list(self.received)]

    def spans(self) -> list[tuple[str, Span]]:
        """Returns every span with the name of its service."""
        return [
            (_service(resource.resource.attributes), span)
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


def _service(attributes: Any) -> str:
    return next((str(each.value.string_value) for each in attributes if each.key == "service.name"), "")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5.0
    """A connection that stays open must not hold up the end of the server."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.server.received.append(body)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Print nothing: tests read `spans`."""
