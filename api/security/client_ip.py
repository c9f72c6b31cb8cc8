"""The address of the client, and whether a token may be used from it."""

import ipaddress
from collections.abc import Iterable, Sequence

from fastapi import Request

from settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _parse(value: str) -> Address | None:
    try:
        address = ipaddress.ip_address(value.strip().strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def client_address(request: Request, trusted: Sequence[Network]) -> str:
    """Returns the peer's address, or behind trusted proxies the nearest address that is none of them.

    `X-Forwarded-For` is read from the right: addresses left of an untrusted one may be forged.
    """
    peer = _parse(request.client.host) if request.client else None
    if peer is None:
        return ""
    hops = [hop for value in request.headers.getlist("x-forwarded-for") for hop in value.split(",")]
    address = peer
    while hops and _within(address, trusted):
        hop = _parse(hops.pop())
        if hop is None:
            break
        address = hop
    return str(address)


def client_network(address: str) -> str:
    """Returns the network that one client controls: the address itself in IPv4, its /64 in IPv6."""
    parsed = _parse(address)
    if parsed is None or parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def client_site(address: str) -> str | None:
    """Returns the /48 that one site gets in IPv6, with its 65,536 networks; None in IPv4."""
    parsed = _parse(address)
    if parsed is None or parsed.version == 4:
        return None
    return str(ipaddress.ip_network((parsed, 48), strict=False))


def may_use(address: str, allowed: Sequence[str]) -> bool:
    """Returns whether an address is in one of the networks; an empty list allows all addresses."""
    if not allowed:
        return True
    parsed = _parse(address)
    return parsed is not None and _within(
        parsed, (ipaddress.ip_network(entry, strict=False) for entry in allowed)
    )
