"""Errors in OpenAI's shape, which its clients turn into exceptions."""

from typing import Any

import orjson
from fastapi import Request, Response

from api import errors
from api.assistants.errors import LONGEST_MESSAGE, RewritingRoute, rewritten
from api.schemas.vector_stores import OpenAiError, OpenAiProblem
from catalogue.hygiene import cut

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 503: "server_error"}
_CODES = {
    400: "invalid_value",
    401: "invalid_api_key",
    403: "permission_denied",
    404: "not_found",
    429: "rate_limit_exceeded",
}


PATH = "/v1/"


class OpenAiRoute(RewritingRoute):
    """Gives every error OpenAI's shape."""

    @staticmethod
    def content(error: Exception, status: int, said: dict[str, Any]) -> dict[str, Any]:
        return said if isinstance(said.get("error"), dict) else _shaped(status, said)


async def http_error(request: Request, error: Exception) -> Response:
    """Handles HTTP errors; where OpenAI's clients ask for what is not there, in their shape."""
    response = await errors.http_error(request, error)
    if not request.url.path.startswith(PATH):
        return response
    return rewritten(response, _shaped(response.status_code, orjson.loads(response.body)))


def _shaped(status: int, said: dict[str, Any]) -> dict[str, Any]:
    message = said.get("error") or said.get("detail") or "The request was refused"
    problem = OpenAiProblem(
        message=cut(message, LONGEST_MESSAGE),
        type=_TYPES.get(status, "invalid_request_error"),
        param=said.get("field"),
        code=_CODES.get(status),
    )
    return OpenAiError(error=problem).model_dump()
