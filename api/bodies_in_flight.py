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

Share = str | int
"""A part of all bodies; a number is the id of a store."""

_ALL = "all"
_UNPROVEN = "unproven"


class BodiesInFlight:
    """Counts the bytes of large bodies, with a limit for all and lower ones for parts of them.

    One store may take a quarter of all, and bodies without a verified sender may take half. One body of
    `largest` bytes always fits where no other is in flight.
    """

    def __init__(self, most: int, *, largest: int) -> None:
        self._most: dict[Share, int] = {_ALL: max(most, largest), _UNPROVEN: max(most // 2, largest)}
        self._most_of_a_store = max(most // 4, largest)
        self._largest = largest
        self._taken: Counter[Share] = Counter()

    @asynccontextmanager
    async def body(self, request: Request, *, store_id: int, proven: bool) -> AsyncIterator[bytes]:
        """Receive the body of a request, and count it until the end of the block; raises 503.

        `proven` is whether the sender is known before the body is received.
        """
        shares: tuple[Share, ...] = (_ALL, store_id) if proven else (_ALL, _UNPROVEN, store_id)
        declared = request.headers.get("content-length", "")
        counted = size = 0
        parts: list[bytes] = []
        try:
            if declared.isdecimal() and int(declared) <= self._largest:  # others get a 413 when they are read
                counted = self._count(shares, counted, int(declared))
            async for part in request.stream():
                size += len(part)
                counted = self._count(shares, counted, size)
                parts.append(part)
            whole = b"".join(parts)
            parts.clear()
            yield whole
        finally:
            if counted:
                for share in shares:
                    self._taken[share] -= counted
                self._taken += Counter()  # drops the stores without bodies

    @property
    def taken(self) -> int:
        """The bytes that are counted now."""
        return self._taken[_ALL]

    def _count(self, shares: tuple[Share, ...], counted: int, size: int) -> int:
        """Returns the bytes to count for a body of which `counted` are counted and `size` are there."""
        if size <= max(counted, FREE_BYTES):
            return counted
        for share in shares:
            if self._taken[share] + size - counted > self._most.get(share, self._most_of_a_store):
                raise unavailable("Too many large bodies arrive at the moment; please send it again")
        for share in shares:
            self._taken[share] += size - counted
        return size


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
