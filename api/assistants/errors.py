"""Errors in the shapes of other protocols."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.errors import json_response

_OF_THE_BODY = ("content-length", "content-type")

LONGEST_MESSAGE = 1_000
"""Characters of a message."""


class RewritingRoute(APIRoute):
    """A route with errors of another shape; status and headers stay."""

    @staticmethod
    def content(error: Exception, status: int, said: dict[str, Any]) -> dict[str, Any]:
        """Returns the body of an error response; `said` is the body that this API gives it."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_errors(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                known = request.app.exception_handlers
                handler = next((known[kind] for kind in type(error).__mro__ if kind in known), None)
                if handler is None:
                    raise
                response: Response = await handler(request, error)
                said = orjson.loads(response.body)
                return rewritten(response, self.content(error, response.status_code, said))

        return handle_errors


def rewritten(response: Response, content: dict[str, Any]) -> Response:
    """Returns a response with another body."""
    headers = {name: value for name, value in response.headers.items() if name not in _OF_THE_BODY}
    return json_response(response.status_code, content, headers)
