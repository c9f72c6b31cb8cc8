"""Requests to a shop's REST API: signed, bounded in time and size, never redirected to another host."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

import httpx2
import orjson

from connectors.base import Budget
from connectors.http.request import UNANSWERED, exchange, unanswered
from connectors.woocommerce.answer import Answer
from connectors.woocommerce.entrances import (
    Entrance,
    Entrances,
    has_wrong_signature,
    is_elsewhere,
    own_address,
    prefixes,
)
from connectors.woocommerce.errors import as_meant
from connectors.woocommerce.signing import Key, Method
from contracts.errors import ShopAnswersNonsense, ShopProblem, ShopRefuses, ShopSendsTooMuch
from contracts.stores import ShopAccess

REDIRECTS = 3
MOVED = (301, 302, 303, 307, 308)


class Rest:
    """The REST API of one shop; `client` and its connections are used for this shop only."""

    def __init__(
        self, access: ShopAccess, client: httpx2.AsyncClient, budget: Budget, entrances: Entrances
    ) -> None:
        if not access.base_url:
            raise ShopRefuses("The store has no address; give it a base_url.")
        self._base = access.base_url.rstrip("/")
        self._key = Key(access.credentials)
        self._client = client
        self._budget = budget
        self._entrances = entrances
        self._entrance = entrances.get(self._base)
        self._asked_for_address = False

    async def get(self, route: str, params: Mapping[str, str] | None = None) -> Answer:
        """Returns the answer to a GET request with any status; raises ShopProblem if there is none.

        An API that is not where it usually is, or knows itself under another address, is looked for once.
        """
        query = urlencode(params, quote_via=quote) if params else ""
        try:
            answer = await self._through(self._entrance, route, query)
            if is_elsewhere(answer):
                answer = await self._elsewhere(answer, route, query)
            if has_wrong_signature(answer) and not self._asked_for_address:
                self._asked_for_address = True
                answer = await self._as_itself(answer, route, query)
        except UNANSWERED as error:
            raise unanswered(error) from None
        return answer

    async def send(self, method: Method, route: str, body: Mapping[str, str]) -> Answer:
        """Returns the answer to a request that writes; redirects are not followed. Raises ShopProblem."""
        content = orjson.dumps(body)
        try:
            async with self._budget():
                url = self._url(self._entrance.path(route))
                return await self._ask(url, method, content, own=self._entrance.own)
        except UNANSWERED as error:
            raise unanswered(error) from None

    async def _elsewhere(self, answer: Answer, route: str, query: str) -> Answer:
        """Returns the answer behind another prefix; the given one if none leads to WooCommerce."""
        for prefix in prefixes(answer, *await self._openly("/")):
            entrance = replace(self._entrance, prefix=prefix)
            try:
                found = await self._through(entrance, route, query)
            except ShopSendsTooMuch:
                self._keep(entrance)
                raise
            except ShopProblem:
                continue  # such as a redirect to the home page
            if not is_elsewhere(found) and not found.is_page() and found.code() != "rest_no_route":
                self._keep(entrance)
                return found
        return answer

    async def _as_itself(self, answer: Answer, route: str, query: str) -> Answer:
        """Returns the answer to a request that is signed for WordPress's own address.

        WooCommerce computes a signature with the address in WordPress's settings, also where the request
        used another name.
        """
        described = await self._openly(self._entrance.root())
        own = own_address(described[0]) if described else None
        if own is None or own == self._entrance.own or own == self._url("/"):
            return answer
        entrance = replace(self._entrance, own=own)
        found = await self._through(entrance, route, query)
        if not has_wrong_signature(found):
            self._keep(entrance)
        return found

    async def _openly(self, path: str) -> tuple[Answer, ...]:
        """Returns the answer to a request without the key; nothing if the shop does not answer it."""
        try:
            return (await self._follow(self._url(path), signed=False),)
        except (ShopProblem, *UNANSWERED):
            return ()

    def _keep(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._entrances.keep(self._base, entrance)

    def _url(self, path: str) -> httpx2.URL:
        return httpx2.URL(f"{self._base}{path}")

    async def _through(self, entrance: Entrance, route: str, query: str) -> Answer:
        return as_meant(await self._follow(self._url(entrance.path(route, query)), own=entrance.own))

    async def _follow(self, url: httpx2.URL, *, own: httpx2.URL | None = None, signed: bool = True) -> Answer:
        for _ in range(REDIRECTS + 1):
            async with self._budget():
                answer = await self._ask(url, own=own, signed=signed)
            if answer.status not in MOVED or "location" not in answer.headers:
                return answer
            url = _next(url, answer.headers["location"])
        raise ShopAnswersNonsense(f"The shop redirects more than {REDIRECTS} times.")

    async def _ask(
        self,
        url: httpx2.URL,
        method: Method = "GET",
        content: bytes | None = None,
        *,
        own: httpx2.URL | None = None,
        signed: bool = True,
    ) -> Answer:
        headers = self._key.headers(self._signed_as(url, own), method) if signed else {}
        if content is not None:
            headers["Content-Type"] = "application/json"
        reply = await exchange(self._client, method, url, headers=headers, content=content)
        return Answer(
            status=reply.status, headers=reply.headers, body=reply.body, secure=url.scheme == "https"
        )

    def _signed_as(self, url: httpx2.URL, own: httpx2.URL | None) -> httpx2.URL:
        """Returns the address for the signature of a request."""
        if own is None or url.scheme != "http":
            return url
        inside = url.raw_path.removeprefix(self._url("").raw_path.rstrip(b"/"))
        return own.copy_with(raw_path=own.raw_path.rstrip(b"/") + inside)


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
