"""The address of the API as its clients reach it, for the addresses in responses."""

import re
from typing import Any

from fastapi import Request

from api.errors import invalid

_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
"""The form of a Host header: a name or an address, and a port."""


def public_url(request: Request) -> str:
    """Returns the configured address, or else the host of the request; raises 400 for no well-formed host.

    The address has no slash at its end.
    """
    configured: object = request.app.state.public_url
    if configured:
        return str(configured).rstrip("/")
    hosts = request.headers.getlist("host")
    if len(hosts) > 1 or (hosts and not _HOST.fullmatch(hosts[0])):
        raise invalid("The Host header is not a host with an optional port")
    return str(request.base_url).rstrip("/")


def public_address(request: Request, **query: Any) -> str:
    """Returns the address of this request with other values of these query parameters."""
    changed = request.url.include_query_params(**query)
    return f"{public_url(request)}{changed.path}?{changed.query}"
