"""The transport: a request that was let in, handed to the SDK as it wants it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import Request, Response
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from api.assistants.access import enter
from api.assistants.mcp.messages import InvalidMessage, read_message
from api.assistants.mcp.origins import check_origin
from api.errors import ApiError
from api.public_url import public_url
from contracts.stores import OpenStore

METADATA = "/.well-known/oauth-protected-resource/mcp"
"""The path of the description of `/mcp`, and the beginning of the paths for its stores (RFC 9728)."""

STORE = "pilito.store"
"""The key of the scope that holds the store of the request."""

ACCEPTED = "application/json, text/event-stream"
"""What the protocol requires clients to accept; it is assumed of clients that accept no JSON."""

HEADERS = ("Mcp-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name", "Last-Event-ID")
"""Headers of the protocol that web pages may send."""

TAKEN = {"Accept": "application/json", "Accept-Encoding": "gzip, identity"}
"""The headers of a 415: what bodies may be."""

Handle = Callable[[Scope, Receive, Send], Awaitable[None]]


def address_of(request: Request, store_id: int | None) -> str:
    """Returns the address of the MCP server as clients reach it."""
    return f"{public_url(request)}/mcp" + ("" if store_id is None else f"/{store_id}")


def store_of(request: Request) -> OpenStore:
    """Returns the store that the request was let in to."""
    return cast(OpenStore, request.scope[STORE])


class Door:
    """The MCP server of one application; `running` is entered once."""

    def __init__(self, server: Server[Any]) -> None:
        self._manager = StreamableHTTPSessionManager(
            app=server,
            json_response=True,
            stateless=True,
            # `check_origin` knows the addresses of the API; the guard of the SDK would need a fixed list.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve messages while the block runs."""
        async with self._manager.run():
            yield

    async def answer(self, request: Request, store_id: int | None) -> Response:
        """Returns the response to a message; without `store_id` it is for the store of the token.

        Raises the errors of `enter`, 400 and 403 for a page that may not ask, and 415.
        """
        check_origin(request)
        suffix = "" if store_id is None else f"/{store_id}"
        metadata = f'resource_metadata="{public_url(request)}{METADATA}{suffix}"'
        store = await enter(request, store_id, challenge=f"Bearer {metadata}")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(
                415, {"error": "Send the message as JSON, with Content-Type: application/json"}, TAKEN
            )
        body = await request.body()
        try:
            read_message(body)
        except InvalidMessage as invalid:
            return invalid.response()
        return _Handled(self._manager.handle_request, store, body)


class _Handled(Response):
    """The response of the SDK to a message; it is written by the SDK itself."""

    def __init__(self, handle: Handle, store: OpenStore, body: bytes) -> None:
        super().__init__()
        self._handle = handle
        self._store = store
        self._message = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_received = False

        async def receive_again() -> Message:
            nonlocal is_received
            if is_received:
                return await receive()
            is_received = True
            return {"type": "http.request", "body": self._message, "more_body": False}

        async def send_uncached(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        # HTTP says that blanks around a value are not part of it; uvicorn's parser keeps those at the end.
        stripped = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        handed = {**scope, "headers": stripped, STORE: self._store}
        headers = MutableHeaders(scope=handed)
        if not _accepts_json(headers.get("accept", "")):
            headers["accept"] = ACCEPTED
        headers["content-type"] = "application/json"
        await self._handle(handed, receive_again, send_uncached)


def _accepts_json(accept: str) -> bool:
    kinds = {kind.partition(";")[0].strip().lower() for kind in accept.split(",")}
    return bool(kinds & {"application/json", "application/*", "*/*"})
