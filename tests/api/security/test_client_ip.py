"""The address of a client, and the addresses that a token may be used from."""

import ipaddress

import pytest
from fastapi import Request

from api.security.client_ip import client_address, may_use

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


def request(peer: str | None, *forwarded: str) -> Request:
    return Request(
        {
            "type": "http",
            "client": None if peer is None else (peer, 1234),
            "headers": [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded],
        }
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", (" 198.51.100.1 , 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("198.51.100.1", "10.0.0.2"), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.66, 198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.66", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("198.51.100.1, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("::1", ("2001:db8::5",), "2001:db8::5"),
        ("::1", ("[2001:db8::5]",), "2001:db8::5"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:203.0.113.7", (), "203.0.113.7"),
        (None, ("198.51.100.1",), ""),
        ("testclient", ("198.51.100.1",), ""),
    ],
)
def test_only_trusted_proxies_name_the_client(
    peer: str | None, forwarded: tuple[str, ...], address: str
) -> None:
    """The client is the first address from the right that no trusted proxy has."""
    assert client_address(request(peer, *forwarded), PROXIES) == address


def test_without_trusted_proxies_the_header_is_not_read() -> None:
    """By default no proxy is trusted."""
    assert client_address(request("10.0.0.1", "198.51.100.1"), ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "allowed", "may"),
    [
        ("203.0.113.7", (), True),
        ("", (), True),
        ("203.0.113.7", ("203.0.113.7",), True),
        ("203.0.113.8", ("203.0.113.7",), False),
        ("203.0.113.8", ("198.51.100.1", "203.0.113.0/24"), True),
        ("203.0.113.8", ("203.0.113.99/24",), True),
        ("2001:db8::5", ("2001:db8::/32",), True),
        ("2001:db9::5", ("2001:db8::/32",), False),
        ("203.0.113.7", ("::/0",), False),
        ("2001:db8::5", ("0.0.0.0/0",), False),
        ("::ffff:203.0.113.7", ("203.0.113.7",), True),
        ("", ("0.0.0.0/0", "::/0"), False),
    ],
)
def test_a_token_is_bound_to_its_addresses(address: str, allowed: tuple[str, ...], may: bool) -> None:  # noqa: FBT001 - a column of the table
    """Single addresses and networks of both versions; an empty list allows all addresses."""
    assert may_use(address, allowed) is may
