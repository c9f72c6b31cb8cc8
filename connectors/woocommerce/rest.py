"""Requests to a shop's REST API: signed, bounded in time and size, never redirected to another host."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import httpx2
import orjson

from connectors.base import Budget
from connectors.http.request import UNANSWERED, exchange, unanswered
from connectors.woocommerce.errors import Answer
from connectors.woocommerce.signing import Key, Method
from contracts.errors import ShopAnswersNonsense, ShopRefuses
from contracts.stores import ShopAccess

NAMESPACE = "wp-json/wc/v3"
REDIRECTS = 3
MOVED = (301, 302, 303, 307, 308)


class Rest:
    """The REST API of one shop; `client` and its connections are used for this shop only."""

    def __init__(self, access: ShopAccess, client: httpx2.AsyncClient, budget: Budget) -> None:
        if not access.base_url:
            raise ShopRefuses("The store has no address; give it a base_url.")
        self._base = access.base_url.rstrip("/")
        self._key = Key(access.credentials)
        self._client = client
        self._budget = budget

    async def get(self, route: str, params: Mapping[str, str] | None = None) -> Answer:
        """Returns the answer to a GET request with any status; raises ShopProblem if there is none."""
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        url = httpx2.URL(f"{self._base}/{NAMESPACE}/{route}{query}")
        try:
            return await self._follow(url)
        except UNANSWERED as error:
            raise unanswered(error) from None

    async def send(self, method: Method, route: str, body: Mapping[str, str]) -> Answer:
        """Returns the answer to a request that writes; redirects are not followed. Raises ShopProblem."""
        content = orjson.dumps(body)
        try:
            async with self._budget():
                return await self._ask(httpx2.URL(f"{self._base}/{NAMESPACE}/{route}"), method, content)
        except UNANSWERED as error:
            raise unanswered(error) from None

    async def _follow(self, url: httpx2.URL) -> Answer:
        for _ in range(REDIRECTS + 1):
            async with self._budget():
                answer = await self._ask(url)
            if answer.status not in MOVED or "location" not in answer.headers:
                return answer
            url = _next(url, answer.headers["location"])
        raise ShopAnswersNonsense(f"The shop redirects more than {REDIRECTS} times.")

    async def _ask(self, url: httpx2.URL, method: Method = "GET", content: bytes | None = None) -> Answer:
        headers = self._key.headers(url, method)
        if content is not None:
            headers["Content-Type"] = "application/json"
        reply = await exchange(self._client, method, url, headers=headers, content=content)
        return Answer(
            status=reply.status, headers=reply.headers, body=reply.body, secure=url.scheme == "https"
        )


def _next(url: httpx2.URL, location: str) -> httpx2.URL:
    """Returns the target of a redirect to the same request on the same host; HTTP may become HTTPS."""
    target = url.join(location)
    begins_https = (url.scheme, target.scheme) == ("http", "https")
    same_door = (url.scheme, url.port) == (target.scheme, target.port)
    if target.raw_host != url.raw_host or target.userinfo or not (begins_https or same_door):
        raise ShopRefuses(
            "The shop's address redirects to another one, where its key must not be sent; set base_url to"
            " the shop's real address."
        )
    if sorted(target.params.multi_items()) != sorted(url.params.multi_items()):
        raise ShopAnswersNonsense("The shop redirects to another request.")
    return target
