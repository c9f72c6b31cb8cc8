"""The address of a client, and the addresses that a token may be used from."""

import ipaddress

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as some

from api.forwarded import forwarded, parse_address
from api.security.client_ip import client_address, may_use
from tests.support.plugins.examples import examples

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
        ("10.0.0.1", ("198.51.100.1:51544",), "198.51.100.1"),
        ("10.0.0.1", ("192.0.2.66:1, 198.51.100.1:51544, 10.0.0.2:80",), "198.51.100.1"),
        ("10.0.0.1", ('"[2001:db8::5]:443"', "[::1]:80"), "2001:db8::5"),
        ("10.0.0.1", ("[::ffff:198.51.100.1]:443",), "198.51.100.1"),
        ("10.0.0.1", ("::ffff:198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("198.51.100.1:x",), "10.0.0.1"),
        ("10.0.0.1", ("192.0.2.66, unknown, 10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("198.51.100.1, ",), "10.0.0.1"),
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


PORTS = some.sampled_from(["", ":1", ":65535"])
ADDRESSES = some.ip_addresses(v=4).map(str) | some.ip_addresses(v=6).map(lambda address: f"[{address}]")


@examples(200)
@given(ADDRESSES, PORTS, some.sampled_from([" ", "\t", '"', ""]))
def test_ports_quotes_and_spaces_change_no_address(address: str, port: str, around: str) -> None:
    """Azure's and other gateways write the port of the client."""
    plain = parse_address(address)
    assert plain is not None
    assert parse_address(f"{around}{address}{port}{around}") == plain


@examples(200)
@given(some.text(max_size=30))
def test_a_hop_is_an_address_or_ends_the_list(hop: str) -> None:
    """Nothing else is taken for the client, and nothing raises an error."""
    value = hop.encode("utf-8", "ignore").decode("latin-1")
    parsed = parse_address(value)
    if "," not in value:
        assert client_address(request("10.0.0.1", value), PROXIES) == str(parsed or "10.0.0.1")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('For="[2001:db8::5]:4711";proto=https;by=203.0.113.43', "2001:db8::5"),
        ("for=192.0.2.66, for=198.51.100.1;proto=http, for=10.0.0.2", "198.51.100.1"),
        ("for=unknown", "10.0.0.1"),
        ("for=_hidden", "10.0.0.1"),
        ("by=198.51.100.1", "10.0.0.1"),
        ('for="198.51.100.1', "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_where_the_usual_one_is_missing(line: str, address: str) -> None:
    """A proxy that writes `X-Forwarded-For` may pass on what the client wrote into `Forwarded`."""
    alone = request("10.0.0.1")
    alone.scope["headers"].append((b"forwarded", line.encode()))
    assert client_address(Request(alone.scope), PROXIES) == address
    both = request("10.0.0.1", "203.0.113.9")
    both.scope["headers"].append((b"forwarded", line.encode()))
    assert client_address(Request(both.scope), PROXIES) == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "headers", "scheme", "host"),
    [
        ("10.0.0.1", {"x-forwarded-proto": "https"}, "https", None),
        ("10.0.0.1", {"x-forwarded-proto": "HTTPS", "x-forwarded-host": "a.example"}, "https", "a.example"),
        ("203.0.113.7", {"x-forwarded-proto": "https", "x-forwarded-host": "a.example"}, None, None),
        ("10.0.0.1", {"x-forwarded-proto": "gopher"}, None, None),
        ("10.0.0.1", {"x-forwarded-proto": ""}, None, None),
        ("10.0.0.1", {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "http, https"}, "https", None),
        (
            "10.0.0.1",
            {"x-forwarded-for": "198.51.100.1, 10.0.0.2", "x-forwarded-proto": "https, http"},
            "https",
            None,
        ),
        (
            "10.0.0.1",
            {"x-forwarded-for": "198.51.100.1, 10.0.0.2", "x-forwarded-proto": "https"},
            "https",
            None,
        ),
        (
            "10.0.0.1",
            {"forwarded": 'for=198.51.100.1;host="a.example:8443";proto=https'},
            "https",
            "a.example:8443",
        ),
    ],
)
def test_scheme_and_host_are_the_clients(
    peer: str, headers: dict[str, str], scheme: str | None, host: str | None
) -> None:
    """Of a list, the value of the proxy that the client reached; one value counts for all proxies."""
    sent = request(peer)
    sent.scope["headers"] += [(name.encode(), value.encode()) for name, value in headers.items()]
    said = forwarded(Request(sent.scope), PROXIES)
    assert (said.scheme, said.host) == (scheme, host)


def test_endless_proxies_end_the_list() -> None:
    """A list of trusted addresses is not read without an end."""
    said = client_address(request("10.0.0.1", ",".join(["198.51.100.1", *["10.0.0.2"] * 5_000])), PROXIES)
    assert said == "10.0.0.2"
