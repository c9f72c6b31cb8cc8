"""OpenTelemetry traces, if the standard variables name a collector; otherwise nothing of it is imported.

The SDK reads those variables itself: endpoint, headers, sampling, names.
"""

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.client import Interceptor

if TYPE_CHECKING:
    from fastapi import FastAPI
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
LAST_SPANS_WITHIN = 2.0
UNTRACED = "/healthz,/readyz,/metrics"


def is_wanted() -> bool:
    """Returns whether the environment names a collector and does not disable the SDK."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not disabled and any(os.environ.get(name) for name in ENDPOINTS)


class Tracing:
    """The tracing of a process; a collector that is down loses spans and affects nothing else."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider

    @property
    def interceptors(self) -> list[Interceptor]:
        """Interceptors for the client of Temporal and its worker; workflow headers carry the trace."""
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        from temporalio.contrib.opentelemetry import TracingInterceptor

        interceptor = TracingInterceptor(self._provider.get_tracer("pilito"))
        interceptor.text_map_propagator = TraceContextTextMapPropagator()  # without the baggage of requests
        return [interceptor]

    def instrument(self, app: "FastAPI") -> None:
        """Trace every request, except health checks and metrics."""
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

        app.add_middleware(_RestoreQuery)
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self._provider,
            excluded_urls=UNTRACED,
            exclude_spans=["receive", "send"],
            http_capture_headers_server_request=[],
            http_capture_headers_server_response=[],
        )
        build: Any = app.build_middleware_stack
        app.build_middleware_stack = lambda: _HideQuery(build())  # type: ignore[method-assign]  # as the instrumentation does

    async def close(self) -> None:
        """Send the remaining spans, for a short time."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True, name="last spans")
        sending.start()
        await asyncio.to_thread(sending.join, LAST_SPANS_WITHIN)


def start(service: str) -> Tracing | None:
    """Start tracing under the service name in the environment, or under this one."""
    if not is_wanted():
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: service}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class _HideQuery:
    """Outside of the instrumentation: hides the query string, which may contain secrets, from spans."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "query_string": b"", "pilito.query_string": scope["query_string"]}
        await self._app(scope, receive, send)


class _RestoreQuery:
    """Inside of the instrumentation: restores the query string and names the span after the route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "pilito.query_string" in scope:
            scope["query_string"] = scope.pop("pilito.query_string")
        await self._app(scope, receive, partial(_name_and_send, scope, send))


async def _name_and_send(scope: Scope, send: Send, message: Message) -> None:
    from opentelemetry import trace

    route = getattr(scope.get("route"), "path", None)
    if message["type"] == "http.response.start" and route:
        span = trace.get_current_span()
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    await send(message)
