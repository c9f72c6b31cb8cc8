"""Requests to a shop's GraphQL Admin API: within its rate limit, bounded, without redirects."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx2
import orjson

from connectors.base import Budget
from connectors.http.request import UNANSWERED, Reply, exchange, unanswered
from connectors.shopify.errors import REFUSALS, Answer, checked, pause, read
from connectors.shopify.points import Clock, Points
from connectors.shopify.queries import VERSION, Query
from connectors.shopify.tokens import can_renew, is_token, request_token
from contracts.errors import ShopDown, ShopRefuses
from contracts.stores import NewToken, RequestToken, ShopAccess

TRIES = 4
_VERSION = re.compile("[0-9]{4}-[0-9]{2}|unstable")
LONGEST_WAIT = 30.0
"""Seconds; if the wait is longer, the step is retried later."""
LEAST_WAIT = 1.0
"""Seconds to wait when throttled with points left by our estimate: another process uses them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The clock, and how to wait."""

    now: Clock = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class GraphQL:
    """The API of one shop; `client` and its connections are used for this shop only."""

    def __init__(
        self,
        access: ShopAccess,
        client: httpx2.AsyncClient,
        budget: Budget,
        *,
        plain_http: bool = False,
        timing: Timing | None = None,
    ) -> None:
        if not access.base_url:
            raise ShopRefuses("The store has no address; give it a base_url.")
        try:
            self._url = httpx2.URL(access.base_url).join(f"/admin/api/{VERSION}/graphql.json")
        except httpx2.InvalidURL as error:
            raise unanswered(error) from None
        if self._url.scheme != "https" and not plain_http:
            raise ShopRefuses("A Shopify shop is read by HTTPS only; set base_url to its https:// address.")
        self._token = access.credentials.get("access_token", "")
        self._credentials = access.credentials
        self._renew = (access.renew_token or self._unshared) if can_renew(access.credentials) else None
        if self._renew is None and not is_token(self._token):
            raise ShopRefuses(REFUSALS[401])
        self._client = client
        self.notices: dict[str, None] = {}
        self._budget = budget
        self._timing = timing or Timing()
        self._points = Points(self._timing.now)

    async def ask(self, query: Query, /, **variables: object) -> Answer:
        """Returns the answer to a query; raises ShopProblem."""
        content = orjson.dumps({"query": query.text, "operationName": query.name, "variables": variables})
        await self._afford(query)
        for left in reversed(range(TRIES)):
            reply = await self._authorised(content)
            self._notice(reply)
            answer = read(reply)
            self._points.record(query.name, answer.cost)
            if not answer.throttled:
                return Answer(data=checked(answer), moment=reply.moment(), size=len(reply.body))
            if not left:
                break
            await self._afford(query, throttled=reply)
        raise ShopDown("The shop asks us to slow down.", retry_after=self._points.wait(query.name) or None)

    async def _authorised(self, content: bytes) -> Reply:
        """Returns the answer to a request; a token that is missing or refused is renewed, once."""
        if self._renew is None:
            return await self._send(content)
        if not self._token:
            self._token = await self._renew("", self._requested)
        reply = await self._send(content)
        if reply.status != 401:
            return reply
        self._token = await self._renew(self._token, self._requested)
        return await self._send(content)

    async def _requested(self, credentials: Mapping[str, str]) -> NewToken:
        return await request_token(self._client, self._url, self._budget, credentials)

    async def _unshared(self, _: str, requested: RequestToken) -> str:
        """Returns a new token; a new refresh token replaces the one in use."""
        new = await requested(self._credentials)
        if new.refresh_token:
            self._credentials = {**self._credentials, "refresh_token": new.refresh_token}
        return new.access_token

    def _notice(self, reply: Reply) -> None:
        """Keep what the headers say about the version of the API."""
        served = reply.headers.get("X-Shopify-API-Version", VERSION)
        if served != VERSION and _VERSION.fullmatch(served):
            self.notices[
                f"This release asks for Shopify's API {VERSION}, and the shop answers as {served}; update"
                " Pilito Sync."
            ] = None
        if reply.headers.get("X-Shopify-API-Deprecated-Reason"):
            self.notices[
                f"Shopify is going to remove something that this release asks for (API {VERSION}); update"
                " Pilito Sync before then."
            ] = None

    async def _send(self, content: bytes) -> Reply:
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self._token}
        try:
            async with self._budget():
                return await exchange(self._client, "POST", self._url, headers=headers, content=content)
        except UNANSWERED as error:
            raise unanswered(error) from None

    async def _afford(self, query: Query, *, throttled: Reply | None = None) -> None:
        """Wait until the shop has enough points for a query."""
        wait = self._points.wait(query.name)
        if throttled:
            if wait is None:
                raise ShopDown("The shop asks us to slow down.", retry_after=pause(throttled))
            wait = max(wait, LEAST_WAIT)
        if wait is not None and wait > LONGEST_WAIT:
            raise ShopDown("The shop's rate limit is used up.", retry_after=wait)
        if wait:
            await self._timing.sleep(wait)
