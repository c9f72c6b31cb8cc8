"""Packed request bodies: unpacked while they are received, within the limit of the route."""

import asyncio
import re
import zlib
from collections.abc import Mapping

from starlette.types import Message, Receive, Scope

from api.bodies_in_flight import SENT
from api.errors import ApiError, invalid, too_large

_PLAIN = frozenset({"", "identity", "none", "null", "plain", "binary", "utf-8", "utf8", "us-ascii"})
"""Names that mean a body is not packed; the names of character sets are sent by mistake."""

_MAGIC = b"\x1f\x8b"
"""How a gzip file begins, and JSON never does."""

PIECE = 256 * 1024
"""Bytes that are unpacked at a time; other requests have their turn between two pieces."""

MOST_FILES = 100
"""Gzip files that a body may consist of, one behind the other."""

_SEPARATOR = re.compile(r"[\s,]+")


def _unsupported() -> ApiError:
    return ApiError(
        415,
        {"error": "The Content-Encoding is not supported: send the body packed with gzip, or plain"},
        {"Accept-Encoding": "gzip, identity", "Connection": "close"},
    )


def _damaged() -> ApiError:
    return invalid("The body is not packed as its Content-Encoding says, or it is incomplete")


def coding_of(headers: Mapping[str, str]) -> str | None:
    """Returns "", "gzip" or "deflate"; None for another coding, and for several of them."""
    named = (name.strip("\"'") for name in _SEPARATOR.split(headers.get("content-encoding", "").lower()))
    packed = [name.removeprefix("x-") for name in named if name not in _PLAIN]
    if not packed:
        return ""
    return packed[0] if len(packed) == 1 and packed[0] in ("gzip", "deflate") else None


class UnpackedBody:
    """A `receive` that unpacks a body; its bytes as they were sent are in the scope under `SENT`.

    A gzip file is unpacked with any header, because its beginning says what it is, and a body that is not one
    is plain. Raises a 413 beyond `limit` bytes, a 415 for other codings and a 400 for a damaged body.
    """

    def __init__(self, receive: Receive, scope: Scope, headers: Mapping[str, str], *, limit: int) -> None:
        self._receive = receive
        self._scope = scope
        self._coding = coding_of(headers)
        self._limit = limit
        self._size = 0
        self._files = 1
        self._begun = b""
        self._packed: zlib._Decompress | None = None
        self._left = b""
        self._is_plain = False
        self._is_last = False

    async def __call__(self) -> Message:
        if self._coding is None:
            raise _unsupported()
        while not self._is_plain:
            if self._left and (piece := self._next_piece()):
                await asyncio.sleep(0)
                return {"type": "http.request", "body": piece, "more_body": True}
            if self._is_last:
                if self._packed is not None and not self._packed.eof:
                    raise _damaged()
                self._is_plain = True
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            if (first := self._take(message)) is not None:
                return first
        return await self._receive()

    def _take(self, message: Message) -> Message | None:
        """Take up a part of the body; returns the message to hand on if the body is not packed."""
        part, self._is_last = message.get("body", b""), not message.get("more_body", False)
        if self._packed is None:
            self._begun += part
            if len(self._begun) < len(_MAGIC) and not self._is_last:
                return None
            part, self._begun = self._begun, b""
            self._packed = self._decompressor(part)
            if self._packed is None:
                self._is_plain = True
                return {**message, "body": part}
            self._scope[SENT] = bytearray()
        self._scope[SENT] += part
        self._left += part
        return None

    def _decompressor(self, beginning: bytes) -> "zlib._Decompress | None":
        if beginning.startswith(_MAGIC):
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        if self._coding != "deflate" or not beginning or beginning.lstrip()[:1] in (b"{", b"["):
            return None
        has_header = (
            len(beginning) > 1
            and beginning[0] & 0x0F == zlib.DEFLATED
            and not (int.from_bytes(beginning[:2]) % 31)
        )
        return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)

    def _next_piece(self) -> bytes:
        """Returns the next piece of the body; empty if another part is needed."""
        assert self._packed is not None  # noqa: S101 - bytes are only left for it
        while self._left:
            if self._packed.eof and not self._begins_next_file():
                break
            try:
                piece = self._packed.decompress(self._left, PIECE)
            except zlib.error:
                raise _damaged() from None
            self._left = self._packed.unused_data if self._packed.eof else self._packed.unconsumed_tail
            self._size += len(piece)
            if self._size > self._limit:
                raise too_large(self._limit)
            if piece:
                return piece
        return b""

    def _begins_next_file(self) -> bool:
        """Begin another gzip file in what is left; what follows a file and is none is left out."""
        if self._coding == "deflate" or not self._left.startswith(_MAGIC):
            if self._is_last or not _MAGIC.startswith(self._left):
                self._left = b""
            return False
        self._files += 1
        if self._files > MOST_FILES:
            raise _damaged()
        self._packed = zlib.decompressobj(16 + zlib.MAX_WBITS)
        return True
