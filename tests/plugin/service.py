"""A stand-in of the service on a socket, for pages of the plugin that only show its responses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Response = tuple[int, dict[str, Any]]

HEALTH: dict[str, Any] = {
    "status": "healthy",
    "user": {"email": "owner@example.com"},
    "token": {"name": "shop"},
    "store": {"name": "Lamps"},
    "features": ["states", "explain", "search"],
}


@dataclass
class Service:
    """What it answers by method and path, and the requests that it received.

    A path that ends with `*` answers all that begin like it. Without an answer: 404.
    """

    url: str = ""
    answers: dict[str, Response] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def bodies(self, path: str) -> list[Any]:
        """Returns the bodies that were sent to a path."""
        return [body for asked, body in self.asked if asked == path]

    def answer(self, method: str, path: str, body: Any) -> Response:
        self.asked.append((path, body))
        if path.endswith("/webhook/"):
            return 202, {"status": "accepted", "event_id": body["event_id"]}
        for known, response in self.answers.items():
            if known in (f"{method} {path}", "*") or (
                known.endswith("*") and f"{method} {path}".startswith(known[:-1])
            ):
                return response
        return 404, {"detail": "Not Found"}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(
                (
                    int(line.partition(":")[2])
                    for line in head.splitlines()
                    if line.lower().startswith("content-length:")
                ),
                0,
            )
            body = json.loads(await reader.readexactly(length)) if length else None
            method, path, _ = head.split(" ", 2)
            status, said = self.answer(method, unquote(path), body)
            data = json.dumps(said).encode()
            writer.write(
                f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
                + data
            )
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """Yields a service that is listening."""
    standing = Service(answers={"GET /api/integrations/woocommerce/health/": (200, HEALTH)})
    listening = await asyncio.start_server(standing.handle, "127.0.0.1", 0)
    async with listening:
        standing.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield standing
