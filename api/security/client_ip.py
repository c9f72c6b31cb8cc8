"""Whose address a request came from, and whether a token may be used from there."""

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
    """The peer's address, or, where the peer is a trusted proxy, the nearest address no trusted proxy has.

    `X-Forwarded-For` is read from the right: what stands left of an untrusted address may be forged.
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


def neighbourhood(address: str) -> str:
    """The addresses one guesser has: a single one of IPv4, a /64 of IPv6."""
    parsed = _parse(address)
    if parsed is None or parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def may_use(address: str, allowed: Sequence[str]) -> bool:
    """Whether an address is among single addresses and CIDR networks; none listed allows all."""
    if not allowed:
        return True
    parsed = _parse(address)
    return parsed is not None and _within(
        parsed, (ipaddress.ip_network(entry, strict=False) for entry in allowed)
    )
