"""One request to a shop and its answer, bounded in time and size, and what it means that none came."""

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
"""Seconds, however steadily it trickles."""

HEADERS = {
    "User-Agent": f"pilito-sync/{VERSION}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
CODINGS = ("", "identity", "gzip")
"""One coding may be undone while the size is watched; several of them in a row may not."""

UNANSWERED = (httpx2.HTTPError, httpx2.InvalidURL, ForbiddenAddress, OSError)
"""What `exchange` raises beside ShopProblem; `unanswered` knows what each means."""


class TooLong(ShopAnswersNonsense):
    """An answer above `LARGEST_ANSWER`; of fewer products it would be shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: httpx2.Headers
    body: bytes

    def moment(self) -> datetime | None:
        """The shop's own time, which may differ from ours."""
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
    """The answer to one request, whatever its status; no redirect is followed."""
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
    """An error without the request it carries, and without the key in that."""
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
