"""A store of a running service: what its shop sends, and what the service holds of it."""

import base64
import hmac
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import psycopg
from psycopg.rows import dict_row

from contracts.events import TERMINAL
from fakes.woocommerce import KEY, SECRET, ShopServer
from proof.running.stack import EMAIL, PASSWORD, Stack

ROUTE = "/api/integrations/woocommerce/webhook/"
SECONDS_TO_ANSWER = 15.0
SECONDS_TO_RECONNECT = 90.0
SECONDS_TO_CLOSE = 30.0
"""For so long the workflow of a sync may still be closing."""
UNDER_WAY = 409
PAUSE = 0.05

_numbers = itertools.count(1)

Row = dict[str, Any]


def event(product: dict[str, Any], event_type: str = "product.updated", *, mark: str = "e") -> dict[str, Any]:
    """Returns the body of a delivery with a new event id, which begins with `mark`."""
    return {"event_id": f"{mark}-{next(_numbers):06}", "event_type": event_type, "product": product}


def eventually(ask: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return when `ask()` is true. Raises TimeoutError that names what was awaited."""
    until = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(PAUSE)


class Rows:
    """Reads the database, and connects again where the connection is lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Row] | None = None

    def __call__(self, sql: str, **values: Any) -> list[Row]:
        until = time.monotonic() + SECONDS_TO_RECONNECT
        while True:
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(
                        self._url,
                        autocommit=True,
                        connect_timeout=5,
                        row_factory=dict_row,
                    )
                return self._connection.execute(sql, values).fetchall()
            except psycopg.OperationalError:
                self.close()
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of a response, 0 if none came, and the seconds until it came."""

    status: int
    seconds: float

    @property
    def is_accepted(self) -> bool:
        return self.status in (200, 202)


class Store:
    """A store with a token and a webhook secret; its methods may be called from several threads."""

    def __init__(self, stack: Stack, store_id: int, token: str, secret: str) -> None:
        self.stack = stack
        self.id = store_id
        self.rows = Rows(stack.database_url)
        self._secret = secret
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._http = httpx2.Client(base_url=stack.api, timeout=SECONDS_TO_ANSWER, trust_env=False)

    def close(self) -> None:
        self.rows.close()
        self._http.close()

    def send(self, body: dict[str, Any]) -> Answer:
        """Send an event as the plugin does."""
        return self._post(ROUTE, orjson.dumps(body), self._headers)

    def deliver(self, body: dict[str, Any], topic: str = "product.updated") -> Answer:
        """Send a body as WooCommerce's own webhooks do, signed."""
        raw = orjson.dumps(body)
        signature = base64.b64encode(hmac.digest(self._secret.encode(), raw, "sha256")).decode()
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": topic.partition(".")[0],
            "X-WC-Webhook-Signature": signature,
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": str(next(_numbers)),
        }
        return self._post(f"{ROUTE}{self.id}/", raw, headers)

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        began = time.perf_counter()
        try:
            status = self._http.post(path, content=body, headers=headers).status_code
        except httpx2.HTTPError:
            status = 0
        return Answer(status, time.perf_counter() - began)

    def found(self, query: str, *, limit: int = 5) -> list[Row]:
        """Returns the products that a search finds, the best first; asks again while search is not ready."""
        body = orjson.dumps({"query": query, "limit": limit})
        until = time.monotonic() + SECONDS_TO_RECONNECT
        while True:
            try:
                answer = self._http.post("/api/v1/knowledge/search/", content=body, headers=self._headers)
                answer.raise_for_status()
            except httpx2.HTTPError:
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE)
            else:
                return [hit["product"] for hit in answer.json()["results"]]

    def unfinished(self, event_ids: Iterable[str]) -> set[str]:
        """Returns the events that have no row yet, or a row that has not ended."""
        wanted = set(event_ids)
        ended = self.rows(
            "SELECT event_id FROM events WHERE store_id = %(store)s AND event_id = ANY(%(ids)s)"
            " AND finished_at IS NOT NULL AND status = ANY(%(final)s)",
            store=self.id,
            ids=list(wanted),
            final=[status.value for status in TERMINAL],
        )
        return wanted - {row["event_id"] for row in ended}

    def searchable(self, titles: Iterable[str]) -> set[str]:
        """Returns which of these titles products have, with texts that search has in full."""
        rows = self.rows(
            "SELECT title FROM products WHERE store_id = %(store)s AND title = ANY(%(titles)s)"
            " AND is_active AND knowledge_hash = content_hash",
            store=self.id,
            titles=list(titles),
        )
        return {row["title"] for row in rows}


class Admin:
    """The admin's requests: stores, tokens and resyncs."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx2.Client(base_url=stack.api, timeout=30, trust_env=False)
        self._headers: dict[str, str] = {}

    def close(self) -> None:
        self._http.close()

    def ask(self, path: str, body: object) -> Row:
        """Returns the JSON of the response to a POST; raises on an error."""
        if not self._headers:
            signed_in = self._post("/api/v1/auth/token/", {"email": EMAIL, "password": PASSWORD})
            self._headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
        return self._post(path, body)

    def _post(self, path: str, body: object) -> Row:
        until = time.monotonic() + SECONDS_TO_CLOSE
        while True:
            answer = self._http.post(path, json=body, headers=self._headers)
            if answer.status_code != UNDER_WAY or time.monotonic() > until:
                break
            time.sleep(PAUSE)
        if not answer.is_success:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text[:300]}")
        made: Row = answer.json()
        return made

    def store(self, shop: ShopServer | None = None) -> Store:
        """Make a store with a token, which can read `shop` and is never synced on its own."""
        asked: dict[str, Any] = {"name": f"proof {next(_numbers)}", "currency": "IRT"}
        if shop is not None:
            asked |= {
                "base_url": shop.base_url,
                "credentials": {"consumer_key": KEY, "consumer_secret": SECRET},
                "schedule": {"paused": True},
            }
        made = self.ask("/api/v1/integrations/stores/", asked)
        issued = self.ask("/api/v1/integrations/tokens/generate/", {"store_id": made["id"]})
        return Store(self._stack, made["id"], issued["token"], made["webhook_secret"])

    def resync(self, store: Store, mode: str = "full") -> None:
        """Start a resync of a store."""
        self.ask(f"/api/v1/integrations/stores/{store.id}/resync/", {"mode": mode})


@contextmanager
def admin_of(stack: Stack) -> Iterator[Admin]:
    admin = Admin(stack)
    try:
        yield admin
    finally:
        admin.close()


@contextmanager
def opened(stack: Stack, shop: ShopServer | None = None) -> Iterator[Store]:
    """Make a store, and close its connections at the end."""
    with admin_of(stack) as admin:
        store = admin.store(shop)
    try:
        yield store
    finally:
        store.close()
