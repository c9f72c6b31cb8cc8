"""Around every request: its id, headers that keep browsers out of trouble, and one line in the log."""

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

GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
NOBODY_LEFT = 499
"""The status of a request whose asker hung up before it was answered."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of every answer that has no such header of its own."""


@dataclass(slots=True)
class Facts:
    """What becomes known of a request while it is answered."""

    request_id: str = ""
    user_id: int | None = None
    store_id: int | None = None
    token_id: int | None = None


def facts_of(request: Request) -> Facts:
    facts: Facts = request.scope.get("pilito.facts") or Facts()
    return facts


def _id_of(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if GIVEN_ID.fullmatch(given) else secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a request ended; `route` is a template, None where there is no such route."""

    route: str | None
    method: str
    status: int
    seconds: float


def _template(scope: Scope) -> str | None:
    """The path of the route that was chosen, as the API's document has it."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return path and path.replace(":id}", "}")


class Requests:
    """The outermost layer: what any other layer answers passes through it, and what any raises ends in it."""

    def __init__(
        self, app: ASGIApp, *, trusted_proxies: Sequence[Network], answered: Callable[[Answered], None]
    ) -> None:
        self._app = app
        self._trusted = trusted_proxies
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        facts = scope["pilito.facts"] = Facts(request_id=_id_of(request))
        began = time.perf_counter()
        status, size = NOBODY_LEFT, 0

        async def sending(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(MutableHeaders(scope=message), scope, facts)
            else:
                size += len(message.get("body", b""))
            await send(message)

        token = request_id.set(facts.request_id)
        try:
            await self._answer(request, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            self._tell(request, facts, status=status, size=size, seconds=seconds)
            request_id.reset(token)

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer 500 to what nobody expected; where an answer has begun, break it off."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(request.scope, receive, sending)
        except Exception as error:
            answer = await unexpected(request, error)
            if begun:
                raise
            await answer(request.scope, receive, send)

    def _complete(self, headers: MutableHeaders, scope: Scope, facts: Facts) -> None:
        headers["X-Request-ID"] = facts.request_id
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")

    def _tell(self, request: Request, facts: Facts, *, status: int, size: int, seconds: float) -> None:
        method = request.method if request.method in METHODS else "other"
        route = _template(request.scope)
        self._answered(Answered(route=route, method=method, status=status, seconds=seconds))
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
                        for name in ("user_id", "store_id", "token_id")
                        if (value := getattr(facts, name)) is not None
                    },
                }
            },
        )
