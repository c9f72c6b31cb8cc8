"""The address of the client, and whether a token may be used from it."""

import ipaddress
from collections.abc import Iterable, Sequence

from fastapi import Request

from api.forwarded import Address, forwarded, parse_address
from settings import Network


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def client_address(request: Request, trusted: Sequence[Network]) -> str:
    """Returns the peer's address, or behind trusted proxies the nearest address that is none of them.

    Empty if the peer has no address.
    """
    client = forwarded(request, trusted).client
    return "" if client is None else str(client)


def client_network(address: str) -> str:
    """Returns the network that one client controls: the address itself in IPv4, its /64 in IPv6."""
    parsed = parse_address(address)
    if parsed is None or parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def client_site(address: str) -> str | None:
    """Returns the /48 that one site gets in IPv6, with its 65,536 networks; None in IPv4."""
    parsed = parse_address(address)
    if parsed is None or parsed.version == 4:
        return None
    return str(ipaddress.ip_network((parsed, 48), strict=False))


def may_use(address: str, allowed: Sequence[str]) -> bool:
    """Returns whether an address is in one of the networks; an empty list allows all addresses."""
    if not allowed:
        return True
    parsed = parse_address(address)
    return parsed is not None and _within(
        parsed, (ipaddress.ip_network(entry, strict=False) for entry in allowed)
    )
