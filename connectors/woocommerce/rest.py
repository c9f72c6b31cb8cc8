"""Requests to a shop's REST API: signed, bounded in time and size, never led to another host."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

import httpx2
import orjson

from connectors.base import Budget
from connectors.woocommerce.answers import Answer
from connectors.woocommerce.signing import Key, Method
from contracts.errors import ForbiddenAddress, ShopAnswersNonsense, ShopDown, ShopProblem, ShopRefuses
from contracts.naming import VERSION
from contracts.stores import ShopAccess

NAMESPACE = "wp-json/wc/v3"
REDIRECTS = 3
MOVED = (301, 302, 303, 307, 308)
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


class TooLong(ShopAnswersNonsense):
    """An answer above `LARGEST_ANSWER`; of fewer products it would be shorter."""


class Rest:
    """The REST API of one shop; `client` is one for this shop only, and its connections are."""

    def __init__(self, access: ShopAccess, client: httpx2.AsyncClient, budget: Budget) -> None:
        if not access.base_url:
            raise ShopRefuses("The store has no address; give it a base_url.")
        self._base = access.base_url.rstrip("/")
        self._key = Key(access.credentials)
        self._client = client
        self._budget = budget

    async def get(self, route: str, asked: Mapping[str, str] | None = None) -> Answer:
        """The answer to one question, whatever its status; ShopProblem where there is none."""
        query = f"?{urlencode(asked, quote_via=quote)}" if asked else ""
        url = httpx2.URL(f"{self._base}/{NAMESPACE}/{route}{query}")
        try:
            return await self._follow(url)
        except (httpx2.HTTPError, httpx2.InvalidURL, ForbiddenAddress, OSError) as error:
            raise _problem(error) from None

    async def send(self, method: Method, route: str, body: Mapping[str, str]) -> Answer:
        """The answer to something to be done; led on elsewhere, it is not sent again."""
        content = orjson.dumps(body)
        try:
            await self._budget()
            async with asyncio.timeout(LONGEST_ANSWER):
                return await self._ask(httpx2.URL(f"{self._base}/{NAMESPACE}/{route}"), method, content)
        except (httpx2.HTTPError, httpx2.InvalidURL, ForbiddenAddress, OSError) as error:
            raise _problem(error) from None

    async def _follow(self, url: httpx2.URL) -> Answer:
        for _ in range(REDIRECTS + 1):
            await self._budget()
            async with asyncio.timeout(LONGEST_ANSWER):
                answer = await self._ask(url)
            if answer.status not in MOVED or "location" not in answer.headers:
                return answer
            url = _next(url, answer.headers["location"])
        raise ShopAnswersNonsense(f"The shop leads us on more than {REDIRECTS} times.")

    async def _ask(self, url: httpx2.URL, method: Method = "GET", content: bytes | None = None) -> Answer:
        headers = HEADERS | self._key.headers(url, method)
        if content is not None:
            headers["Content-Type"] = "application/json"
        async with self._client.stream(
            method, url, headers=headers, content=content, follow_redirects=False
        ) as response:
            if response.headers.get("content-encoding", "").strip().lower() not in CODINGS:
                raise ShopAnswersNonsense("The shop packs its answer in a way we did not ask for.")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise TooLong(f"The shop's answer is above {LARGEST_ANSWER // 2**20} MiB.")
            return Answer(
                status=response.status_code,
                headers=response.headers,
                body=bytes(body),
                secure=url.scheme == "https",
            )


def _next(url: httpx2.URL, location: str) -> httpx2.URL:
    """Where a redirect leads, if to the same question to the same shop; HTTPS may begin, never end."""
    target = url.join(location)
    begins_https = (url.scheme, target.scheme) == ("http", "https")
    same_door = (url.scheme, url.port) == (target.scheme, target.port)
    if target.raw_host != url.raw_host or target.userinfo or not (begins_https or same_door):
        raise ShopRefuses(
            "The shop's address leads on to another one, where its key must not be sent; set base_url to"
            " where the shop really is."
        )
    if sorted(target.params.multi_items()) != sorted(url.params.multi_items()):
        raise ShopAnswersNonsense("The shop leads us away from what we asked.")
    return target


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _problem(error: Exception) -> ShopProblem:
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
