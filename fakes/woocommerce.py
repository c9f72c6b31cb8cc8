"""A WooCommerce shop on a port of 127.0.0.1: the REST dialect of the recordings, with faults on demand."""

import base64
import hmac
import re
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import parse_qsl, unquote, unquote_plus, urlencode, urlsplit

import orjson

from contracts.stores import ShopAccess, StoreType
from fakes.listener import LOOPBACK, Listener, Received
from fakes.listener import Answered as Answered
from fakes.woocommerce_catalogue import Refused, ShopCatalogue
from fakes.woocommerce_oauth import oauth_signature
from fakes.woocommerce_webhooks import ShopWebhooks

ROOT = "/wp-json/wc/v3/"
KEY, SECRET = "ck_0123456789012345678901234567890123456789", "cs_9876543210987654321098765432109876543210"
CLOCK_TOLERANCE = 15 * 60

_OAUTH_PAIR = re.compile(r'(oauth_[a-z_-]*)="([^"]*)"')
_OAUTH_NEEDED = ("consumer_key", "timestamp", "nonce", "signature", "signature_method")


@dataclass(frozen=True, slots=True)
class Prefixed:
    """The shop's answer with bytes in front of its body."""

    prefix: bytes


Fault = Answered | Prefixed | Literal["hang", "drop"]
"""What a `ShopServer` does instead of its work; "hang" lasts until `release`."""


def server_error() -> Answered:
    return Answered(status=500, body=b"There has been a critical error on this website.")


def too_many(*, retry_after: str | None = None) -> Answered:
    return Answered(status=429, headers={} if retry_after is None else {"Retry-After": retry_after})


def unavailable(*, retry_after: str | None = None) -> Answered:
    return Answered(status=503, headers={} if retry_after is None else {"Retry-After": retry_after})


def moved(to: str, *, status: int = 301) -> Answered:
    return Answered(status=status, headers={"Location": to})


MAINTENANCE = Answered(
    body=b"<!DOCTYPE html>\n<html><body>Briefly unavailable for scheduled maintenance.</body></html>",
    headers={"Content-Type": "text/html; charset=UTF-8"},
)
BROKEN_JSON = Answered(body=b'[{"id":11,"name":"half a pro')
BOM = Prefixed(b"\xef\xbb\xbf")
NOTICES = Prefixed(
    b"<br />\n<b>Notice</b>: Undefined index [a] in <b>/srv/x.php</b> on line <b>3</b><br />\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One recorded request."""

    route: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    method: str = "GET"


def _cannot(status: int) -> Refused:
    return Refused(
        status=status, code="woocommerce_rest_cannot_view", message="Sorry, you cannot list resources."
    )


def _refused_key(message: str) -> Refused:
    return Refused(status=401, code="woocommerce_rest_authentication_error", message=message)


class ShopServer(ShopCatalogue):
    """A shop behind HTTP, or HTTPS with `tls`; a context manager.

    `proxy_hides_https` makes WordPress see plain HTTP behind a proxy; `may_view` is whether the key's
    user may see products, `may_manage` settings and webhooks; keys in `read_only` may not write; `totals`
    replaces X-WP-Total and X-WP-TotalPages; `hidden` are products that the key's user may not see, which make
    pages short; `own_url` is WordPress's own address, if the shop has another name, too.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.keys = {KEY: SECRET}
        self.read_only: set[str] = set()
        self.webhooks = ShopWebhooks()
        self.currency: str | None = "IRT"
        self.units = {"weight": "kg", "dimension": "cm"}
        self.proxy_hides_https = False
        self.may_view = self.may_manage = True
        self.totals: tuple[str | None, str | None] | None = None
        self.seen: list[Seen] = []
        self.routes: Counter[str] = Counter()
        self._tls = tls
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self.hidden: set[int] = set()
        self.own_url: str | None = None
        self._before: dict[int, Callable[[], object]] = {}
        self._nonces: set[str] = set()
        self._arrived = threading.Condition()
        self._released = threading.Event()
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        self._http = Listener(self._answer, headers=headers, tls=tls, name="shop")

    @property
    def base_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self._http.server_port}"

    def access(self, **credentials: str) -> ShopAccess:
        """Returns the address and credentials for reading this shop."""
        defaults = {"consumer_key": KEY, "consumer_secret": SECRET}
        return ShopAccess(
            store_id=1, type=StoreType.WOOCOMMERCE, base_url=self.base_url, credentials=defaults | credentials
        )

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._always = None
        self.release()
        self._http.stop()

    def fail_next(self, *faults: Fault) -> None:
        """Answer the next requests with these, one each."""
        with self._arrived:
            self._faults.extend(faults)

    def fail_always(self, fault: Fault | None) -> None:
        """Answer every request with this once the faults of `fail_next` are used up; None ends it."""
        self._always = fault

    def before_page(self, page: int, do: Callable[[], object]) -> None:
        """Call `do` once, before this page of the products is answered."""
        self._before[page] = do

    def release(self) -> None:
        """Let every hanging request be answered."""
        self._released.set()
        self._released = threading.Event()

    def wait_for_requests(self, count: int) -> None:
        """Return when so many requests have arrived, also hanging ones."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.seen) >= count, timeout=30):
                raise TimeoutError(f"{len(self.seen)} of {count} requests arrived")

    def _answer(self, received: Received) -> Answered | Literal["drop"]:
        return self.answer(received.target, received.headers, received.method, received.body)

    def answer(
        self, target: str, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> Answered | Literal["drop"]:
        """Returns what to send for one request, once `release` ends a hanging one."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        route = re.sub(r"[0-9]+", "{id}", parts.path.removeprefix(ROOT))
        released = self._released
        with self._arrived:
            self.seen.append(Seen(route=route, path=parts.path, query=query, headers=headers, method=method))
            self.routes[route] += 1
            self._arrived.notify_all()
            fault = self._faults.popleft() if self._faults else self._always
        if fault == "hang":
            released.wait()
        if fault == "drop" or isinstance(fault, Answered):
            return fault
        if parts.path == "/wp-json/":
            return Answered(body=orjson.dumps({"home": self.own_url or self.base_url}))
        try:
            self._authenticate(parts.path, query, headers, method)
            answer = self._webhooks(parts.path, query, method, body) or self._route(parts.path, query)
        except Refused as refused:
            answer = Answered(status=refused.status, body=refused.body())
        if isinstance(fault, Prefixed):
            return Answered(status=answer.status, body=fault.prefix + answer.body, headers=answer.headers)
        return answer

    def _authenticate(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], method: str
    ) -> None:
        authorization = headers.get("authorization", "")
        if self._tls and not self.proxy_hides_https:
            key, secret = query.get("consumer_key", ""), query.get("consumer_secret", "")
            if not key and authorization.startswith("Basic "):
                key, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            if key not in self.keys:
                raise _cannot(401)
            if not hmac.compare_digest(self.keys[key], secret):
                raise _refused_key("Consumer secret is invalid.")
        else:
            key = self._check_oauth(path, query, authorization, method)
        if method != "GET" and key in self.read_only:
            raise _refused_key("The API key provided does not have write permissions.")
        if not self.may_view:
            raise _cannot(403)

    def _check_oauth(self, path: str, query: Mapping[str, str], authorization: str, method: str) -> str:
        params = dict(query)
        if authorization.startswith("OAuth "):
            params |= {name: unquote_plus(value) for name, value in _OAUTH_PAIR.findall(authorization)}
        if not any(f"oauth_{name}" in params for name in _OAUTH_NEEDED):
            raise _cannot(401)
        if missing := [name for name in _OAUTH_NEEDED if f"oauth_{name}" not in params]:
            raise _refused_key(f"Missing OAuth parameter {', '.join(missing)}")
        key, nonce = params["oauth_consumer_key"], params["oauth_nonce"]
        if key not in self.keys:
            raise _refused_key("Consumer key is invalid.")
        signature = unquote(params.pop("oauth_signature").replace(" ", "+"))
        expected = oauth_signature((self.own_url or self.base_url) + path, params, self.keys[key], method)
        if not hmac.compare_digest(expected, signature):
            raise _refused_key("Invalid signature - provided signature does not match.")
        if abs(time.time() - int(params["oauth_timestamp"])) > CLOCK_TOLERANCE:
            raise _refused_key("Invalid timestamp.")
        if nonce in self._nonces:
            raise _refused_key("Invalid nonce - nonce has already been used.")
        self._nonces.add(nonce)
        return key

    def _webhooks(self, path: str, query: Mapping[str, str], method: str, body: bytes) -> Answered | None:
        route = path.removeprefix(ROOT)
        if not re.fullmatch(r"webhooks(/[0-9]+)?", route):
            return None
        if not self.may_manage:
            raise _cannot(403)
        status, answered, headers = self.webhooks.answer(method, route, query, body)
        return Answered(status=status, body=answered, headers=headers)

    def _route(self, path: str, query: Mapping[str, str]) -> Answered:
        route = path.removeprefix(ROOT) if path.startswith(ROOT) else ""
        fields = query.get("_fields", "")
        if route == "products":
            if do := self._before.pop(int(query.get("page", "1")), None):
                do()
            return self._list(path, query)
        if route == "products/categories":
            return Answered(body=self.category_page(query))
        if found := re.fullmatch(r"products/([0-9]+)", route):
            return self._one(int(found[1]), fields)
        if found := re.fullmatch(r"products/([0-9]+)/variations", route):
            return self._list(path, query, parent=int(found[1]))
        if found := re.fullmatch(r"products/([0-9]+)/variations/([0-9]+)", route):
            parent = self.variations.get(int(found[2]), {}).get("parent_id")
            if parent != int(found[1]):
                raise Refused(
                    status=404, code="woocommerce_rest_product_variation_invalid_id", message="Invalid ID."
                )
            return self._one(int(found[2]), fields)
        if route == "data/currencies/current" and self.currency:
            if not self.may_manage:
                raise _cannot(403)
            body = f'{{"code":"{self.currency}","name":"","symbol":""}}'
            return Answered(body=body.encode())
        if found := re.fullmatch(r"settings/products/woocommerce_(weight|dimension)_unit", route):
            if not self.may_manage:
                raise _cannot(403)
            return Answered(body=f'{{"id":"unit","value":"{self.units[found[1]]}"}}'.encode())
        raise Refused(
            status=404,
            code="rest_no_route",
            message="No route was found matching the URL and request method.",
        )

    def _one(self, id_: int, fields: str) -> Answered:
        with self.lock:
            if id_ in self.hidden:
                raise _cannot(403)
            if self.body(id_) is None:
                raise Refused(status=404, code="woocommerce_rest_product_invalid_id", message="Invalid ID.")
            return Answered(body=self.rendered(id_, fields))

    def _list(self, path: str, query: Mapping[str, str], parent: int | None = None) -> Answered:
        with self.lock:
            page_of = self.find(query, parent=parent)
            body = self.render(
                [id_ for id_ in page_of.ids if id_ not in self.hidden], query.get("_fields", "")
            )
        total, pages = self.totals or (str(page_of.total), str(page_of.pages))
        headers = {"X-WP-Total": total, "X-WP-TotalPages": pages}
        page = int(query.get("page", "1"))
        links = [("prev", min(page - 1, page_of.pages))] if page > 1 and page_of.pages else []
        links += [("next", page + 1)] if page < page_of.pages else []
        links_sent = (
            f'<{self.base_url}{path}?{urlencode({**query, "page": str(to)})}>; rel="{rel}"'
            for rel, to in links
        )
        headers["Link"] = ", ".join(links_sent) or None
        return Answered(body=body, headers={name: value for name, value in headers.items() if value})
