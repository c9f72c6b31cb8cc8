"""The memory that large request bodies may take in one process.

A body is in flight from its first byte until its request is answered. Bodies of up to `FREE_BYTES` are not
counted, because the limit of connections bounds them, so that large bodies never crowd out small ones.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from api.errors import unavailable

FREE_BYTES = 64 * 1024
"""What uvicorn receives of a body before a route asks for it."""

SENT = "pilito.sent"
"""The key of a request's scope for the bytes of a packed body as they were sent."""

Share = tuple[str, object]
"""A part of all bodies: its kind, and a store or a network."""

_ALL: Share = ("all", None)


class BodiesInFlight:
    """Counts the bytes of large bodies, with a limit for all and lower ones for parts of them.

    One store may take a quarter of all. Bodies with a signature, which is verified only when they are there,
    may take half, and a quarter for one store or network; what the store sends with its token counts apart.
    One body of `largest` bytes always fits where no other is in flight.
    """

    def __init__(self, most: int, *, largest: int) -> None:
        self._most = {
            kind: max(most // part, largest)
            for kind, part in (("all", 1), ("store", 4), ("unproven", 2), ("claimed", 4), ("network", 4))
        }
        self._largest = largest
        self._taken: Counter[Share] = Counter()

    @asynccontextmanager
    async def body(self, request: Request, *, store_id: int, network: str | None) -> AsyncIterator[bytes]:
        """Receive the body of a request, and count it until the end of the block; raises 503.

        A packed body is returned unpacked, and counts in both forms.

        `network` is the sender's, None for a sender that is known before the body is received: then the
        declared length counts from the start, otherwise only what has arrived.
        """
        shares: tuple[Share, ...] = (_ALL, ("store", store_id))
        if network is not None:
            shares = (_ALL, ("unproven", None), ("claimed", store_id), ("network", network))
        counted = size = 0
        parts: list[bytes] = []
        declared = request.headers.get("content-length", "") if network is None else ""
        try:
            if declared.isdecimal() and int(declared) <= self._largest:  # others get a 413 when they are read
                counted = self._count(shares, counted, int(declared))
            async for part in request.stream():
                size += len(part)
                counted = self._count(shares, counted, size + len(request.scope.get(SENT, b"")))
                parts.append(part)
            whole = b"".join(parts)
            parts.clear()
            yield whole
        finally:
            if counted:
                for share in shares:
                    self._taken[share] -= counted
                self._taken += Counter()  # drops the parts without bodies

    @property
    def taken(self) -> int:
        """The bytes that are counted now."""
        return self._taken[_ALL]

    def _count(self, shares: tuple[Share, ...], counted: int, size: int) -> int:
        """Returns the bytes to count for a body of which `counted` are counted and `size` are there."""
        if size <= max(counted, FREE_BYTES):
            return counted
        for share in shares:
            if self._taken[share] + size - counted > self._most[share[0]]:
                raise unavailable("Too many large bodies arrive at the moment; please send it again")
        for share in shares:
            self._taken[share] += size - counted
        return size


def signed_forms(request: Request, body: bytes) -> tuple[bytes, ...]:
    """Returns what a sender may have signed: the body as it was sent, or also before it was packed."""
    sent = request.scope.get(SENT)
    return (body,) if sent is None else (bytes(sent), body)


async def short_body(request: Request, most: int) -> bytes | None:
    """Returns a body of up to `most` bytes; None for a longer one, which is not received whole."""
    declared = request.headers.get("content-length", "")
    if not most or (declared.isdecimal() and int(declared) > most):
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return body
