"""A TCP proxy that can be cut, to simulate a dead server or a broken network."""

import asyncio
from contextlib import suppress

PIECE = 65536


class Cable:
    """Forwards a port of 127.0.0.1 to another; `cut` drops and refuses connections, `restore` ends that."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> "Cable":
        await self.restore()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def restore(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            away_reader, away_writer = await asyncio.open_connection(*self._target)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, away_writer))
                    both.create_task(self._pump(away_reader, writer))
            finally:
                away_writer.transport.abort()
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()
            self._open.discard(task)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while piece := await source.read(PIECE):
            target.write(piece)
            await target.drain()
        with suppress(OSError):
            target.write_eof()
