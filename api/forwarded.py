"""What trusted proxies say about a request: who sent it, and under which address it reached them.

A proxy adds to the right of a list, so lists are read from there: what stands left of the address of a peer
that is not trusted may be forged. `X-Forwarded-*` comes before `Forwarded` (RFC 7239), because a proxy that
writes only the first may pass the second on as the client sent it.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_HOPS = 32

_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?")
"""An address in brackets, or an IPv4 address; both may have a port."""

_PARAMETER = re.compile(r'\s*(?P<name>[A-Za-z]{1,20})=(?P<value>"[^"\\]*"|[^\s";,]*)\s*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """The address of the client, and what the first trusted proxy says of the request.

    `client` is None if it is unknown; `scheme` and `host` are None if no trusted proxy names them. `host` may
    be malformed.
    """

    client: Address | None
    scheme: str | None = None
    host: str | None = None


def parse_address(value: str) -> Address | None:
    """Returns an address, which may have a port; None for anything else. Mapped IPv4 becomes IPv4."""
    text = value.strip().strip('"').strip()
    match = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((match[1] or match[2]) if match else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def forwarded(request: Request, trusted: Sequence[Network]) -> Forwarded:
    """Returns what the trusted proxies in front of us say; an address that cannot be read ends their list."""
    address = peer = parse_address(request.client.host) if request.client else None
    if peer is None or not _is_trusted(peer, trusted):
        return Forwarded(client=peer)
    hops = _values(request, "x-forwarded-for", "for")
    passed = 0
    while passed < len(hops) and address is not None and _is_trusted(address, trusted):
        hop = parse_address(hops[-1 - passed])
        if hop is None:
            break
        address = hop
        passed += 1
    place = max(passed, 1)
    scheme = _at(_values(request, "x-forwarded-proto", "proto"), place)
    return Forwarded(
        client=address,
        scheme=scheme.lower() if scheme and scheme.lower() in ("http", "https") else None,
        host=_at(_values(request, "x-forwarded-host", "host"), place),
    )


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _at(values: Sequence[str], place: int) -> str | None:
    """Returns the value at a place from the right; the first one if there are fewer."""
    return (values[max(len(values) - place, 0)].strip('"').strip() or None) if values else None


def _values(request: Request, header: str, parameter: str) -> list[str]:
    """Returns the last values of a header, or of a parameter of `Forwarded` if the header is missing."""
    lines = request.headers.getlist(header)
    if lines:
        return [value.strip() for value in ",".join(lines).rsplit(",", MOST_HOPS)[-MOST_HOPS:]]
    elements = ",".join(request.headers.getlist("forwarded")).rsplit(",", MOST_HOPS)[-MOST_HOPS:]
    return [
        match["value"]
        for element in elements
        for part in element.split(";")
        if (match := _PARAMETER.fullmatch(part)) and match["name"].lower() == parameter
    ]
