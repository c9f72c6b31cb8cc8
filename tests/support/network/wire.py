"""Requests written byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from tests.support.system import System


class Wire:
    """A connection to the API that reads while it writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._heard = bytearray()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with suppress(ConnectionError):  # the server may close the connection at any time
            while part := await self._reader.read(65536):
                self._heard += part

    async def send(self, *lines: str, body: bytes = b"") -> None:
        """Send a head of these lines, and a body."""
        await self.pour(["".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1") + body])

    async def pour(self, parts: Iterable[bytes], *, pause: float = 0) -> None:
        """Send part by part, until the server has responded or closed the connection."""
        for part in parts:
            if self._heard or self._listening.done():
                return
            with suppress(ConnectionError):
                self._writer.write(part)
                await self._writer.drain()
            await asyncio.sleep(pause)

    async def drip(self, drops: bytes) -> None:
        """Send byte by byte with short pauses."""
        await self.pour((bytes([drop]) for drop in drops), pause=0.01)

    async def answered(self) -> bytes:
        """Returns all bytes that came back before the connection ended."""
        await self._listening
        return bytes(self._heard)

    async def close(self) -> None:
        self._writer.close()
        await self._listening


@asynccontextmanager
async def wired(system: System) -> AsyncIterator[Wire]:
    url = system.http.base_url
    wire = Wire(*await asyncio.open_connection(url.host, url.port))
    try:
        yield wire
    finally:
        await wire.close()
