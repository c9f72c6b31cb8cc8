"""Requests that cannot be read, in UCP's envelope."""

from typing import Any

from api.assistants.errors import LONGEST_MESSAGE, RewritingRoute
from api.assistants.ucp.operations import TooManyIds
from api.assistants.ucp.responses import UcpError, envelope
from catalogue.hygiene import cut
from catalogue.ucp import Message


class UcpRoute(RewritingRoute):
    """Gives a request that cannot be read UCP's envelope; other errors stay as they are."""

    @staticmethod
    def content(error: Exception, status: int, said: dict[str, Any]) -> dict[str, Any]:
        if status != 400:
            return said
        message = Message(
            type="error",
            code="request_too_large" if isinstance(error, TooManyIds) else "invalid_request",
            content=cut(": ".join(filter(None, (said["error"], _problem(said)))), LONGEST_MESSAGE),
            severity="recoverable",
        )
        return UcpError(ucp=envelope(None, failed=True), messages=[message]).dumped()


def _problem(said: dict[str, Any]) -> str:
    """Returns the problem of an error that does not name it."""
    return "" if "field" in said else said.get("problem") or ""
