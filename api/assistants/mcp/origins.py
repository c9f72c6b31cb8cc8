"""Which web pages may ask the MCP server; the protocol requires this check against DNS rebinding."""

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from api.dependencies import app_state
from api.errors import ApiError
from api.public_url import public_url

LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})

_REFUSED = "The Origin of this web page may not ask the MCP server; add it to PILITO_CORS_ORIGINS"


def check_origin(request: Request) -> None:
    """Raises a 403 for a request from a web page that is not allowed, and a 400 for a malformed Host.

    Programs send no Origin. Pages of the API's own address and of `PILITO_CORS_ORIGINS` are allowed, and a
    page of this machine may ask a server on this machine. A page that DNS rebinding brings here has the
    origin of its own name, so a name from the Host header proves nothing: without `PILITO_PUBLIC_URL`, only a
    Host that is an address or `localhost` is the API's own.
    """
    own = public_url(request)
    origins = request.headers.getlist("origin")
    if not origins:
        return
    settings = app_state(request).settings
    allowed = {_origin(one) for one in settings.cors_origins}
    if settings.public_url or not _may_be_rebound(own):
        allowed.add(_origin(own))
    for origin in origins:
        if _origin(origin) not in allowed and not (_is_local(origin) and _is_local(own)):
            raise ApiError(403, {"error": _REFUSED})


def _origin(address: str) -> str:
    """Returns scheme, host and port, without the port that the scheme has anyway; "" if malformed."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if not parts.scheme or not parts.hostname:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname.lower()}:{port or usual}"


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _may_be_rebound(address: str) -> bool:
    """Returns whether the host is a name that DNS resolves."""
    host = _host(address)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host not in LOCAL_NAMES
    return False


def _is_local(address: str) -> bool:
    host = _host(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOCAL_NAMES
