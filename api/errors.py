"""How the API refuses: one error type, rendered once.

Authentication answers `{"detail"}` with `WWW-Authenticate`; everything else `{"error"}` and what helps.
"""

import logging
import math
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

DATABASE_DOWN = (InterfaceError, OperationalError, PoolTimeout)

logger = logging.getLogger("pilito.api")


class Refused(Exception):
    """An answer other than success, ready to be sent."""

    def __init__(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {content}")
        self.status = status
        self.content = content
        self.headers = headers or {}


def unauthenticated(detail: str) -> Refused:
    return Refused(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})


def invalid(error: str, *, field: str | None = None, problem: str | None = None) -> Refused:
    details = {"field": field, "problem": problem}
    return Refused(400, {"error": error, **{k: v for k, v in details.items() if v is not None}})


def too_many(wait: float) -> Refused:
    """To be asked again after so many seconds, which are told whole."""
    return Refused(429, {"error": "Too many requests"}, {"Retry-After": str(math.ceil(wait))})


def unavailable(error: str, *, retry_after: int = 5) -> Refused:
    return Refused(503, {"error": error}, {"Retry-After": str(retry_after)})


def answer(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """A JSON response; Decimal prices become strings, so that no digit is lost."""
    body = orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z)
    return Response(body, status, headers, media_type="application/json")


async def refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return answer(error.status, error.content, error.headers)


def _allowed(request: Request) -> str:
    """All methods of a path; Starlette names those of the first route that has it."""
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        match, _ = context.route.matches(request.scope)
        if match is not Match.NONE:
            methods |= context.methods or set()
    return ", ".join(sorted(methods))


async def http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed(request)
    return answer(error.status_code, {"error": error.detail}, headers)


async def database_down(request: Request, error: Exception) -> Response:
    """What cannot be answered without Postgres is to be asked again."""
    logger.warning("Postgres does not answer: %s", type(error).__name__)
    return await refused(request, unavailable("The database does not answer right now"))


async def misfit(_: Request, error: Exception) -> Response:
    """A path or query that does not fit, as FastAPI found it."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    problem = first["msg"].removeprefix("Value error, ")
    return await refused(_, invalid(f"{field}: {problem}", field=field, problem=problem))


async def unexpected(request: Request, error: Exception) -> Response:
    logger.error("unexpected error on a %s request", request.method, exc_info=error)
    return answer(500, {"error": "Internal error; it was logged."})
