"""Which IP addresses belong to the public internet, by our own list.

The `is_global` of the standard library differs between patch levels of Python, and calls some addresses
global that lead to the host, the local network or a gateway.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_CLOSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by customers of a provider
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the host of a virtual machine in Azure
            "169.254.0.0/16",  # link-local; the metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments; the metadata of Oracle's cloud
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112: answered by the nearest network
            "192.52.193.0/24",  # AMT relays
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
"""The special-purpose registry of IANA for IPv4, and addresses that clouds answer on the host."""

_OPEN_V6 = IPv6Network("2000::/3")
"""All addresses that IANA has assigned to networks of the internet."""

_CLOSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID and others
            "2001:db8::/32",  # documentation
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
"""The special-purpose registry of IANA for IPv6, within `_OPEN_V6`."""

_SIX_TO_FOUR = IPv6Network("2002::/16")
_TRANSLATED = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped addresses and NAT64: as public as the IPv4 address in their last 32 bits."""

_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The first half of an interface identifier; the IPv4 address of a router follows it."""

_LAST_32_BITS = 0xFFFF_FFFF


def _embedded(address: IPv6Address) -> Iterable[IPv4Address]:
    """Yields the IPv4 addresses that an address of `_OPEN_V6` leads to through a gateway."""
    number = int(address)
    if address in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & _LAST_32_BITS)
    if number >> 32 & _LAST_32_BITS in _ISATAP:
        yield IPv4Address(number & _LAST_32_BITS)


def is_public(address: Address) -> bool:
    """Returns whether an address, and every IPv4 address embedded in it, belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if any(address in network for network in _TRANSLATED):
        return is_public(IPv4Address(int(address) & _LAST_32_BITS))
    if address not in _OPEN_V6 or any(address in network for network in _CLOSED_V6):
        return False
    return all(map(is_public, _embedded(address)))
