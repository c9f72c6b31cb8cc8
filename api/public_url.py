"""The address of the API as its clients reach it, for the addresses in responses."""

import re
from typing import Any

from fastapi import Request

from api.errors import invalid
from api.forwarded import forwarded

_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
"""The form of a Host header: a name or an address, and a port."""


def public_url(request: Request) -> str:
    """Returns the configured address, or the one that the client used; raises 400 for no well-formed host.

    Behind trusted proxies, scheme and host are the ones that they forward. The address has no slash at its
    end.
    """
    state = request.app.state
    if state.public_url:
        return str(state.public_url).rstrip("/")
    said = forwarded(request, state.trusted_proxies)
    hosts = request.headers.getlist("host")
    if len(hosts) > 1 or not all(map(_HOST.fullmatch, hosts)):
        raise invalid("The Host header is not a host with an optional port")
    if said.host is not None and not _HOST.fullmatch(said.host):
        raise invalid("The forwarded host is not a host with an optional port")
    own = request.base_url
    address = own.replace(scheme=said.scheme or own.scheme, netloc=said.host or own.netloc)
    return str(address).rstrip("/")


def public_address(request: Request, **query: Any) -> str:
    """Returns the address of this request with other values of these query parameters."""
    changed = request.url.include_query_params(**query)
    return f"{public_url(request)}{changed.path}?{changed.query}"
