"""Error responses: one exception type, and the handlers that turn exceptions into JSON.

Authentication errors have the body `{"detail"}` and a `WWW-Authenticate` header, all others `{"error"}`.
"""

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.routing import Match

from contracts.errors import InvalidBody, InvalidField, UnknownKey
from contracts.storage import REASONS, storage_refusal

DATABASE_DOWN = (InterfaceError, InternalError, OperationalError, PoolTimeout, ProgrammingError)

logger = logging.getLogger("pilito.api")


class ApiError(HTTPException):
    """An error response; `content` is the JSON body."""

    def __init__(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status, content, headers)
        self.content = content


def unauthenticated(detail: str) -> ApiError:
    """Returns a 401."""
    return ApiError(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})


def clock_skew(sent: datetime, now: datetime) -> ApiError:
    """Returns the 401 for a right signature with a time that is too far from ours."""
    seconds = round(abs((sent - now).total_seconds()))
    minutes = f"{seconds // 60} min {seconds % 60} s"
    side = "ahead of" if sent > now else "behind"
    detail = (
        f"The signature is right, but the sender's clock ({_second(sent)}) is {minutes} {side} ours"
        f" ({_second(now)}); set the clock of the sender's server."
    )
    times = {"server_time": _second(now), "sent_time": _second(sent)}
    return ApiError(401, {"error": "Clock skew", "detail": detail, **times}, {"WWW-Authenticate": "Bearer"})


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def invalid(error: str, *, field: str | None = None, problem: str | None = None) -> ApiError:
    """Returns a 400; `field` and `problem` are left out where they are None."""
    details = {"field": field, "problem": problem}
    return ApiError(400, {"error": error, **{k: v for k, v in details.items() if v is not None}})


def invalid_field(field: str, problem: str) -> ApiError:
    """Returns a 400 for one field."""
    return invalid(f"{field}: {problem}", field=field, problem=problem)


def not_found(what: str, *, field: str | None = None) -> ApiError:
    """Returns a 404; `field` names the field of the request that holds the unknown id."""
    return ApiError(404, {"error": f"No such {what}", **({"field": field} if field else {})})


def too_large(limit: int) -> ApiError:
    """Returns a 413 that ends the connection, because the body is not read to its end."""
    return ApiError(413, {"error": "Payload too large", "limit_bytes": limit}, {"Connection": "close"})


def too_long(error: str, limits: Mapping[str, int]) -> ApiError:
    """Returns a 413 for a body that was read and holds too much."""
    return ApiError(413, {"error": error, "limits": dict(limits)})


def too_many(wait: float, error: str = "Too many requests") -> ApiError:
    """Returns a 429; `wait` is in seconds and is rounded up for the `Retry-After` header."""
    return ApiError(429, {"error": error}, {"Retry-After": str(math.ceil(wait))})


def unavailable(error: str, retry_after: int = 5) -> ApiError:
    """Returns a 503."""
    return ApiError(503, {"error": error}, {"Retry-After": str(retry_after)})


def json_response(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """Returns a JSON response; decimals are written as strings, so that no digit is lost."""
    body = orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z)
    return Response(body, status, headers, media_type="application/json")


def _allowed_methods(request: Request) -> str:
    """Returns all methods of a path; Starlette names only the methods of the first route that matches."""
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        match, _ = context.route.matches(request.scope)
        if match is not Match.NONE:
            methods |= context.methods or set()
    return ", ".join(sorted(methods))


async def http_error(request: Request, error: Exception) -> Response:
    """Handles `ApiError` and the errors that FastAPI raises."""
    if not isinstance(error, AnyHTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed_methods(request)
    content = error.content if isinstance(error, ApiError) else {"error": error.detail}
    return json_response(error.status_code, content, headers)


async def database_down(request: Request, error: Exception) -> Response:
    """Handles the errors of SQLAlchemy that mean that Postgres does not answer, or stores nothing."""
    refusal = storage_refusal(error)
    if refusal is not None:
        logger.warning("Postgres stores nothing: %s", REASONS[refusal])
        return await http_error(request, unavailable("The database stores nothing right now"))
    if isinstance(error, InternalError | ProgrammingError):
        return await unexpected(request, error)
    logger.warning("Postgres does not answer: %s", type(error).__name__)
    return await http_error(request, unavailable("The database does not answer right now"))


async def validation_error(request: Request, error: Exception) -> Response:
    """Handles a path, query or body that does not fit; the response names the first field."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    if not field:  # FastAPI reports an empty body as a missing parameter
        return await http_error(request, invalid("The body is not JSON", problem="the body is empty"))
    return await http_error(request, invalid_field(field, first["msg"].removeprefix("Value error, ")))


async def shop_error(request: Request, error: Exception) -> Response:
    """Handles a field of a delivery or of a store that the connectors refuse."""
    if not isinstance(error, InvalidField):
        raise error
    return await http_error(request, invalid(str(error), field=error.field, problem=error.problem))


async def body_error(request: Request, error: Exception) -> Response:
    """Handles a body that is not the JSON that is expected."""
    if not isinstance(error, InvalidBody):
        raise error
    return await http_error(request, invalid(error.error, problem=error.problem or None))


async def too_expensive(request: Request, error: Exception) -> Response:
    """Handles a body that a child process could not read within its bounds."""
    return await http_error(request, invalid("The body cannot be read", problem=str(error)))


async def too_busy(request: Request, error: Exception) -> Response:
    """Handles a body that waited too long for a child process."""
    return await http_error(request, unavailable("Too many large bodies are read at the moment"))


def key_missing() -> ApiError:
    """Returns the 503 for a stored secret that no key of this process decrypts; the log has what to do."""
    return unavailable("The service lacks a key, so a secret of the store cannot be read", retry_after=60)


async def unknown_key(request: Request, error: Exception) -> Response:
    """Handles a request that needs such a secret."""
    if not isinstance(error, UnknownKey):
        raise error
    return await http_error(request, key_missing())


async def unexpected(request: Request, error: Exception) -> Response:
    """Logs any other exception and returns a 500."""
    logger.error("unexpected error on a %s request", request.method, exc_info=error)
    return json_response(500, {"error": "Internal error; it was logged."})
