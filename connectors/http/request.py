"""One request to a shop, bounded in time and size, and the translation of its errors."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from contracts.errors import (
    ForbiddenAddress,
    ShopAnswersNonsense,
    ShopDown,
    ShopProblem,
    ShopRefuses,
    ShopSendsTooMuch,
)
from contracts.ids import VERSION

LARGEST_ANSWER = 8 * 2**20
"""Bytes of an answer, as they are sent and also after they are unpacked."""

LONGEST_ANSWER = 120.0
"""Seconds for a whole answer, however steadily its bytes arrive."""

HEADERS = {
    "User-Agent": f"pilito-sync/{VERSION}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
}
"""Caches in front of a shop are asked to step aside: what we read decides what is sold."""

PLAIN = frozenset(
    {"", "identity", "none", "plain", "raw", "8bit", "7bit", "binary", "utf-8", "utf8", "ascii", "us-ascii"}
)
"""Names that servers give to an encoding which changes nothing; some name the character set by mistake."""

GZIP_NAMES = frozenset({"gzip", "x-gzip"})

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of everything packed by gzip; no JSON begins with them."""

GZIP = 16 + zlib.MAX_WBITS
"""The format that `zlib` unpacks."""

UNKNOWN_CODING = "The shop packs its answer in a way we did not ask for."

PIECE = 2**18
"""Bytes that are unpacked at a time."""

UNANSWERED = (httpx2.HTTPError, httpx2.InvalidURL, zlib.error, ForbiddenAddress, OSError)
"""Errors that `exchange` raises in addition to ShopProblem; `unanswered` translates them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response with its whole body."""

    status: int
    headers: httpx2.Headers
    body: bytes

    def moment(self) -> datetime | None:
        """Returns the shop's time of the response, which may differ from ours; None if it is unknown."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def is_packed(self) -> bool:
        """Returns whether the headers name an encoding that was not undone, because we do not know it."""
        return not codings(self.headers) <= GZIP_NAMES


def codings(headers: httpx2.Headers) -> set[str]:
    """Returns the encodings that the headers name, in lower case, without names for a plain body."""
    named = {name.strip().lower() for name in headers.get("content-encoding", "").split(",")}
    return named - PLAIN


async def exchange(
    client: httpx2.AsyncClient,
    method: str,
    url: httpx2.URL,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> Reply:
    """Returns the response to one request, with any status; redirects are not followed."""
    async with (
        asyncio.timeout(LONGEST_ANSWER),
        client.stream(
            method, url, headers={**HEADERS, **headers}, content=content, follow_redirects=False
        ) as response,
    ):
        body = await _body(response)
        return Reply(status=response.status_code, headers=response.headers, body=body)


async def _body(response: httpx2.Response) -> bytes:
    """Returns the unpacked body; stops as soon as it is above the bound.

    The first bytes decide whether gzip packed it, because servers name encodings that they do not use, and
    use one that they do not name.
    """
    unpacker: zlib._Decompress | None = None
    body, received = bytearray(), 0
    async for part in _parts(response):
        if not received and part.startswith(GZIP_MAGIC):
            unpacker = zlib.decompressobj(GZIP)
        received += len(part)
        _check_size(received)
        for piece in _unpacked(unpacker, part) if unpacker else (part,):
            body += piece
            _check_size(len(body))
    if unpacker and body.startswith(GZIP_MAGIC):
        raise ShopAnswersNonsense(UNKNOWN_CODING)
    return bytes(body)


async def _parts(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Yields the parts of a body as they arrive; the first one has at least two bytes, if the body has."""
    first: bytes | None = b""
    async for part in response.aiter_raw():
        if first is None:
            yield part
        elif len(first + part) >= len(GZIP_MAGIC):
            yield first + part
            first = None
        else:
            first += part
    if first:
        yield first


def _check_size(size: int) -> None:
    if size > LARGEST_ANSWER:
        raise ShopSendsTooMuch(f"The shop's answer is above {LARGEST_ANSWER // 2**20} MiB.")


def _unpacked(packed: "zlib._Decompress", part: bytes) -> Iterator[bytes]:
    while not packed.eof and (piece := packed.decompress(part, PIECE)):
        yield piece
        part = packed.unconsumed_tail


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def unanswered(error: Exception) -> ShopProblem:
    """Returns an error without the request and the key it contains."""
    if isinstance(error, ForbiddenAddress):
        return ShopRefuses(f"{error}.")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return ShopRefuses("The shop's TLS certificate is not valid for its address; renew it.")
    if isinstance(error, zlib.error):
        return ShopAnswersNonsense("The shop's answer is not packed as it says.")
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ShopAnswersNonsense("The shop leads us to something that is no address.")
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return ShopDown("The shop did not answer in time.")
    return ShopDown("The shop cannot be reached.")
