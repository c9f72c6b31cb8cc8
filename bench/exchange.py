"""An HTTP/1.1 connection that sends one request at a time, for measuring a server."""

import asyncio
from types import TracebackType
from typing import Self

from embedded.ports import LOOPBACK


class Exchange:
    """A connection to a local port.

    It does little else than send and receive, so that the server is measured and not the client.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)

    async def send(self, request: bytes, *, expect: int) -> bytes:
        """Returns the body of the response to a request. Raises RuntimeError if its status is unexpected."""
        if self._reader.at_eof():  # the server closed the idle connection
            self._writer.close()
            await self._connect()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        status = int(head.split(b" ", 2)[1])
        if status != expect:
            raise RuntimeError(f"HTTP {status} where {expect} was expected: {answer!r}")
        return answer
