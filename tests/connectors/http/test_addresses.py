"""Which addresses are public: by our own list, the same on every Python."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from connectors.http.addresses import is_public

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "168.63.129.15",
    "192.0.1.1",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
CLOSED = [
    "0.0.0.0",  # noqa: S104 - looked at, not listened on
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:168.63.129.16",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:808:808::1",
    "2001:2::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2a00::5efe:10.0.0.1",
    "2a00::200:5efe:127.0.0.1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::5efe:8.8.8.8",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    """Also through a gateway from IPv6 to IPv4."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", CLOSED)
def test_addresses_of_hosts_networks_and_gateways_are_not(address: str) -> None:
    """In any spelling that an IPv6 address has for an IPv4 address."""
    assert not is_public(ip_address(address))


@given(
    some.sampled_from(
        ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "168.63.129.16/32")
    ).flatmap(lambda network: some.ip_addresses(v=4, network=network))
)
def test_a_closed_ipv4_address_is_closed_inside_of_an_ipv6_address(address: IPv4Address) -> None:
    """Mapped, compatible, translated, tunnelled: no gateway opens it."""
    number = int(address)
    spellings = (
        0xFFFF << 32 | number,
        number,
        0x64_FF9B << 96 | number,
        0x64_FF9B_0001 << 80 | number,
        0x2002 << 112 | number << 80 | 1,
        0x2001 << 112 | number << 64 | 1,
        0x2001 << 112 | number ^ 0xFFFF_FFFF,
        0x2A00 << 112 | 0x5EFE << 32 | number,
        0x2A00 << 112 | 0x0200_5EFE << 32 | number,
    )
    assert not any(is_public(IPv6Address(spelling)) for spelling in spellings)


@given(some.ip_addresses(v=4))
def test_a_mapped_address_is_as_public_as_its_ipv4_address(address: IPv4Address) -> None:
    """The same holds for NAT64."""
    mapped, translated = IPv6Address(0xFFFF << 32 | int(address)), IPv6Address(0x64_FF9B << 96 | int(address))
    assert is_public(mapped) is is_public(translated) is is_public(address)


@given(some.ip_addresses(v=6))
def test_an_ipv6_address_is_public_only_where_iana_assigns_addresses(address: IPv6Address) -> None:
    """Everything outside of 2000::/3 is closed, except for mapped and translated IPv4 addresses."""
    assume(address not in IPv6Network("::ffff:0:0/96") and address not in IPv6Network("64:ff9b::/96"))
    assert not is_public(address) or address in IPv6Network("2000::/3")


@given(some.ip_addresses(v=4))
def test_an_address_that_the_standard_library_calls_private_is_not_public(address: IPv4Address) -> None:
    """Our list is the stricter one."""
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert not is_public(address)
