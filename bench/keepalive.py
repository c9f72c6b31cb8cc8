"""A client that keeps its connection and does little else, so that it is the server that is measured."""

import asyncio
from types import TracebackType

from embedded.ports import LOOPBACK


class Connection:
    """One HTTP/1.1 connection to a port of 127.0.0.1, for one request at a time."""

    def __init__(self, port: int, *, path: str, secret: str) -> None:
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nAuthorization: Bearer {secret}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    async def __aenter__(self) -> "Connection":
        await self._connect()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)

    async def post(self, body: bytes, *, expect: int) -> bytes:
        """Send a body, return the answer's; RuntimeError where its status is another one."""
        if self._reader.at_eof():  # idle for so long that the server hung up
            self._writer.close()
            await self._connect()
        self._writer.write(self._head + b"%d\r\n\r\n" % len(body) + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        status = int(head.split(b" ", 2)[1])
        if status != expect:
            raise RuntimeError(f"HTTP {status} where {expect} was expected: {answer!r}")
        return answer
