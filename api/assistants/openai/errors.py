"""Errors in OpenAI's shape, which its clients turn into exceptions."""

from typing import Any

from api.assistants.errors import LONGEST_MESSAGE, RewritingRoute
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


class OpenAiRoute(RewritingRoute):
    """Gives every error OpenAI's shape."""

    @staticmethod
    def content(error: Exception, status: int, said: dict[str, Any]) -> dict[str, Any]:
        problem = OpenAiProblem(
            message=cut(
                said.get("error") or said.get("detail") or "The request was refused", LONGEST_MESSAGE
            ),
            type=_TYPES.get(status, "invalid_request_error"),
            param=said.get("field"),
            code=_CODES.get(status),
        )
        return OpenAiError(error=problem).model_dump()
