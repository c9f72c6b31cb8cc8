"""A Shopify shop on a port of 127.0.0.1: the part of its GraphQL API that we use, with faults on demand.

A GraphQL library validates and executes queries against an excerpt of Shopify's schema of 2025-10, so
that an unknown field is an error here too.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import formatdate
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qsl

import graphql
import orjson

from contracts.stores import ShopAccess, StoreType
from fakes.listener import LOOPBACK, Answered, Listener, Received
from fakes.shopify_schema import SCHEMA, Body, connection, node_of, number_of, query_cost

PATH = "/admin/api/2026-10/graphql.json"
TOKENS = "/admin/oauth/access_token"
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
CLIENT = {"client_id": "0123456789abcdef", "client_secret": "shpss_0123456789abcdef"}
MOMENT = 1_795_000_000

Fault = Answered | Literal["drop", "throttle", "throttle without cost"]


def error(code: str, **extensions: object) -> Body:
    return {"message": "In Shopify's words.", "extensions": {"code": code, **extensions}}


def refusal(code: str, *, data: Body | None = None) -> Answered:
    """Returns an error with HTTP status 200, as Shopify sends most errors."""
    return Answered(body=orjson.dumps({"data": data, "errors": [error(code)]}))


class Clock:
    """A clock that only `sleep` advances."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One recorded query."""

    operation: str
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    cost: float


@cache
def parsed(query: str) -> graphql.DocumentNode:
    return graphql.parse(query)


@cache
def problems_of(query: str) -> list[graphql.GraphQLError]:
    """Returns why a query does not fit the schema; empty if it does."""
    return graphql.validate(SCHEMA, parsed(query))


class ShopifyServer:
    """The shop as a context manager; a bucket of `most` points that regains `rate` per second.

    A query may cost `dearest` points. `scopes` are what the token may read. `tokens` are the valid ones; the
    app of `CLIENT` gets further ones for `seconds`. A refresh token works once. The products `failing` fail
    each query that has them, and the products `denied` are errors of their own. `served` are the headers with
    the version of the API.
    """

    def __init__(self, *, clock: Clock | None = None, most: float = 2_000, rate: float = 100) -> None:
        self.clock = clock or Clock()
        self.most, self.rate, self.dearest = most, rate, 1_000.0
        self.available = most
        self.scopes = {"read_products"}
        self.tokens = {TOKEN}
        self.refresh_tokens: set[str] = set()
        self.seconds: float = 86_399
        self.granted: list[str] = []
        self.failing: set[int] = set()
        self.denied: set[int] = set()
        self.served: dict[str, str] = {}
        self.products: dict[int, Body] = {}
        self.seen: list[Seen] = []
        self.throttled = 0
        self._at = self.clock.now()
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self._before: dict[str, Callable[[], object]] = {}
        headers = {"Content-Type": "application/json; charset=utf-8", "Date": formatdate(MOMENT, usegmt=True)}
        self._http = Listener(self._answer, headers=headers, name="shopify")

    @property
    def base_url(self) -> str:
        return f"http://{LOOPBACK}:{self._http.server_port}"

    def access(self, *, token: str = TOKEN, base_url: str | None = None) -> ShopAccess:
        """Returns the address and credentials for reading this shop."""
        return ShopAccess(
            store_id=1,
            type=StoreType.SHOPIFY,
            base_url=self.base_url if base_url is None else base_url,
            credentials={"access_token": token},
        )

    def access_by(self, credentials: Mapping[str, str]) -> ShopAccess:
        """Returns the address and other credentials for reading this shop."""
        return replace(self.access(), credentials=credentials)

    def __enter__(self) -> "ShopifyServer":
        self._http.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stop()
        if self._http.mistakes:
            raise self._http.mistakes[0]

    def load(self, *bodies: Body) -> None:
        """Add products, given as bodies of webhooks."""
        for body in bodies:
            self.products[body["id"]] = node_of(body)

    def fail_next(self, *faults: Fault) -> None:
        """Answer the next requests with these, one each."""
        self._faults.extend(faults)

    def fail_always(self, fault: Fault | None) -> None:
        self._always = fault

    def before(self, operation: str, do: Callable[[], object]) -> None:
        """Call `do` once, before the next query of this name is answered."""
        self._before[operation] = do

    def spend(self, points: float) -> None:
        """Take points from the bucket, as a query of another process does."""
        self._restore()
        self.available -= points

    def _restore(self) -> None:
        now = self.clock.now()
        self.available = min(self.most, self.available + (now - self._at) * self.rate)
        self._at = now

    def _answer(self, received: Received) -> Answered | Literal["drop"]:
        return self.answer(received.target, received.headers, received.body)

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered | Literal["drop"]:
        """Returns what to send for one POST."""
        if path == TOKENS:
            return self._grant(dict(parse_qsl(body.decode())))
        query = orjson.loads(body)
        document = parsed(query["query"])
        cost = query_cost(document, query["variables"])
        operation = query["operationName"]
        self.seen.append(Seen(operation=operation, variables=query["variables"], headers=headers, cost=cost))
        fault = self._faults.popleft() if self._faults else self._always
        if fault == "drop" or isinstance(fault, Answered):
            return fault
        if headers.get("x-shopify-access-token") not in self.tokens:
            return Answered(status=401, body=b'{"errors":"[API] Invalid API key or access token"}')
        if path != PATH:
            return Answered(status=404, body=b'{"errors":"Not Found"}')
        if fault == "throttle without cost":
            return refusal("THROTTLED")
        if do := self._before.pop(operation, None):
            do()
        asked = query["variables"].get("ids") or filter(None, [query["variables"].get("id")])
        if self.failing & set(map(number_of, asked)):
            return refusal("INTERNAL_SERVER_ERROR")
        if cost > self.dearest:
            dear = error("MAX_COST_EXCEEDED", cost=cost, maxCost=self.dearest)
            return Answered(body=orjson.dumps({"errors": [dear]}))
        self._restore()
        if fault == "throttle" or cost > self.available:
            self.throttled += 1
            return self._told(cost, {"errors": [error("THROTTLED")]}, spent=None)
        self.available -= cost
        return self._told(cost, self._execute(document, query), spent=cost)

    def _told(self, cost: float, body: Body, *, spent: float | None) -> Answered:
        status = {
            "maximumAvailable": self.most,
            "currentlyAvailable": self.available,
            "restoreRate": self.rate,
        }
        reported = {"requestedQueryCost": cost, "actualQueryCost": spent, "throttleStatus": status}
        content = orjson.dumps({**body, "extensions": {"cost": reported}})
        return Answered(body=content, headers=self.served)

    def _grant(self, asked: Mapping[str, str]) -> Answered | Literal["drop"]:
        """Returns the answer to a request for a token."""
        self.granted.append(asked.get("grant_type", ""))
        fault = self._faults.popleft() if self._faults else None
        if fault == "drop" or isinstance(fault, Answered):
            return fault
        app = {name: asked.get(name) for name in CLIENT}
        refresh_token = asked.get("refresh_token", "")
        renews = asked["grant_type"] == "refresh_token" and refresh_token in self.refresh_tokens
        if app != CLIENT or not (renews or asked["grant_type"] == "client_credentials"):
            return Answered(status=400, body=b'{"error":"invalid_request"}')
        token = f"shpat_{len(self.granted):032x}"
        self.tokens.add(token)
        body: Body = {"access_token": token, "scope": "read_products", "expires_in": self.seconds}
        if renews:
            self.refresh_tokens = {f"shprt_{len(self.granted):032x}"}
            body |= {"refresh_token": next(iter(self.refresh_tokens)), "refresh_token_expires_in": 7_776_000}
        return Answered(body=orjson.dumps(body))

    def _execute(self, document: graphql.DocumentNode, query: Body) -> Body:
        if problems := problems_of(query["query"]):
            return {"errors": [{"message": str(problem), "extensions": {}} for problem in problems]}
        root = {
            "nodes": lambda _, ids: [self._product(id_) for id_ in ids],
            "product": lambda _, **query: self._product(query["id"]),
            "products": self._products,
            "productsCount": self._count,
            "shop": {"currencyCode": "EUR"},
        }
        done = graphql.execute_sync(
            SCHEMA, document, root, variable_values=query["variables"], operation_name=query["operationName"]
        )
        if done.errors:
            return {
                "data": done.data,
                "errors": [
                    {"message": problem.message, "path": problem.path, "extensions": problem.extensions}
                    for problem in done.errors
                ],
            }
        return {"data": done.data}

    def _may(self, scope: str) -> None:
        if scope not in self.scopes:
            raise graphql.GraphQLError("Access denied.", extensions={"code": "ACCESS_DENIED"})

    def _product(self, gid: str) -> Body | graphql.GraphQLError | None:
        self._may("read_products")
        node = self.products.get(number_of(gid)) if gid.startswith("gid://shopify/Product/") else None
        if node is None:
            return None
        if number_of(gid) in self.denied:
            return graphql.GraphQLError("Access denied.", extensions={"code": "ACCESS_DENIED"})
        return {
            **node,
            "variants": lambda _, first, after=None: connection(node["variants"], first, after),
            "media": lambda _, first, after=None: connection(node["media"], first, after),
        }

    def _matching(self, query: str | None) -> list[Body]:
        self._may("read_products")
        nodes = [self.products[id_] for id_ in sorted(self.products)]
        if query is None:
            return nodes
        since = re.fullmatch(r"updated_at:>='(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)'", query)
        assert since, query
        moment = datetime.fromisoformat(since[1])
        return [node for node in nodes if datetime.fromisoformat(node["updatedAt"]) >= moment]

    def _products(self, _: object, **asked: Any) -> Body:
        assert asked["sortKey"] == "ID"
        return connection(self._matching(asked.get("query")), asked["first"], asked.get("after"))

    def _count(self, _: object, query: str | None = None, limit: int | None = None) -> Body:
        count = len(self._matching(query))
        short = limit is not None and count > limit
        return {"count": limit if short else count, "precision": "AT_LEAST" if short else "EXACT"}
