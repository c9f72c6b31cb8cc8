"""Addresses that requests to shops may use, and addresses they may not use."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.http import outbound
from connectors.http.addresses import Address
from connectors.http.outbound import Outbound, shop_url
from contracts.errors import ForbiddenAddress, InvalidField
from tests.support.network.certificates import contexts


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Shop.Example.ir/", "https://shop.example.ir"),
        (" https://shop.example/wp/ ", "https://shop.example/wp"),
        ("https://فروشگاه.ایران/wp", "https://xn--mgbtj4c7ad63e.xn--mgba3a4f16a/wp"),
        ("http://shop.example:80", "http://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
    ],
)
def test_an_address_has_one_spelling(typed: str, kept: str) -> None:
    """Regardless of how it was entered."""
    assert shop_url(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://shop.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//shop.example",
        "shop.example",
        "https://",
        "https://user:word@shop.example",
        "https://shop.example?x=1",
        "https://shop.example#x",
        "https://shop.example:99999",
        "https://shop example",
        "https://shop.example\\@other.example",
        "https://shop.example\r\nX: 1",
        "https://a..b",
        f"https://{'a' * 64}.example",
        f"https://shop.example/{'a' * 2000}",
    ],
)
def test_what_is_no_address_of_a_shop_is_refused_with_the_fields_name(typed: str) -> None:
    """Other schemes, user names, queries and text that is no address."""
    with pytest.raises(InvalidField, match="base_url: "):
        shop_url(typed)


@asynccontextmanager
async def answering(
    answer: bytes, *, tls: ssl.SSLContext | None = None, lasting: bool = False
) -> AsyncIterator[tuple[int, list[str]]]:
    """A local server that sends one answer to every request. Yields its port and the Host headers it saw."""
    hosts: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        hosts.extend(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
        writer.write(answer)
        await writer.drain()
        if lasting:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], hosts


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

Resolver = Callable[..., Any]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """A fake name service: name -> its answers, one after another; the last answer repeats."""
    known: dict[str, list[list[str]]] = {}

    def resolve(host: str, port: int) -> list[Address]:
        if host not in known:
            raise socket.gaierror("unknown name")
        answers = known[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ipaddress.ip_address(address) for address in addresses]

    monkeypatch.setattr(outbound, "_addresses", resolve)
    return known


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "http://[::1]", "http://2130706433", "http://0x7f.1", "http://localhost"]
)
async def test_our_own_network_is_out_of_reach_however_it_is_spelled(url: str) -> None:
    """Nothing is sent."""
    async with answering(OK) as (port, hosts), Outbound(allow_private=False).client() as client:
        with pytest.raises(ForbiddenAddress):
            await client.get(f"{url}:{port}/")
    assert hosts == []


async def test_a_name_with_a_private_address_among_its_public_ones_is_refused(
    names: dict[str, list[list[str]]],
) -> None:
    """The next answer might begin with the private address."""
    names["shop.test"] = [["8.8.8.8", "10.0.0.1"]]
    async with Outbound(allow_private=False).client() as client:
        with pytest.raises(ForbiddenAddress):
            await client.get("http://shop.test/")


async def test_the_address_that_was_checked_is_the_one_connected_to(
    names: dict[str, list[list[str]]],
) -> None:
    """A name that resolves differently the second time is resolved once; the shop sees its own name."""
    names["shop.test"] = [["127.0.0.1"], ["203.0.113.1"]]
    async with answering(OK) as (port, hosts), Outbound(allow_private=True).client() as client:
        answer = await client.get(f"http://shop.test:{port}/")
    assert answer.text == "ok"
    assert hosts == [f"shop.test:{port}"]


async def test_an_address_that_answers_is_not_resolved_for_every_request(
    names: dict[str, list[list[str]]],
) -> None:
    """Until it stops answering: then the name is resolved at once."""
    names["shop.test"] = [["127.0.0.2", "127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"]]
    async with Outbound(allow_private=True).client() as client:
        async with answering(OK) as (port, hosts):
            for _ in range(2):
                await client.get(f"http://shop.test:{port}/")
        assert len(hosts) == 2
        assert len(names["shop.test"]) == 2, "it was resolved once"
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"http://shop.test:{port}/")
        assert len(names["shop.test"]) == 1


async def test_an_address_is_used_for_half_a_minute(
    names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads into our network after that is refused."""
    names["shop.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    monkeypatch.setattr(outbound, "is_public", lambda address: str(address) == "127.0.0.1")
    monkeypatch.setattr(outbound, "ADDRESS_SECONDS", 0.0)
    async with answering(OK) as (port, _), Outbound(allow_private=False).client() as client:
        await client.get(f"http://shop.test:{port}/")
        with pytest.raises(ForbiddenAddress):
            await client.get(f"http://shop.test:{port}/")


async def test_a_redirect_into_our_network_is_refused(
    names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followed or not, each address of a redirect is checked like the first."""
    away = b"HTTP/1.1 302 Found\r\nLocation: http://inside.test/\r\nConnection: close\r\n\r\n"
    names |= {"shop.test": [["127.0.0.1"]], "inside.test": [["10.0.0.1"]]}
    monkeypatch.setattr(outbound, "is_public", lambda address: str(address) == "127.0.0.1")
    async with answering(away) as (port, _), Outbound(allow_private=False).client() as client:
        assert (await client.get(f"http://shop.test:{port}/")).status_code == 302
        with pytest.raises(ForbiddenAddress):
            await client.get(f"http://shop.test:{port}/", follow_redirects=True)


async def test_a_certificate_is_for_the_name_not_for_the_address(
    names: dict[str, list[list[str]]], tmp_path: Path
) -> None:
    """TLS is checked against the name of the URL, also if there is a connection to its address already."""
    names |= {"shop.test": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]}
    seen: list[str | None] = []
    serving, believing = contexts(tmp_path, "shop.test")
    serving.sni_callback = lambda _, name, __: seen.append(name)
    lasting = OK.replace(b"Connection: close\r\n", b"")
    async with (
        answering(lasting, tls=serving, lasting=True) as (port, _),
        Outbound(allow_private=True, tls=believing).client() as client,
        Outbound(allow_private=True).client() as another,
    ):
        assert (await client.get(f"https://shop.test:{port}/")).text == "ok"
        with pytest.raises(httpx2.ConnectError, match=r"other\.test"):
            await client.get(f"https://other.test:{port}/")
        with pytest.raises(httpx2.ConnectError):
            await another.get(f"https://shop.test:{port}/")
    assert seen == ["shop.test", "other.test", "shop.test"]


async def test_a_name_that_ends_with_a_dot_has_the_certificate_of_the_name(
    names: dict[str, list[list[str]]], tmp_path: Path
) -> None:
    """A fully qualified name is requested as it is written, but certificates name hosts without the dot."""
    names["shop.test."] = [["127.0.0.1"]]
    serving, believing = contexts(tmp_path, "shop.test")
    async with (
        answering(OK, tls=serving) as (port, _),
        Outbound(allow_private=True, tls=believing).client() as client,
    ):
        assert (await client.get(f"https://shop.test.:{port}/")).text == "ok"


async def test_the_next_address_is_tried_where_one_does_not_answer(names: dict[str, list[list[str]]]) -> None:
    """A shop with a dead and a working address can be read."""
    async with answering(OK) as (port, _), Outbound(allow_private=True).client() as client:
        names["shop.test"] = [["127.0.0.2", "127.0.0.1"]]
        assert (await client.get(f"http://shop.test:{port}/")).text == "ok"


async def test_a_name_without_an_address_cannot_be_connected_to(names: dict[str, list[list[str]]]) -> None:
    """As any other shop that cannot be reached."""
    async with Outbound(allow_private=False).client() as client:
        with pytest.raises(httpx2.ConnectError, match=r"nowhere\.test has no address"):
            await client.get("http://nowhere.test/")


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would connect to addresses that we may not use."""
    async with answering(OK) as (port, hosts):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        async with Outbound(allow_private=False).client() as client:
            with pytest.raises(ForbiddenAddress):
                await client.get("http://127.0.0.1/")
    assert hosts == []
