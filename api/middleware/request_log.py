"""Outermost middleware: request id, security headers, access log, and 500 for unhandled exceptions."""

import logging
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import unexpected
from api.security.client_ip import client_address
from observability.logs import request_id
from settings import Network

logger = logging.getLogger("pilito.access")

CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
CLIENT_CLOSED_REQUEST = 499
"""The logged status of a request that the client gave up before the response."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Added to every response that has no such header of its own."""


@dataclass(slots=True)
class RequestFacts:
    """What the access log says about a request; routes and dependencies fill it in."""

    request_id: str = ""
    user_id: int | None = None
    store_id: int | None = None
    token_id: int | None = None
    tool: str | None = None


def request_facts(request: Request) -> RequestFacts:
    """Returns the facts of a request, to be filled in."""
    facts: RequestFacts = request.scope.get("pilito.facts") or RequestFacts()
    return facts


def _request_id(request: Request) -> str:
    """Returns the id that the client sent, where it is well formed, or else a new one."""
    given = request.headers.get("x-request-id", "")
    return given if CLIENT_ID.fullmatch(given) else secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedRequest:
    """How a request ended; `route` is a path template, None where no route matches."""

    route: str | None
    method: str
    status: int
    seconds: float


def _template(scope: Scope) -> str | None:
    """Returns the path template of the matched route, as the OpenAPI document writes it."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return path and path.replace(":id}", "}")


class RequestLogMiddleware:
    """Completes and logs every response; `on_completed` is called with each finished request."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        trusted_proxies: Sequence[Network],
        on_completed: Callable[[CompletedRequest], None],
    ) -> None:
        self._app = app
        self._trusted = trusted_proxies
        self._on_completed = on_completed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        facts = scope["pilito.facts"] = RequestFacts(request_id=_request_id(request))
        started = time.perf_counter()
        status, size = CLIENT_CLOSED_REQUEST, 0

        async def send_completed(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(MutableHeaders(scope=message), scope, facts)
            else:
                size += len(message.get("body", b""))
            await send(message)

        token = request_id.set(facts.request_id)
        try:
            await self._respond(request, receive, send_completed)
        finally:
            seconds = time.perf_counter() - started
            self._log(request, facts, status=status, size=size, seconds=seconds)
            request_id.reset(token)

    async def _respond(self, request: Request, receive: Receive, send: Send) -> None:
        """Respond with 500 to an unhandled exception; re-raise it where the response has begun."""
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(request.scope, receive, send_noting)
        except Exception as error:
            response = await unexpected(request, error)
            if begun:
                raise
            await response(request.scope, receive, send)

    def _complete(self, headers: MutableHeaders, scope: Scope, facts: RequestFacts) -> None:
        headers["X-Request-ID"] = facts.request_id
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")

    def _log(self, request: Request, facts: RequestFacts, *, status: int, size: int, seconds: float) -> None:
        method = request.method if request.method in METHODS else "other"
        route = _template(request.scope)
        self._on_completed(CompletedRequest(route=route, method=method, status=status, seconds=seconds))
        logger.info(
            "%s %s %d",
            method,
            route or "(no such route)",
            status,
            extra={
                "fields": {
                    "method": method,
                    "route": route,
                    "status": status,
                    "duration_ms": round(seconds * 1000, 1),
                    "bytes": size,
                    "client": client_address(request, self._trusted),
                    **{
                        name: value
                        for name in ("user_id", "store_id", "token_id", "tool")
                        if (value := getattr(facts, name)) is not None
                    },
                }
            },
        )
