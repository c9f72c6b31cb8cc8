"""One request to a shop, bounded in time and size, and the translation of its errors."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from contracts.errors import ForbiddenAddress, ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses
from contracts.ids import VERSION

LARGEST_ANSWER = 64 * 2**20
LONGEST_ANSWER = 120.0
"""Seconds for a whole answer, however steadily its bytes arrive."""

HEADERS = {
    "User-Agent": f"pilito-sync/{VERSION}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
CODINGS = ("", "identity", "gzip")
"""Encodings that can be decoded while the size is limited; nested encodings cannot."""

UNANSWERED = (httpx2.HTTPError, httpx2.InvalidURL, ForbiddenAddress, OSError)
"""Errors that `exchange` raises in addition to ShopProblem; `unanswered` translates them."""


class TooLong(ShopAnswersNonsense):
    """An answer is larger than `LARGEST_ANSWER`; a request for fewer products has a smaller one."""


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
        if response.headers.get("content-encoding", "").strip().lower() not in CODINGS:
            raise ShopAnswersNonsense("The shop packs its answer in a way we did not ask for.")
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > LARGEST_ANSWER:
                raise TooLong(f"The shop's answer is above {LARGEST_ANSWER // 2**20} MiB.")
        return Reply(status=response.status_code, headers=response.headers, body=bytes(body))


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
    if isinstance(error, httpx2.DecodingError):
        return ShopAnswersNonsense("The shop's answer is not packed as it says.")
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ShopAnswersNonsense("The shop leads us to something that is no address.")
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return ShopDown("The shop did not answer in time.")
    return ShopDown("The shop cannot be reached.")
