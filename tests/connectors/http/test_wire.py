"""HTTP on the wire: what is sent to a shop, and which error a broken answer raises."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest

from connectors.http.outbound import Outbound

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Sends one answer to each request and repeats the last one; None closes the connection."""

    def __init__(self, answers: Sequence[bytes | None]) -> None:
        self._answers = list(answers)
        self.requests: list[bytes] = []
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(65_536):
            self.requests.append(head)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if answer is None:
                break
            writer.write(answer)
            await writer.drain()
            if b"Connection: close" in answer:
                break
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes | None) -> AsyncIterator[Server]:
    server = Server(answers)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    async with listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


@asynccontextmanager
async def speaking(*, seconds: float = 30.0) -> AsyncIterator[httpx2.AsyncClient]:
    outbound = Outbound(allow_private=True)
    async with outbound.client(timeout=seconds) as client:
        yield client
    outbound.close()


async def test_a_request_is_sent_as_it_was_made() -> None:
    """No character of its address changes, because it may be signed, and no header is added."""
    target = "/a%20b/%d9%be?x=%7E&y=a%2Bb&z=%2F"
    async with serving(OK) as server, speaking() as client:
        client.headers = httpx2.Headers()
        request = httpx2.Request("GET", server.url + target, headers={"X-Key": "one", "Accept": "a/b"})
        assert (await client.send(request)).text == "ok"
    first, *headers = server.requests[0].decode().strip().split("\r\n")
    assert first == f"GET {target} HTTP/1.1"
    named = {line.partition(":")[0].lower() for line in headers}
    assert named == {"host", "x-key", "accept"}


async def test_a_body_is_sent_with_its_length() -> None:
    """And with the content type of the request."""
    async with serving(OK) as server, speaking() as client:
        await client.post(server.url, content=b"{}", headers={"Content-Type": "application/json"})
    sent = server.requests[0].lower()
    assert b"content-length: 2\r\n" in sent
    assert sent.count(b"content-type:") == 1
    assert sent.endswith(b"{}")


async def test_an_answer_comes_as_it_was_sent() -> None:
    """With status, repeated and long headers, and encoded bytes."""
    long = b"x" * 50_000
    head = b"HTTP/1.1 418 Tea\r\nA: 1\r\nA: 2\r\nB: " + long + b"\r\nContent-Encoding: gzip\r\n"
    async with (
        serving(head + b"Content-Length: 3\r\n\r\nraw") as server,
        speaking() as client,
        client.stream("GET", server.url) as answer,
    ):
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.status_code, answer.headers.get_list("a"), raw) == (418, ["1", "2"], b"raw")
    assert answer.headers["b"].encode() == long


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nshort",
        b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000 + b"\r\n\r\n",
        None,
    ],
    ids=["no chunks", "too short", "no HTTP", "a header without end", "hung up"],
)
async def test_what_is_no_answer_is_an_error_of_httpx(answer: bytes | None) -> None:
    """The error has the request and its cause."""
    async with serving(answer) as server, speaking() as client:
        with pytest.raises(httpx2.RemoteProtocolError) as raised:
            await client.get(server.url)
    assert raised.value.request.url.path == "/"
    assert raised.value.__cause__ is not None


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow"])
async def test_what_does_not_go_on_is_a_timeout(answer: bytes) -> None:
    """Before an answer, and in the middle of an answer."""
    async with serving(answer) as server, speaking(seconds=0.2) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(server.url)


async def test_a_closed_port_is_a_connection_error() -> None:
    """It is different from a shop that does not answer."""
    async with serving(OK) as server:
        url = server.url
    async with speaking() as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(url)


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
async def test_nothing_is_sent_twice(method: str) -> None:
    """A shop that closed the connection may have used the signature."""
    async with serving(OK, None) as server, speaking() as client:
        await client.get(server.url)
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.request(method, server.url)
    assert len(server.requests) == 2


async def test_a_header_that_cannot_be_sent_is_an_error_of_httpx() -> None:
    """A header with a line break is refused before anything is sent."""
    async with serving(OK) as server, speaking() as client:
        with pytest.raises(httpx2.LocalProtocolError):
            await client.get(server.url, headers=[(b"A", b"a\r\nB: c")])
    assert server.requests == []


async def test_an_unread_answer_closes_its_connection() -> None:
    """The rest of an unread answer is not part of the next answer."""
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 500_000
    async with serving(big, OK) as server, speaking() as client:
        async with client.stream("GET", server.url) as answer:
            assert answer.status_code == 200
        assert (await client.get(server.url)).text == "ok"


async def test_cookies_last_as_long_as_the_client() -> None:
    """A gateway that sets a cookie and asks again gets it back; the next client starts without it."""
    cookie = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n\r\n")
    async with serving(cookie) as server:
        async with speaking() as client:
            for _ in range(2):
                await client.get(server.url)
        async with speaking() as client:
            await client.get(server.url)
    assert [b"cookie: session=1" in request.lower() for request in server.requests] == [False, True, False]


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would connect to addresses that we cannot check."""
    async with serving(OK) as proxy, serving(OK) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with speaking() as client:
            await client.get(server.url)
    assert (len(proxy.requests), len(server.requests)) == (0, 1)
