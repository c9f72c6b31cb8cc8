"""A Shopify shop on a port of 127.0.0.1: its GraphQL Admin API as far as we ask it, with faults on demand.

Questions are checked and answered by a GraphQL library against an excerpt of Shopify's schema of 2025-10, so
that a field that is not there is an error here too.
"""

import base64
import contextlib
import re
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import graphql
import orjson

from contracts.stores import ShopAccess, StoreType
from fakes.listener import LOOPBACK
from fakes.woocommerce import Answered

PATH = "/admin/api/2026-10/graphql.json"
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
MOMENT = 1_795_000_000

SCHEMA = graphql.build_schema("""
    scalar DateTime
    scalar Decimal
    scalar HTML
    scalar Money
    scalar URL
    enum CountPrecision { EXACT AT_LEAST }
    enum ProductSortKeys { CREATED_AT ID TITLE UPDATED_AT }
    enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
    enum ProductVariantInventoryPolicy { CONTINUE DENY }
    interface Node { id: ID! }
    interface Media { alt: String }
    type Count { count: Int! precision: CountPrecision! }
    type Image { url: URL! }
    type InventoryItem { tracked: Boolean! }
    type MediaConnection { nodes: [Media!]! pageInfo: PageInfo! }
    type MediaImage implements Media { alt: String image: Image }
    type MoneyV2 { amount: Decimal! currencyCode: String! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type ProductConnection { nodes: [Product!]! pageInfo: PageInfo! }
    type ProductOption { name: String! values: [String!]! }
    type ProductPriceRangeV2 { minVariantPrice: MoneyV2! maxVariantPrice: MoneyV2! }
    type ProductVariantConnection { nodes: [ProductVariant!]! pageInfo: PageInfo! }
    type SelectedOption { name: String! value: String! }
    type Shop { currencyCode: String! }
    type Video implements Media { alt: String }
    type Product implements Node {
      id: ID!
      title: String!
      handle: String!
      vendor: String!
      productType: String!
      tags: [String!]!
      status: ProductStatus!
      publishedAt: DateTime
      updatedAt: DateTime!
      descriptionHtml: HTML!
      options(first: Int): [ProductOption!]!
      priceRangeV2: ProductPriceRangeV2!
      media(first: Int, after: String): MediaConnection!
      variants(first: Int, after: String): ProductVariantConnection!
    }
    type ProductVariant implements Node {
      id: ID!
      title: String!
      price: Money!
      compareAtPrice: Money
      sku: String
      inventoryQuantity: Int
      inventoryPolicy: ProductVariantInventoryPolicy!
      inventoryItem: InventoryItem!
      selectedOptions: [SelectedOption!]!
      updatedAt: DateTime!
    }
    type Query {
      nodes(ids: [ID!]!): [Node]!
      product(id: ID!): Product
      products(first: Int, after: String, query: String, sortKey: ProductSortKeys = ID): ProductConnection!
      productsCount(query: String, limit: Int = 10000): Count
      shop: Shop!
    }
""")

Body = dict[str, Any]
Fault = Answered | Literal["drop", "throttle", "throttle without cost"]


def error(code: str, **extensions: object) -> Body:
    return {"message": "In Shopify's words.", "extensions": {"code": code, **extensions}}


def refusal(code: str, *, data: Body | None = None) -> Answered:
    """An error among HTTP 200, as Shopify sends most of them."""
    return Answered(body=orjson.dumps({"data": data, "errors": [error(code)]}))


class Clock:
    """Time that passes by waiting for it only."""

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
    """One question as it arrived."""

    operation: str
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    cost: float


def cost_of(type_: Any, selected: graphql.SelectionSetNode, variables: Mapping[str, Any]) -> float:
    """An object costs one point, a connection two and its objects; what is no object costs nothing."""
    total = 0.0
    for selection in selected.selections:
        if isinstance(selection, graphql.InlineFragmentNode):
            assert selection.type_condition
            total += cost_of(
                SCHEMA.get_type(selection.type_condition.name.value), selection.selection_set, variables
            )
        elif isinstance(selection, graphql.FieldNode) and selection.selection_set:
            definition = type_.fields[selection.name.value]
            inner = graphql.get_named_type(definition.type)
            asked = {
                argument.name.value: graphql.value_from_ast_untyped(argument.value, dict(variables))
                for argument in selection.arguments or ()
            }
            children = cost_of(inner, selection.selection_set, variables)
            if inner.name.endswith("Connection"):
                total += 2 + asked["first"] * children
            elif inner.name != "PageInfo":
                total += len(asked.get("ids", [None])) * (1 + children)
    return total


def _cost(document: graphql.DocumentNode, variables: Mapping[str, Any]) -> float:
    operation = document.definitions[0]
    assert isinstance(operation, graphql.OperationDefinitionNode)
    return cost_of(SCHEMA.query_type, operation.selection_set, variables)


def node_of(body: Body) -> Body:
    """What GraphQL tells of a product of which a webhook has this body."""
    prices = [variant["price"] for variant in body["variants"]]
    names = [option["name"] for option in body["options"]]
    return {
        "__typename": "Product",
        "id": f"gid://shopify/Product/{body['id']}",
        "title": body["title"],
        "handle": body["handle"],
        "vendor": body["vendor"],
        "productType": body["product_type"],
        "tags": [tag for tag in body["tags"].split(", ") if tag],
        "status": body["status"].upper(),
        "publishedAt": body["published_at"],
        "updatedAt": body["updated_at"],
        "descriptionHtml": body["body_html"] or "",
        "options": body["options"],
        "priceRangeV2": {
            "minVariantPrice": {"amount": min(prices, key=float), "currencyCode": "EUR"},
            "maxVariantPrice": {"amount": max(prices, key=float), "currencyCode": "EUR"},
        },
        "media": [{"__typename": "MediaImage", "image": {"url": image["src"]}} for image in body["images"]],
        "variants": [
            {
                "id": f"gid://shopify/ProductVariant/{variant['id']}",
                "title": variant["title"],
                "price": variant["price"],
                "compareAtPrice": variant["compare_at_price"],
                "sku": variant["sku"],
                "inventoryQuantity": variant["inventory_quantity"],
                "inventoryPolicy": variant["inventory_policy"].upper(),
                "inventoryItem": {"tracked": variant.get("inventory_management") == "shopify"},
                "selectedOptions": [
                    {"name": name, "value": variant[f"option{at}"]} for at, name in enumerate(names, start=1)
                ],
                "updatedAt": variant["updated_at"],
            }
            for variant in body["variants"]
        ],
    }


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


class ShopifyServer:
    """A context manager; `most` points, `rate` of them come back a second, a question may cost `dearest`.

    `scopes` are those of the token.
    """

    def __init__(self, *, clock: Clock | None = None, most: float = 2_000, rate: float = 100) -> None:
        self.clock = clock or Clock()
        self.most, self.rate, self.dearest = most, rate, 1_000.0
        self.available = most
        self.scopes = {"read_products"}
        self.products: dict[int, Body] = {}
        self.seen: list[Seen] = []
        self.throttled = 0
        self.mistakes: list[BaseException] = []
        self._at = self.clock.now()
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self._before: dict[str, Callable[[], object]] = {}
        self._http = _Listener(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="shopify")

    @property
    def base_url(self) -> str:
        return f"http://{LOOPBACK}:{self._http.server_port}"

    def access(self, *, token: str = TOKEN, base_url: str | None = None) -> ShopAccess:
        """What reading this shop takes."""
        return ShopAccess(
            store_id=1,
            type=StoreType.SHOPIFY,
            base_url=self.base_url if base_url is None else base_url,
            credentials={"access_token": token},
        )

    def __enter__(self) -> "ShopifyServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.drop_connections()
        self._http.server_close()
        if self.mistakes:
            raise self.mistakes[0]

    def load(self, *bodies: Body) -> None:
        """Have the products of which webhooks would have these bodies."""
        for body in bodies:
            self.products[body["id"]] = node_of(body)

    def fail_next(self, *faults: Fault) -> None:
        """Answer the next requests with these, one each."""
        self._faults.extend(faults)

    def fail_always(self, fault: Fault | None) -> None:
        self._always = fault

    def before(self, operation: str, do: Callable[[], object]) -> None:
        """Do something, once, before that question is answered."""
        self._before[operation] = do

    def spend(self, points: float) -> None:
        """Another process of the app asks something."""
        self._restore()
        self.available -= points

    def _restore(self) -> None:
        now = self.clock.now()
        self.available = min(self.most, self.available + (now - self._at) * self.rate)
        self._at = now

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered | Literal["drop"]:
        """What to send for one POST."""
        asked = orjson.loads(body)
        document = graphql.parse(asked["query"])
        cost = _cost(document, asked["variables"])
        operation = asked["operationName"]
        self.seen.append(Seen(operation=operation, variables=asked["variables"], headers=headers, cost=cost))
        fault = self._faults.popleft() if self._faults else self._always
        if fault == "drop" or isinstance(fault, Answered):
            return fault
        if headers.get("x-shopify-access-token") != TOKEN:
            return Answered(status=401, body=b'{"errors":"[API] Invalid API key or access token"}')
        if path != PATH:
            return Answered(status=404, body=b'{"errors":"Not Found"}')
        if fault == "throttle without cost":
            return refusal("THROTTLED")
        if do := self._before.pop(operation, None):
            do()
        if cost > self.dearest:
            dear = error("MAX_COST_EXCEEDED", cost=cost, maxCost=self.dearest)
            return Answered(body=orjson.dumps({"errors": [dear]}))
        self._restore()
        if fault == "throttle" or cost > self.available:
            self.throttled += 1
            return self._told(cost, {"errors": [error("THROTTLED")]}, spent=None)
        self.available -= cost
        return self._told(cost, self._execute(document, asked), spent=cost)

    def _told(self, cost: float, body: Body, *, spent: float | None) -> Answered:
        status = {
            "maximumAvailable": self.most,
            "currentlyAvailable": self.available,
            "restoreRate": self.rate,
        }
        told = {"requestedQueryCost": cost, "actualQueryCost": spent, "throttleStatus": status}
        return Answered(body=orjson.dumps({**body, "extensions": {"cost": told}}))

    def _execute(self, document: graphql.DocumentNode, asked: Body) -> Body:
        if problems := graphql.validate(SCHEMA, document):
            return {"errors": [{"message": str(problem), "extensions": {}} for problem in problems]}
        root = {
            "nodes": lambda _, ids: [self._product(id_) for id_ in ids],
            "product": lambda _, **asked: self._product(asked["id"]),
            "products": self._products,
            "productsCount": self._count,
            "shop": {"currencyCode": "EUR"},
        }
        done = graphql.execute_sync(
            SCHEMA, document, root, variable_values=asked["variables"], operation_name=asked["operationName"]
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

    def _product(self, gid: str) -> Body | None:
        self._may("read_products")
        node = self.products.get(_number(gid)) if gid.startswith("gid://shopify/Product/") else None
        if node is None:
            return None
        return {
            **node,
            "variants": lambda _, first, after=None: connection(node["variants"], first, after),
            "media": lambda _, first, after=None: connection(node["media"], first, after),
        }

    def _matching(self, query: str | None) -> list[Body]:
        self._may("read_products")
        found = [self.products[id_] for id_ in sorted(self.products)]
        if query is None:
            return found
        since = re.fullmatch(r"updated_at:>='(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)'", query)
        assert since, query
        moment = datetime.fromisoformat(since[1])
        return [node for node in found if datetime.fromisoformat(node["updatedAt"]) >= moment]

    def _products(self, _: object, **asked: Any) -> Body:
        assert asked["sortKey"] == "ID"
        return connection(self._matching(asked.get("query")), asked["first"], asked.get("after"))

    def _count(self, _: object, query: str | None = None, limit: int | None = None) -> Body:
        count = len(self._matching(query))
        short = limit is not None and count > limit
        return {"count": limit if short else count, "precision": "AT_LEAST" if short else "EXACT"}


def connection(items: Sequence[Body], first: int, after: str | None) -> Body:
    """A page of items; a cursor is the id of the last one, or its place where it has none."""

    def key(at: int) -> int:
        return _number(items[at]["id"]) if "id" in items[at] else at

    at = 0
    if after is not None:
        try:
            last = orjson.loads(base64.b64decode(after, validate=True))["last_id"]
        except ValueError:
            raise graphql.GraphQLError("Invalid cursor for current pagination sort.") from None
        at = next((at for at in range(len(items)) if key(at) > last), len(items))
    end = min(at + first, len(items))
    cursor = base64.b64encode(orjson.dumps({"last_id": key(end - 1)})).decode() if end > at else None
    return {
        "nodes": items[at:end],
        "pageInfo": {"hasNextPage": end < len(items), "endCursor": cursor},
    }


class _Listener(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, owner: ShopifyServer) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.owner = owner
        self._connections: set[Any] = set()

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = LOOPBACK, self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        for one in list(self._connections):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is not worth a traceback; anything else is a mistake of ours."""
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.owner.mistakes.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        assert isinstance(self.server, _Listener)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        answer = self.server.owner.answer(self.path, headers, body)
        if answer == "drop":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        told = {"Content-Type": "application/json; charset=utf-8", "Date": formatdate(MOMENT, usegmt=True)}
        for name, value in {**told, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        """Nothing: a test that cares looks at `seen`."""
