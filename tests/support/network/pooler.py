"""A pooler of Postgres in transaction mode, as pgbouncer: each transaction gets another session."""

import asyncio
import os
import socket
import struct
from itertools import cycle

import psycopg

ENCRYPTION_REQUESTS = {80877103, 80877104}
CANCEL_REQUEST = 80877102
FAKE_PROCESS = 77
ENDS_A_REQUEST = {b"Q", b"S"}
"""A query, and the end of a series of messages; Postgres answers both with `ReadyForQuery`."""

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">i", 4 + len(content)) + content


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Returns the kind of a message and the whole message."""
    head = await reader.readexactly(5)
    (length,) = struct.unpack(">i", head[1:])
    return head[:1], head + await reader.readexactly(length - 4)


class Pooler:
    """Listens on a port of 127.0.0.1; each client has sessions of its own in the database of `address`.

    It refuses the startup parameter `options`, or with `ignores_options` accepts it without effect.
    """

    def __init__(self, address: str, *, ignores_options: bool = False, sessions: int = 2) -> None:
        self._conninfo = address.replace("+psycopg", "")
        self._ignores_options = ignores_options
        self._sessions = sessions
        self._tasks: set[asyncio.Task[None]] = set()
        self._signed_in: list[psycopg.AsyncConnection] = []
        self.port = 0

    async def __aenter__(self) -> "Pooler":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._signed_in:
            await connection.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        sessions: list[Stream] = []
        try:
            parameters = await self._startup(reader, writer)
            if parameters is None:
                return
            sessions += [
                await self._open(parameters.get("application_name", "")) for _ in range(self._sessions)
            ]
            writer.write(
                message(b"R", struct.pack(">i", 0))
                + message(b"S", b"server_version\0" + b"18.0\0")
                + message(b"S", b"client_encoding\0" + b"UTF8\0")
                + message(b"S", b"standard_conforming_strings\0" + b"on\0")
                + message(b"K", struct.pack(">ii", FAKE_PROCESS, 1))
                + message(b"Z", b"I")
            )
            await self._forward((reader, writer), sessions)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            for _, session in sessions:
                session.transport.abort()
            writer.transport.abort()
            self._tasks.discard(task)

    async def _startup(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> dict[str, str] | None:
        """Returns the parameters of a client that is accepted."""
        while True:
            length, code = struct.unpack(">ii", await reader.readexactly(8))
            content = await reader.readexactly(length - 8)
            if code not in ENCRYPTION_REQUESTS:
                break
            writer.write(b"N")
        if code == CANCEL_REQUEST:
            return None
        words = content.decode().split("\0")
        parameters = dict(zip(words[::2], words[1::2], strict=False))
        if "options" in parameters and not self._ignores_options:
            refusal = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
            writer.write(message(b"E", refusal))
            await writer.drain()
            return None
        return parameters

    async def _open(self, application_name: str) -> Stream:
        """Returns the stream of a new session; psycopg signs in, because the password is known here only."""
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo, application_name=application_name, autocommit=True
        )
        plain = socket.socket(fileno=os.dup(connection.fileno()))
        self._signed_in.append(connection)
        return await asyncio.open_connection(sock=plain)

    async def _forward(self, client: Stream, sessions: list[Stream]) -> None:
        reader, writer = client
        for session_reader, session_writer in cycle(sessions):
            status = b""
            while status != b"I":
                kind = b""
                while kind not in ENDS_A_REQUEST:
                    kind, whole = await read_message(reader)
                    if kind == b"X":
                        return
                    session_writer.write(whole)
                await session_writer.drain()
                while kind != b"Z":
                    kind, whole = await read_message(session_reader)
                    writer.write(whole)
                await writer.drain()
                status = whole[-1:]
