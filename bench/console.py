"""Pages of the console over a log of a million events, and the API's own answers of the same things."""

from dataclasses import dataclass
from functools import partial

import httpx2
import orjson
import psycopg
from psycopg import sql
from rich.progress import Progress
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.event_rows import THINGS, fill
from bench.exchange import Exchange
from bench.results import Row, Times, at_most, compared, ratio
from bench.system import DIMENSIONS, MODEL, Api, Servers, migrate
from database.access import console_sessions, provision, users
from database.engine import Database, create_engine
from database.search import vector_index
from embedded.ports import LOOPBACK

NAME = "bench_console"
EVENTS = 1_000_000
WARM_UP = 3
ROUNDS = 40
EMAIL, PASSWORD = "long@example.com", "correct horse battery"
"""Of the owner of all stores, who is an admin."""


MOST_MILLISECONDS = 150
MOST_TIMES = 1.5

_PRODUCTS = text("""
    INSERT INTO products (user_id, store_id, external_source, external_id, title, price, min_price, max_price,
                          currency, status, is_active, received_at, content_hash, claimed_hash, metadata)
    SELECT s.user_id, s.id, 'woocommerce', 'woo_' || n, 'چراغ ' || n, n, n, n, 'IRT', 'publish', true, now(),
           'hash', 'hash', CAST(:metadata AS jsonb)
    FROM stores s, generate_series(0, :products - 1) n WHERE s.id = :store
""")

PRICES = {"on_sale": False, "sale_price": None, "regular_price": None}
METADATA: dict[str, object] = {
    "sku": "",
    "gtin": "",
    "images": {"main": "", "gallery": []},
    "hidden_by": [],
    **PRICES,
}
"""Of a product with little to say."""

_NEWEST = text("""
    SELECT (SELECT id FROM events WHERE store_id = :store ORDER BY received_at DESC LIMIT 1) AS event,
           (SELECT max(id) FROM products WHERE store_id = :store) AS product
""")

PAGES = {
    "overview of all stores": ("/console/", ""),
    "overview of a store": ("/console/?store={store}", ""),
    "events": ("/console/events/", "/api/v1/integrations/events/"),
    "events of a store": ("/console/events/?store={store}", "/api/v1/integrations/events/?store={store}"),
    "failed events": ("/console/events/?status=failed", "/api/v1/integrations/events/?status=failed"),
    "events of a product": (
        "/console/events/?external_id=woo_77",
        "/api/v1/integrations/events/?external_id=woo_77",
    ),
    "event": ("/console/events/{event}/", "/api/v1/integrations/events/{event}/"),
    "retry of all": ("/console/events/retry/", ""),
    "products": ("/console/products/?store={store}", "/api/v1/web-knowledge/products/?store={store}"),
    "product": (
        "/console/products/{product}/",
        "/api/v1/web-knowledge/products/{product}/explain/",
    ),
    "stores": ("/console/stores/", "/api/v1/integrations/stores/"),
    "store": ("/console/stores/{store}/", ""),
    "tokens": ("/console/tokens/", "/api/v1/integrations/tokens/"),
}
"""The address of each page, and of the API's answer of the same thing if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An admin with a session of the console and one of the API, and what the pages are about."""

    cookie: str
    token: str
    named: dict[str, int]


class Reader(Exchange):
    """A connection that reads one address at a time, with the same headers."""

    def __init__(self, port: int, *headers: str) -> None:
        super().__init__(port)
        self._head = "".join(f"{line}\r\n" for line in (f"Host: {LOOPBACK}:{port}", *headers))

    async def get(self, address: str) -> bytes:
        """Returns the body of a page. Raises RuntimeError unless its status is 200."""
        return await self.send(f"GET {address} HTTP/1.1\r\n{self._head}\r\n".encode(), expect=200)


async def measure(servers: Servers, progress: Progress, *, events: int = EVENTS) -> list[Row]:
    """Returns the rows of all pages; the log of `events` is in a database of its own."""
    url = make_url(servers.database_url)
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    address = url.set(database=NAME).render_as_string(hide_password=False)
    migrate(address)
    vector_index.ensure(address, model=MODEL, dimensions=DIMENSIONS)
    database = Database(create_engine(address, pool_size=1, statement_timeout_seconds=600))
    task = progress.add_task(f"{events:,} events", total=1)
    try:
        async with database.single() as single:
            named = await _filled(single, events)
        await provision.save_user(database, email=EMAIL, password=PASSWORD, is_staff=True)
        cookie = await _cookie(database)
    finally:
        await database.close()
    progress.advance(task)
    with servers.api(PILITO_DATABASE_URL=address) as api:
        person = Person(cookie=cookie, token=await _token(api), named=named)
        return await _rows(api, person, progress, events)


async def _filled(connection: AsyncConnection, events: int) -> dict[str, int]:
    """Write the log and the products of its largest store. Returns the ids that addresses name."""
    store = (await fill(connection, events))[0]
    values = {"store": store, "products": min(THINGS, events // 20)}
    await connection.execute(_PRODUCTS, {**values, "metadata": orjson.dumps(METADATA).decode()})
    await connection.execute(text("VACUUM (ANALYZE) products"))
    newest = (await connection.execute(_NEWEST, {"store": store})).one()
    return {"store": store, "event": newest.event, "product": newest.product}


async def _cookie(database: Database) -> str:
    async with database.transaction() as connection:
        user = await users.find_user(connection, EMAIL)
        assert user
        secret = await console_sessions.open_(connection, user, address=LOOPBACK, user_agent="bench")
    assert secret
    return secret


async def _token(api: Api) -> str:
    async with httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{api.port}") as http:
        answer = await http.post("/api/v1/auth/token/", json={"email": EMAIL, "password": PASSWORD})
    return str(orjson.loads(answer.content)["access_token"])


async def _rows(api: Api, person: Person, progress: Progress, events: int) -> list[Row]:
    task = progress.add_task("pages", total=len(PAGES) * (WARM_UP + ROUNDS))
    rows = []
    async with (
        Reader(api.port, f"Cookie: pilito={person.cookie}; pilito_language=fa") as console,
        Reader(api.port, f"Authorization: Bearer {person.token}") as answers,
    ):
        for name, addresses in PAGES.items():
            page, same = (address.format_map(person.named) for address in addresses)
            pages, others = Times(), Times()
            for number in range(WARM_UP + ROUNDS):
                into = (Times(), Times()) if number < WARM_UP else (pages, others)
                await into[0].take(partial(console.get, page))
                if same:
                    await into[1].take(partial(answers.get, same))
                progress.advance(task)
            rows.extend(_judged(name, pages, others, events))
    return rows


def _judged(name: str, pages: Times, others: Times, events: int) -> list[Row]:
    """Returns the p95 of a page and, if the API has an answer of the same thing, the ratio of the medians."""
    slowest = pages.percentile(95) * 1000
    rows = [
        Row(
            measurement=f"console, {name}: p95 of the page",
            result=f"{slowest:.1f} ms",
            made_of=f"p50 {pages}, {len(pages.seconds)} calls, {events:,} events",
            target=f"≤ {MOST_MILLISECONDS} ms",
            met=slowest <= MOST_MILLISECONDS,
        )
    ]
    if others.seconds:
        rows.append(
            at_most(
                f"console, {name}: p50 of the page against the API's answer",
                ratio(pages, others, 50),
                MOST_TIMES,
                compared(pages, others, 50),
            )
        )
    return rows
